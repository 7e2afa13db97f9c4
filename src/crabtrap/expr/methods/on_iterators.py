"""Methods of ``Iterator``, for iterators, ranges and all that is iterated over.

They consume nothing: the program's iterator stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

from crabtrap.expr import computed
from crabtrap.expr.methods.consuming import from_front, whole
from crabtrap.expr.methods.invocation import Invocation, Method, receiver
from crabtrap.expr.methods.reductions import REDUCTIONS
from crabtrap.expr.methods.walking import (
    MAX_WALK,
    is_computed,
    is_some,
    items_of,
    reversed_items,
    some,
    walk,
    walk_value,
)
from crabtrap.expr.own_places import Variable, reference_to
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.typing.deref import item_of
from crabtrap.expr.typing.terms import UNKNOWN, Term
from crabtrap.present.view import (
    LazyItems,
    MapView,
    RangeView,
    RecordView,
    SequenceView,
    SlicedItems,
    View,
)
from crabtrap.values import Char, Value

Begin = Callable[[], Iterator[Value]]
Bounds = tuple[int, int | None]
_USIZE_MAX = (1 << 64) - 1


def _length(call: Invocation) -> int | None:
    return call.view.length if isinstance(call.view, SequenceView | MapView) else None


def iterate(call: Invocation) -> Value:
    """``iter()`` and the like: the same items."""
    view = call.view
    if isinstance(view, SequenceView) and not view.is_set:
        return computed.sequence(view.items, f"Iter of {call.value.type.name}")
    items = LazyItems(lambda: walk(view, call.value), _length(call), _bounds(call))
    return computed.sequence(items, f"Iter of {call.value.type.name}")


def _lazy(
    call: Invocation,
    begin: Begin,
    length: int | None = None,
    bounds: Bounds | None = None,
    backwards: Begin | None = None,
) -> Value:
    items = LazyItems(begin, length, bounds, backwards, _is_computed(call))
    return computed.sequence(items, "impl Iterator")


def _is_computed(call: Invocation) -> bool:
    """Whether the items are made by a closure, here or before."""
    takes_closure = any(
        isinstance(each, nodes.Closure | nodes.Path) for each in call.tree.arguments
    )
    view = call.view
    return takes_closure or (isinstance(view, SequenceView) and is_computed(view.items))


def _same_number(call: Invocation, begin: Begin, backwards: Begin | None = None) -> Value:
    """An iterator with as many items as the receiver has."""
    return _lazy(call, begin, _length(call), _bounds(call), backwards)


def _some_of(call: Invocation, begin: Begin, backwards: Begin | None = None) -> Value:
    """An iterator with at most as many items as the receiver has."""
    bounds = _bounds(call)
    return _lazy(call, begin, None, None if bounds is None else (0, bounds[1]), backwards)


def _bounds(call: Invocation) -> Bounds | None:
    """What the receiver's ``size_hint`` says; ``None`` where that is not known here."""
    return _bounds_of(call.view, call.owner)


def _bounds_of(view: View, term: Term) -> Bounds | None:
    """What an iterator, or what is made one, says; only its type tells if it knows its length."""
    found = item_of(term)
    exact = found is not None and "e" in found[1]
    match view:
        case SequenceView(items) | MapView(items) if items.length is not None:
            return (items.length, items.length) if exact else None
        case SequenceView(LazyItems(bounds=bounds)):
            return bounds
        case RangeView(end=None):
            return _USIZE_MAX, None
        case RangeView():
            length = _range_length(view)
            return length, length
        case RecordView(name):
            count = int(name in ("Some", "Ok"))
            return count, count
        case _:
            return None


def _range_length(view: RangeView) -> int:
    assert view.start is not None  # ranges without one are not walked over
    assert view.end is not None  # so says the caller
    start, end = (_position(each) for each in (view.start, view.end))
    length = max(0, end + view.inclusive - start)
    surrogates = start < 0xD800 and end > 0xDFFF and isinstance(view.start.valid(), Char)
    return length - 0x800 if surrogates else length


def _position(end: Value) -> int:
    found = end.valid()
    return ord(found.text) if isinstance(found, Char) else end.integer()


def _map(call: Invocation) -> Value:
    function = call.function()
    return _same_number(
        call,
        lambda: map(function, items_of(call)),
        lambda: map(function, reversed_items(call)),
    )


def _inspect(call: Invocation) -> Value:
    return _same_number(call, lambda: items_of(call), lambda: reversed_items(call))


def _filter(call: Invocation) -> Value:
    test = call.test()
    return _some_of(
        call,
        lambda: filter(test, items_of(call)),
        lambda: filter(test, reversed_items(call)),
    )


def _filter_map(call: Invocation) -> Value:
    function = call.function()

    def found_in(items: Iterator[Value]) -> Iterator[Value]:
        for item in items:
            found = function(item)
            if is_some(found, call):
                yield some(found, call)

    return _some_of(call, lambda: found_in(items_of(call)), lambda: found_in(reversed_items(call)))


def _map_while(call: Invocation) -> Value:
    function = call.function()

    def begin() -> Iterator[Value]:
        for item in items_of(call):
            found = function(item)
            if not is_some(found, call):
                return
            yield some(found, call)

    return _some_of(call, begin)


def _scan(call: Invocation) -> Value:
    """Each walk begins with the state that was given."""
    first, function = call.argument(), call.function(1)

    def begin() -> Iterator[Value]:
        state = reference_to(Variable({"state": first}, "state"))
        for item in items_of(call):
            found = function(state, item)
            if not is_some(found, call):
                return
            yield some(found, call)

    return _some_of(call, begin)


def _flat_map(call: Invocation) -> Value:
    function = call.function()
    return _lazy(
        call,
        lambda: chain.from_iterable(walk_value(function(item), call) for item in items_of(call)),
    )


def _flatten(call: Invocation) -> Value:
    return _lazy(
        call, lambda: chain.from_iterable(walk_value(item, call) for item in items_of(call))
    )


def _part_of(call: Invocation, start: int, stop: int | None, step: int = 1) -> Begin:
    """Begins a walk over some of the receiver's items, by their positions."""
    return lambda: islice(walk(call.view, call.value), start, stop, step)


def _each_bound(
    call: Invocation, change: Callable[[int], int], unbounded: int | None = None
) -> Bounds | None:
    """The receiver's bounds, each changed; ``unbounded`` is what no greatest one becomes."""
    bounds = _bounds(call)
    if bounds is None:
        return None
    least, greatest = bounds
    return change(least), unbounded if greatest is None else change(greatest)


def _take(call: Invocation) -> Value:
    count = call.size()
    length = _length(call)
    stop = None if length is None else min(count, length)
    view = call.view
    if isinstance(view, SequenceView) and stop is not None and not is_computed(view.items):
        items, end = view.items, stop
        return _lazy(call, lambda: items.walk(0, end), stop)
    begin = _part_of(call, 0, min(count, MAX_WALK + 1))
    return _lazy(call, begin, stop, _each_bound(call, lambda number: min(number, count), count))


def _skip(call: Invocation) -> Value:
    count = call.size()
    length = _length(call)
    if isinstance(call.view, SequenceView) and length is not None:
        items, start = call.view.items, min(count, length)
        if not is_computed(items):
            return computed.sequence(SlicedItems(items, start, length), "impl Iterator")
    begin = _part_of(call, min(count, MAX_WALK + 1), None)
    left = None if length is None else max(length - count, 0)
    return _lazy(call, begin, left, _each_bound(call, lambda number: max(number - count, 0)))


def _take_while(call: Invocation) -> Value:
    test = call.test()

    def begin() -> Iterator[Value]:
        for item in items_of(call):
            if not test(item):
                return
            yield item

    return _some_of(call, begin)


def _skip_while(call: Invocation) -> Value:
    test = call.test()

    def begin() -> Iterator[Value]:
        skipping = True
        for item in items_of(call):
            skipping = skipping and test(item)
            if not skipping:
                yield item

    return _some_of(call, begin)


def _step_by(call: Invocation) -> Value:
    step = call.size()
    if step == 0:
        raise EvaluationError("assertion failed: step != 0", call.tree.span)
    begin = _part_of(call, 0, None, min(step, MAX_WALK + 1))
    return _lazy(call, begin, None, _each_bound(call, lambda number: -(-number // step)))


def _rev(call: Invocation) -> Value:
    return _same_number(call, lambda: reversed_items(call), lambda: items_of(call))


def _enumerate(call: Invocation) -> Value:
    def begin() -> Iterator[Value]:
        for index, item in enumerate(walk(call.view, call.value)):
            yield computed.tuple_of((computed.usize(index), item))

    return _same_number(call, begin)


def _zip(call: Invocation) -> Value:
    other = call.argument()

    def begin() -> Iterator[Value]:
        pairs = zip(walk(call.view, call.value), walk_value(other, call), strict=False)
        return map(computed.tuple_of, pairs)

    return _lazy(call, begin, None, _both(call, other, _shorter))


def _chain(call: Invocation) -> Value:
    other = call.argument()
    return _lazy(
        call,
        lambda: chain(walk(call.view, call.value), walk_value(other, call)),
        None,
        _both(call, other, _together),
    )


def _both(
    call: Invocation, other: Value, combine: Callable[[Bounds, Bounds], Bounds]
) -> Bounds | None:
    _, view = call.comparer.look_through(other)
    given = UNKNOWN if call.typing is None else call.typing.parameters[0]
    mine, theirs = _bounds(call), _bounds_of(view, given)
    return None if mine is None or theirs is None else combine(mine, theirs)


def _shorter(a: Bounds, b: Bounds) -> Bounds:
    greatest = [each for each in (a[1], b[1]) if each is not None]
    return min(a[0], b[0]), min(greatest) if greatest else None


def _together(a: Bounds, b: Bounds) -> Bounds:
    greatest = None if a[1] is None or b[1] is None else a[1] + b[1]
    if greatest is not None and greatest > _USIZE_MAX:
        greatest = None
    return min(a[0] + b[0], _USIZE_MAX), greatest


def _cycle(call: Invocation) -> Value:
    def begin() -> Iterator[Value]:
        while True:
            empty = True
            for item in walk(call.view, call.value):
                empty = False
                yield item
            if empty:
                return

    return _lazy(call, begin)


def _peek(call: Invocation) -> Value:
    return computed.option(next(items_of(call), None))


def _next_if(call: Invocation) -> Value:
    first = next(items_of(call), None)
    if first is None or not call.test()(first):
        return computed.option(None)
    return from_front(lambda inner: computed.option(next(items_of(inner))))(call)


def _size_hint(call: Invocation) -> Value:
    bounds = _bounds(call)
    if bounds is None:
        raise EvaluationError("what this iterator says of its size is not known", call.tree.span)
    least, greatest = bounds
    most = computed.option(None if greatest is None else computed.usize(greatest))
    return computed.tuple_of((computed.usize(least), most))


ITERATOR: dict[str, Method] = {
    "fn by_ref(&mut self) -> Like<T>": whole(receiver),
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
    "fn scan<S, B>(self, state: S, f: impl FnMut(&mut S, T) -> Option<B>) -> Iter<B>": _scan,
    "fn step_by(self, step: usize) -> Counted<T>": _step_by,
    "fn enumerate(self) -> Counted<(usize, T)>": _enumerate,
    "fn zip<U>(self, other: impl IntoIterator<Item = U>) -> Zipped<(T, U)>": _zip,
    "fn chain(self, other: impl IntoIterator<Item = T>) -> Thin<T>": _chain,
    "fn cycle(self) -> Iter<T> where Self: Clone": _cycle,
    "fn fuse(self) -> Like<T>": iterate,
    "fn peekable(self) -> Peekable<T>": iterate,
    "fn size_hint(&self) -> (usize, Option<usize>)": _size_hint,
    **REDUCTIONS,
}
"""Of every iterator over ``T``."""

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
