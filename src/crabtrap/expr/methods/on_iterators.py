"""Methods of ``Iterator``, for iterators, ranges and all that is iterated over.

They consume nothing: the program's iterator stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method, receiver
from crabtrap.expr.methods.reductions import REDUCTIONS
from crabtrap.expr.methods.walking import (
    MAX_WALK,
    is_some,
    items_of,
    reversed_items,
    some,
    walk,
    walk_value,
)
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import LazyItems, MapView, SequenceView, SlicedItems
from crabtrap.values import Value

Begin = Callable[[], Iterator[Value]]


def _length(call: Invocation) -> int | None:
    return call.view.length if isinstance(call.view, SequenceView | MapView) else None


def iterate(call: Invocation) -> Value:
    """``iter()`` and the like: the same items."""
    view = call.view
    if isinstance(view, SequenceView) and not view.is_set:
        return computed.sequence(view.items, f"Iter of {call.value.type.name}")
    items = LazyItems(lambda: walk(view, call.value), _length(call))
    return computed.sequence(items, f"Iter of {call.value.type.name}")


def _lazy(begin: Begin, length: int | None = None) -> Value:
    return computed.sequence(LazyItems(begin, length), "impl Iterator")


def _map(call: Invocation) -> Value:
    function = call.function()
    return _lazy(lambda: map(function, items_of(call)), _length(call))


def _inspect(call: Invocation) -> Value:
    return _lazy(lambda: items_of(call), _length(call))


def _filter(call: Invocation) -> Value:
    test = call.test()
    return _lazy(lambda: filter(test, items_of(call)))


def _filter_map(call: Invocation) -> Value:
    function = call.function()

    def begin() -> Iterator[Value]:
        for item in items_of(call):
            found = function(item)
            if is_some(found, call):
                yield some(found, call)

    return _lazy(begin)


def _map_while(call: Invocation) -> Value:
    function = call.function()

    def begin() -> Iterator[Value]:
        for item in items_of(call):
            found = function(item)
            if not is_some(found, call):
                return
            yield some(found, call)

    return _lazy(begin)


def _scan(call: Invocation) -> Value:
    raise EvaluationError(
        "scan changes its state, which an expression cannot", call.tree.span, hint="use fold"
    )


def _for_each(call: Invocation) -> Value:
    raise EvaluationError(
        "for_each gives nothing: its closure could only change something, which an expression "
        "cannot",
        call.tree.span,
        hint="use map",
    )


def _flat_map(call: Invocation) -> Value:
    function = call.function()
    return _lazy(
        lambda: chain.from_iterable(walk_value(function(item), call) for item in items_of(call))
    )


def _flatten(call: Invocation) -> Value:
    return _lazy(lambda: chain.from_iterable(walk_value(item, call) for item in items_of(call)))


def _take(call: Invocation) -> Value:
    count = call.size()
    length = _length(call)
    if isinstance(call.view, SequenceView) and length is not None:
        items, stop = call.view.items, min(count, length)
        return _lazy(lambda: items.walk(0, stop), stop)
    return _lazy(lambda: islice(walk(call.view, call.value), min(count, MAX_WALK + 1)))


def _skip(call: Invocation) -> Value:
    count = call.size()
    length = _length(call)
    if isinstance(call.view, SequenceView) and length is not None:
        items, start = call.view.items, min(count, length)
        return computed.sequence(SlicedItems(items, start, length), "impl Iterator")
    return _lazy(lambda: islice(walk(call.view, call.value), min(count, MAX_WALK + 1), None))


def _take_while(call: Invocation) -> Value:
    test = call.test()

    def begin() -> Iterator[Value]:
        for item in items_of(call):
            if not test(item):
                return
            yield item

    return _lazy(begin)


def _skip_while(call: Invocation) -> Value:
    test = call.test()

    def begin() -> Iterator[Value]:
        skipping = True
        for item in items_of(call):
            skipping = skipping and test(item)
            if not skipping:
                yield item

    return _lazy(begin)


def _step_by(call: Invocation) -> Value:
    step = call.size()
    if step == 0:
        raise EvaluationError("assertion failed: step != 0", call.tree.span)
    return _lazy(lambda: islice(walk(call.view, call.value), 0, None, min(step, MAX_WALK + 1)))


def _rev(call: Invocation) -> Value:
    return _lazy(lambda: reversed_items(call), _length(call))


def _enumerate(call: Invocation) -> Value:
    def begin() -> Iterator[Value]:
        for index, item in enumerate(walk(call.view, call.value)):
            yield computed.tuple_of((computed.usize(index), item))

    return _lazy(begin, _length(call))


def _zip(call: Invocation) -> Value:
    other = call.argument()

    def begin() -> Iterator[Value]:
        pairs = zip(walk(call.view, call.value), walk_value(other, call), strict=False)
        return map(computed.tuple_of, pairs)

    return _lazy(begin)


def _chain(call: Invocation) -> Value:
    other = call.argument()
    return _lazy(lambda: chain(walk(call.view, call.value), walk_value(other, call)))


def _cycle(call: Invocation) -> Value:
    def begin() -> Iterator[Value]:
        while True:
            empty = True
            for item in walk(call.view, call.value):
                empty = False
                yield item
            if empty:
                return

    return _lazy(begin)


def _peek(call: Invocation) -> Value:
    return computed.option(next(items_of(call), None))


def _next_if(call: Invocation) -> Value:
    first = next(items_of(call), None)
    wanted = first is not None and call.test()(first)
    return computed.option(first if wanted else None)


def _size_hint(call: Invocation) -> Value:
    length = _length(call)
    if length is None:
        raise EvaluationError("how many items there are is not known", call.tree.span)
    return computed.tuple_of((computed.usize(length), computed.option(computed.usize(length))))


ITERATOR: dict[str, Method] = {
    "fn by_ref(&mut self) -> Like<T>": receiver,
    "fn map<B>(self, f: impl FnMut(T) -> B) -> Like<B>": _map,
    "fn inspect(self, f: impl FnMut(&T)) -> Like<T>": _inspect,
    "fn filter(self, predicate: impl FnMut(&T) -> bool) -> Thin<T>": _filter,
    "fn filter_map<B>(self, f: impl FnMut(T) -> Option<B>) -> Thin<B>": _filter_map,
    "fn flat_map<U: IntoIterator<Item = B>, B>(self, f: impl FnMut(T) -> U) -> Thin<B>": _flat_map,
    "fn take(self, n: usize) -> Counted<T>": _take,
    "fn skip(self, n: usize) -> Counted<T>": _skip,
    "fn take_while(self, predicate: impl FnMut(&T) -> bool) -> Iter<T>": _take_while,
    "fn skip_while(self, predicate: impl FnMut(&T) -> bool) -> Iter<T>": _skip_while,
    "fn map_while<B>(self, predicate: impl FnMut(T) -> Option<B>) -> Iter<B>": _map_while,
    "fn step_by(self, step: usize) -> Counted<T>": _step_by,
    "fn enumerate(self) -> Counted<(usize, T)>": _enumerate,
    "fn zip<U>(self, other: impl IntoIterator<Item = U>) -> Zipped<(T, U)>": _zip,
    "fn chain(self, other: impl IntoIterator<Item = T>) -> Thin<T>": _chain,
    "fn cycle(self) -> Iter<T>": _cycle,
    "fn fuse(self) -> Like<T>": iterate,
    "fn peekable(self) -> Peekable<T>": iterate,
    **REDUCTIONS,
}
"""Of every iterator over ``T``."""

REFUSED: dict[str, Method] = {
    "fn scan<S, B>(self, state: S, f: impl FnMut(&mut S, T) -> Option<B>) -> Iter<B>": _scan,
    "fn for_each<B>(self, f: impl FnMut(T) -> B)": _for_each,
}
"""Of every iterator, and of use only where a closure changes something."""

REVERSIBLE: dict[str, Method] = {"fn rev(self) -> Like<T>": _rev}
"""Of iterators that are walked over from both ends."""

PEEKABLE: dict[str, Method] = {
    "fn peek(&mut self) -> Option<&T>": _peek,
    "fn next_if(&mut self, func: impl FnOnce(&T) -> bool) -> Option<T>": _next_if,
}
"""Of what ``peekable`` gives."""

NESTED: dict[str, Method] = {"fn flatten(self) -> Thin<B>": _flatten}
"""Of iterators over what can itself be iterated over."""

BORROWED: dict[str, Method] = {
    "fn cloned(self) -> Like<T> where T: Clone": iterate,
    "fn copied(self) -> Like<T> where T: Copy": iterate,
}
"""Of iterators over references."""

OF_CHARS: dict[str, Method] = {
    "fn to_string(&self) -> String": lambda call: computed.text(
        b"".join(call.text_of(each) for each in items_of(call))
    ),
}
"""Of what a ``char`` becomes in another case."""

SIZED: dict[str, Method] = {"fn size_hint(&self) -> (usize, Option<usize>)": _size_hint}
"""Of iterators that know how many items are left."""
