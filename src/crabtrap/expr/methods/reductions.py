"""Methods of ``Iterator`` that walk over the items to one result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, zip_longest
from typing import Literal

from crabtrap.expr import computed, durations, indirection, operators
from crabtrap.expr.methods.collecting import collect, partition, unzip
from crabtrap.expr.methods.consuming import from_back, from_front
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.walking import (
    MAX_WALK,
    is_computed,
    is_some,
    items_of,
    reversed_items,
    some,
    walk_value,
)
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.typing.terms import FLOATS, INTEGERS, Term
from crabtrap.present.view import SequenceView
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Value


def _count(call: Invocation) -> Value:
    view = call.view
    if isinstance(view, SequenceView) and view.length is not None and not is_computed(view.items):
        return computed.usize(view.length)
    return computed.usize(sum(1 for _ in items_of(call)))


def _len(call: Invocation) -> Value:
    return computed.usize(_known_length(call))


# -- numbers ---------------------------------------------------------------------------------
def _sum(call: Invocation) -> Value:
    return _folded(call, "+", 0)


def _product(call: Invocation) -> Value:
    return _folded(call, "*", 1)


def _folded(call: Invocation, op: Literal["+", "*"], empty: int) -> Value:
    if call.result.name in ("Option", "Result"):
        return _folded_inside(call, op, empty)
    return _total(call, items_of(call), op, empty, call.result)


def _total(
    call: Invocation, items: Iterator[Value], op: Literal["+", "*"], empty: int, result: Term
) -> Value:
    if result.name == "Duration":
        return durations.total(call.comparer.look_through(item) for item in items)
    total: Value | None = None
    if result.name in operators.LIMITING:
        for item in items:
            total = (
                indirection.look_through(item, call.presenter)[0]
                if total is None
                else operators.in_newtype(result.name, op, total, item, call.presenter)
            )
        return _nothing(empty, result) if total is None else total
    for item in items:
        number = indirection.scalar(item, call.presenter)
        total = number if total is None else operators.arithmetic(op, total, number)
    return _nothing(empty, result) if total is None else total


def _nothing(empty: int, result: Term) -> Value:
    """The result over no items: a sum of no floats is ``-0.0``."""
    if result.name in operators.LIMITING:
        return computed.std_tuple(result.name, _nothing(empty, result.args[0]))
    if result.name in FLOATS:
        return computed.real(1.0 if empty else -0.0, PRIMITIVES[result.name])
    if result.name in INTEGERS and result.name in PRIMITIVES:
        return computed.integer(empty, PRIMITIVES[result.name])
    return computed.integer(empty)


def _folded_inside(call: Invocation, op: Literal["+", "*"], empty: int) -> Value:
    inside: list[Value] = []
    for item in items_of(call):
        if not is_some(item, call):
            return item
        inside.append(some(item, call))
    total = _total(call, iter(inside), op, empty, call.result.args[0])
    return computed.option(total) if call.result.name == "Option" else computed.ok(total)


# -- extremes --------------------------------------------------------------------------------
Better = Callable[[Value, Value], int]


def _extreme(call: Invocation, sign: int, key: Callable[[Value], Value] | None) -> Value:
    best: Value | None = None
    best_key: Value | None = None
    for item in items_of(call):
        item_key = item if key is None else key(item)
        if best_key is None or _is_better(_order(call, item_key, best_key), sign):
            best, best_key = item, item_key
    return computed.option(best)


def _order(call: Invocation, a: Value, b: Value) -> int:
    order = call.comparer.order(a, b)
    if order is None:
        raise EvaluationError("NaN has no order", call.tree.span)
    return order


def _is_better(order: int, sign: int) -> bool:
    """Of equal items Rust's ``max`` is the last one, its ``min`` the first."""
    return order * sign > 0 or (order == 0 and sign > 0)


def _plain_extreme(sign: int) -> Method:
    return lambda call: _extreme(call, sign, None)


def _keyed_extreme(sign: int) -> Method:
    return lambda call: _extreme(call, sign, call.function())


def _compared_extreme(sign: int) -> Method:
    def method(call: Invocation) -> Value:
        compare = call.function()
        best: Value | None = None
        for item in items_of(call):
            if best is None:
                best = item
                continue
            order = computed.ordering_of(compare(best, item))
            if order * sign < 0 or (order == 0 and sign > 0):
                best = item
        return computed.option(best)

    return method


# -- searches --------------------------------------------------------------------------------
def _any(call: Invocation) -> Value:
    return computed.boolean(any(map(call.test(), items_of(call))))


def _all(call: Invocation) -> Value:
    return computed.boolean(all(map(call.test(), items_of(call))))


def _find(call: Invocation) -> Value:
    return computed.option(next(filter(call.test(), items_of(call)), None))


def _rfind(call: Invocation, items: Iterator[Value]) -> Value:
    return computed.option(next(filter(call.test(), items), None))


def _find_map(call: Invocation) -> Value:
    function = call.function()
    for item in items_of(call):
        found = function(item)
        if is_some(found, call):
            return found
    return computed.option(None)


def _position(call: Invocation) -> Value:
    test = call.test()
    for index, item in enumerate(items_of(call)):
        if test(item):
            return computed.option(computed.usize(index))
    return computed.option(None)


def _rposition(call: Invocation, items: Iterator[Value]) -> Value:
    test, length = call.test(), _known_length(call)
    for before, item in enumerate(items, 1):
        if test(item):
            return computed.option(computed.usize(length - before))
    return computed.option(None)


def _known_length(call: Invocation) -> int:
    if isinstance(call.view, SequenceView) and call.view.length is not None:
        return call.view.length
    return sum(1 for _ in items_of(call))


def _nth(call: Invocation) -> Value:
    at = call.size()
    view = call.view
    if isinstance(view, SequenceView) and view.length is not None and not is_computed(view.items):
        inside = at < view.length
        return computed.option(next(view.items.walk(at, at + 1), None) if inside else None)
    at = min(at, MAX_WALK + 1)
    return computed.option(next(islice(items_of(call), at, at + 1), None))


def _nth_back(call: Invocation, items: Iterator[Value]) -> Value:
    at = min(call.size(), MAX_WALK + 1)
    return computed.option(next(islice(items, at, at + 1), None))


def _next(call: Invocation) -> Value:
    return computed.option(next(items_of(call), None))


def _next_back(call: Invocation, items: Iterator[Value]) -> Value:
    del call
    return computed.option(next(items, None))


def _last(call: Invocation) -> Value:
    view = call.view
    if isinstance(view, SequenceView) and view.length is not None and not is_computed(view.items):
        return computed.option(next(reversed_items(call), None))
    last = None
    for last in items_of(call):  # noqa: B007 - the last one is wanted
        pass
    return computed.option(last)


# -- folds -----------------------------------------------------------------------------------
def _fold(call: Invocation) -> Value:
    return _folded_over(call, items_of(call))


def _rfold(call: Invocation, items: Iterator[Value]) -> Value:
    return _folded_over(call, items)


def _folded_over(call: Invocation, items: Iterator[Value]) -> Value:
    total, function = call.argument(), call.function(1)
    for item in items:
        total = function(total, item)
    return total


def _reduce(call: Invocation) -> Value:
    function = call.function()
    total: Value | None = None
    for item in items_of(call):
        total = item if total is None else function(total, item)
    return computed.option(total)


def _try_fold(call: Invocation) -> Value:
    return _tried_over(call, items_of(call))


def _try_rfold(call: Invocation, items: Iterator[Value]) -> Value:
    return _tried_over(call, items)


def _tried_over(call: Invocation, items: Iterator[Value]) -> Value:
    total, function = call.argument(), call.function(1)
    result: Value | None = None
    for item in items:
        result = function(total, item)
        if not is_some(result, call):
            return result
        total = some(result, call)
    if result is not None:
        return result
    return computed.ok(total) if call.result.name == "Result" else computed.option(total)


def _for_each(call: Invocation) -> Value:
    function = call.function()
    for item in items_of(call):
        function(item)
    return computed.unit()


def _try_for_each(call: Invocation) -> Value:
    function = call.function()
    for item in items_of(call):
        result = function(item)
        if not is_some(result, call):
            return result
    unit = computed.unit()
    return computed.ok(unit) if call.result.name == "Result" else computed.option(unit)


# -- comparisons -----------------------------------------------------------------------------
def _eq(call: Invocation) -> Value:
    pairs = zip_longest(items_of(call), walk_value(call.argument(), call))
    same = all(a is not None and b is not None and call.comparer.equal(a, b) for a, b in pairs)
    return computed.boolean(same == (call.tree.name == "eq"))


def _items_order(call: Invocation) -> int | None:
    for a, b in zip_longest(items_of(call), walk_value(call.argument(), call)):
        if a is None or b is None:
            return -1 if a is None else 1
        order = call.comparer.order(a, b)
        if order != 0:
            return order
    return 0


def _cmp(call: Invocation) -> Value:
    return computed.ordering(_items_order(call) or 0)


def _partial_cmp(call: Invocation) -> Value:
    order = _items_order(call)
    return computed.option(None if order is None else computed.ordering(order))


def _relation(call: Invocation) -> Value:
    order = _items_order(call)
    holds = order is not None and operators.RELATIONS[call.tree.name](order, 0)
    return computed.boolean(holds)


def is_sorted(call: Invocation) -> Value:
    """``is_sorted()``: NaN has no order."""
    return _sorted_by(call, call.comparer.order)


def is_sorted_by_key(call: Invocation) -> Value:
    """``is_sorted_by_key(key)``."""
    key = call.function()
    return _sorted_by(call, lambda a, b: call.comparer.order(key(a), key(b)))


def is_sorted_by(call: Invocation) -> Value:
    """``is_sorted_by(test)``."""
    test = call.test()
    return _sorted_by(call, lambda a, b: -1 if test(a, b) else 1)


def _sorted_by(call: Invocation, order: Callable[[Value, Value], int | None]) -> Value:
    before: Value | None = None
    for item in items_of(call):
        if before is not None:
            found = order(before, item)
            if found is None or found > 0:
                return computed.boolean(False)
        before = item
    return computed.boolean(True)


REDUCTIONS: dict[str, Method] = {
    "fn count(self) -> usize": _count,
    "fn sum<S: Sum<T>>(self) -> S": _sum,
    "fn product<S: Product<T>>(self) -> S": _product,
    "fn min(self) -> Option<T> where T: Ord": _plain_extreme(-1),
    "fn max(self) -> Option<T> where T: Ord": _plain_extreme(1),
    "fn min_by_key<B: Ord>(self, f: impl FnMut(&T) -> B) -> Option<T>": _keyed_extreme(-1),
    "fn max_by_key<B: Ord>(self, f: impl FnMut(&T) -> B) -> Option<T>": _keyed_extreme(1),
    "fn min_by(self, f: impl FnMut(&T, &T) -> Ordering) -> Option<T>": _compared_extreme(-1),
    "fn max_by(self, f: impl FnMut(&T, &T) -> Ordering) -> Option<T>": _compared_extreme(1),
    "fn any(&mut self, f: impl FnMut(T) -> bool) -> bool": from_front(_any),
    "fn all(&mut self, f: impl FnMut(T) -> bool) -> bool": from_front(_all),
    "fn find(&mut self, f: impl FnMut(&T) -> bool) -> Option<T>": from_front(_find),
    "fn find_map<B>(&mut self, f: impl FnMut(T) -> Option<B>) -> Option<B>": from_front(_find_map),
    "fn position(&mut self, f: impl FnMut(T) -> bool) -> Option<usize>": from_front(_position),
    "fn nth(&mut self, n: usize) -> Option<T>": from_front(_nth),
    "fn next(&mut self) -> Option<T>": from_front(_next),
    "fn last(self) -> Option<T>": _last,
    "fn fold<B>(self, init: B, f: impl FnMut(B, T) -> B) -> B": _fold,
    "fn reduce(self, f: impl FnMut(T, T) -> T) -> Option<T>": _reduce,
    "fn try_fold<B, R: Try<B>>(&mut self, init: B, f: impl FnMut(B, T) -> R) -> R": (
        from_front(_try_fold)
    ),
    "fn for_each(self, f: impl FnMut(T))": _for_each,
    "fn try_for_each<R: Try<()>>(&mut self, f: impl FnMut(T) -> R) -> R": (
        from_front(_try_for_each)
    ),
    "fn collect<B: FromIterator<T>>(self) -> B": collect,
    "fn partition<B: Extended<T>, F>(self, f: impl FnMut(&T) -> bool) -> (B, B)": partition,
    "fn eq(self, other: impl IntoIterator<Item = U>) -> bool where T: Equals<U>": _eq,
    "fn ne(self, other: impl IntoIterator<Item = U>) -> bool where T: Equals<U>": _eq,
    "fn cmp(self, other: impl IntoIterator<Item = T>) -> Ordering where T: Ord": _cmp,
    "fn partial_cmp(self, other: impl IntoIterator<Item = T>) -> Option<Ordering> "
    "where T: PartialOrd": _partial_cmp,
    **{
        f"fn {name}(self, other: impl IntoIterator<Item = T>) -> bool "
        "where T: PartialOrd": _relation
        for name in ("lt", "le", "gt", "ge")
    },
    "fn is_sorted(self) -> bool where T: PartialOrd": is_sorted,
    "fn is_sorted_by_key<K: PartialOrd>(self, f: impl FnMut(T) -> K) -> bool": is_sorted_by_key,
    "fn is_sorted_by(self, f: impl FnMut(&T, &T) -> bool) -> bool": is_sorted_by,
}
"""Of every iterator over ``T``."""

FROM_BOTH_ENDS: dict[str, Method] = {
    "fn next_back(&mut self) -> Option<T>": from_back(_next_back),
    "fn nth_back(&mut self, n: usize) -> Option<T>": from_back(_nth_back),
    "fn rfind(&mut self, f: impl FnMut(&T) -> bool) -> Option<T>": from_back(_rfind),
    "fn rfold<B>(self, init: B, f: impl FnMut(B, T) -> B) -> B": from_back(_rfold),
    "fn try_rfold<B, R: Try<B>>(&mut self, init: B, f: impl FnMut(B, T) -> R) -> R": (
        from_back(_try_rfold)
    ),
}
"""Of iterators that are walked over from both ends."""

EXACT: dict[str, Method] = {
    "fn rposition(&mut self, f: impl FnMut(T) -> bool) -> Option<usize>": (from_back(_rposition)),
}
"""Of iterators that are walked over from both ends and know their length."""

OF_PAIRS: dict[str, Method] = {
    "fn unzip<X, Y, FA: Extended<A>, FB: Extended<B>>(self) -> (FA, FB)": unzip,
}
"""Of iterators over ``(A, B)``."""

WITH_LENGTH: dict[str, Method] = {"fn len(&self) -> usize": _len}
"""Of iterators that know how many items are left."""
