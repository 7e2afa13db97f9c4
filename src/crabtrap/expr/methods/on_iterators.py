"""Methods of ``Iterator``, for iterators, sequences, sets and ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Literal

from crabtrap.expr import computed, indirection, operators
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.containers.walkers import ContiguousItems
from crabtrap.present.output import bulk
from crabtrap.present.view import ALL, LazyItems, MapView, RangeView, RecordView, SequenceView
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Value

MAX_WALK = 1 << 20
"""Most items that one method walks over before it gives up."""


def items_of(call: Invocation, view: object = None) -> Iterator[Value]:
    """Walk over the receiver's items.

    Raises:
        EvaluationError: There are more than ``MAX_WALK``.
    """
    return limited(walk(call.view if view is None else view, call.value), call)


def walk(view: object, value: Value) -> Iterator[Value]:
    """Walk over the items of anything that can be iterated over."""
    match view:
        case SequenceView():
            return view.items.walk(0, ALL if view.length is None else view.length)
        case MapView():
            entries = view.entries.walk(0, ALL if view.length is None else view.length)
            return (computed.tuple_of(entry) for entry in entries)
        case RangeView(start, end, inclusive) if start is not None:
            return _count(start, end, inclusive)
        case _:
            raise EvaluationError(f"{value.type.name} cannot be iterated over")


def _count(start: Value, end: Value | None, inclusive: bool) -> Iterator[Value]:
    type_ = start.type
    if type_ is computed.INTEGER:
        type_ = (
            end.type if end is not None and end.type is not computed.INTEGER else PRIMITIVES["i32"]
        )
    stop = 1 << 127 if end is None else end.integer() + inclusive
    number = start.integer()
    while number < stop:
        yield computed.integer(number, type_)
        number += 1


def limited(items: Iterable[Value], call: Invocation) -> Iterator[Value]:
    """Yield items, and fail where there are more than ``MAX_WALK``."""
    for count, item in enumerate(items):
        if count >= MAX_WALK:
            raise EvaluationError(
                f"more than {MAX_WALK} items", call.tree.span, hint="use .take(n)"
            )
        yield item


def _iter(call: Invocation) -> Value:
    view = call.view
    if isinstance(view, SequenceView) and not view.is_set:
        return computed.sequence(view.items, f"Iter of {call.value.type.name}")
    length = view.length if isinstance(view, SequenceView | MapView) else None
    items = LazyItems(lambda: walk(view, call.value), length)
    return computed.sequence(items, f"Iter of {call.value.type.name}")


def _map(call: Invocation) -> Value:
    function = call.function()
    length = call.view.length if isinstance(call.view, SequenceView) else None
    items = LazyItems(lambda: map(function, walk(call.view, call.value)), length)
    return computed.sequence(items, "impl Iterator")


def _filter(call: Invocation) -> Value:
    test = call.test()
    return computed.lazily(lambda: filter(test, items_of(call)))


def _filter_map(call: Invocation) -> Value:
    function = call.function()

    def begin() -> Iterator[Value]:
        for item in items_of(call):
            inner = some(function(item), call)
            if inner is not None:
                yield inner

    return computed.lazily(begin)


def some(value: Value, call: Invocation) -> Value | None:
    """Return the value in a ``Some`` or ``Ok``, ``None`` for ``None`` and ``Err``."""
    _, view = call.comparer.look_through(value)
    if isinstance(view, RecordView) and view.name in ("Some", "Ok"):
        return view.fields[0][1]
    if isinstance(view, RecordView) and view.name in ("None", "Err"):
        return None
    raise EvaluationError("the closure must give an Option", call.tree.span)


def _flat_map(call: Invocation) -> Value:
    function = call.function()
    return computed.lazily(
        lambda: chain.from_iterable(_inner(call, function(item)) for item in items_of(call))
    )


def _flatten(call: Invocation) -> Value:
    return computed.lazily(
        lambda: chain.from_iterable(_inner(call, item) for item in items_of(call))
    )


def _inner(call: Invocation, value: Value) -> Iterator[Value]:
    seen, view = call.comparer.look_through(value)
    if isinstance(view, RecordView) and view.variant:
        inner = some(seen, call)
        return iter(()) if inner is None else iter((inner,))
    return walk(view, seen)


def _take(call: Invocation) -> Value:
    count = call.integer()
    return computed.lazily(lambda: islice(walk(call.view, call.value), count))


def _skip(call: Invocation) -> Value:
    count = call.integer()
    view = call.view
    if isinstance(view, SequenceView) and view.length is not None:
        items, length = view.items, view.length
        return computed.lazily(lambda: items.walk(min(count, length), length))
    return computed.lazily(lambda: islice(walk(view, call.value), count, None))


def _take_while(call: Invocation) -> Value:
    test = call.test()

    def begin() -> Iterator[Value]:
        for item in items_of(call):
            if not test(item):
                return
            yield item

    return computed.lazily(begin)


def _skip_while(call: Invocation) -> Value:
    test = call.test()

    def begin() -> Iterator[Value]:
        skipping = True
        for item in items_of(call):
            skipping = skipping and test(item)
            if not skipping:
                yield item

    return computed.lazily(begin)


def _step_by(call: Invocation) -> Value:
    step = call.integer()
    if step <= 0:
        raise EvaluationError("a step of 0 goes nowhere", call.tree.span)
    return computed.lazily(lambda: islice(walk(call.view, call.value), 0, None, step))


def _rev(call: Invocation) -> Value:
    return computed.lazily(lambda: reversed(list(items_of(call))))


def _enumerate(call: Invocation) -> Value:
    return computed.lazily(
        lambda: (
            computed.tuple_of((computed.usize(index), item))
            for index, item in enumerate(walk(call.view, call.value))
        )
    )


def _zip(call: Invocation) -> Value:
    other = call.argument()
    seen, view = call.comparer.look_through(other)
    return computed.lazily(
        lambda: (
            computed.tuple_of(pair)
            for pair in zip(walk(call.view, call.value), walk(view, seen), strict=False)
        )
    )


def _chain(call: Invocation) -> Value:
    seen, view = call.comparer.look_through(call.argument())
    return computed.lazily(lambda: chain(walk(call.view, call.value), walk(view, seen)))


def _count_items(call: Invocation) -> Value:
    call.expect(0)
    if isinstance(call.view, SequenceView) and call.view.length is not None:
        return computed.usize(call.view.length)
    return computed.usize(sum(1 for _ in items_of(call)))


def _sum(call: Invocation) -> Value:
    view = call.view
    numbers = bulk.integers(view) if isinstance(view, SequenceView) else None
    if numbers:
        items = view.items if isinstance(view, SequenceView) else None
        assert isinstance(items, ContiguousItems)  # only those are read as integers
        return operators.checked("+", sum(numbers), items.item, "sum")
    return _fold_numbers(call, "+", 0)


def _product(call: Invocation) -> Value:
    return _fold_numbers(call, "*", 1)


def _fold_numbers(call: Invocation, op: Literal["+", "*"], empty: int) -> Value:
    total: Value | None = None
    for item in items_of(call):
        number = indirection.scalar(item, call.presenter)
        total = number if total is None else operators.arithmetic(op, total, number)
    return computed.integer(empty) if total is None else total


def _extreme(call: Invocation, sign: int, key: bool) -> Value:
    function = call.function() if key else None
    best: Value | None = None
    best_key: Value | None = None
    for item in items_of(call):
        item_key = item if function is None else function(item)
        if best_key is None or _is_better(call, item_key, best_key, sign):
            best, best_key = item, item_key
    return computed.option(best)


def _is_better(call: Invocation, item: Value, best: Value, sign: int) -> bool:
    order = call.comparer.order(item, best)
    if order is None:
        raise EvaluationError("NaN has no order", call.tree.span)
    # Of equal items Rust's max is the last one, its min the first.
    return order * sign > 0 or (order == 0 and sign > 0)


def _any(call: Invocation) -> Value:
    return computed.boolean(any(map(call.test(), items_of(call))))


def _all(call: Invocation) -> Value:
    return computed.boolean(all(map(call.test(), items_of(call))))


def _find(call: Invocation) -> Value:
    return computed.option(next(filter(call.test(), items_of(call)), None))


def _find_map(call: Invocation) -> Value:
    function = call.function()
    for item in items_of(call):
        inner = some(function(item), call)
        if inner is not None:
            return computed.option(inner)
    return computed.option(None)


def _position(call: Invocation) -> Value:
    test = call.test()
    for index, item in enumerate(items_of(call)):
        if test(item):
            return computed.option(computed.usize(index))
    return computed.option(None)


def _nth(call: Invocation) -> Value:
    at = call.integer()
    if isinstance(call.view, SequenceView) and call.view.length is not None:
        found = next(call.view.items.walk(at, at + 1), None) if at >= 0 else None
        return computed.option(found)
    return computed.option(next(islice(items_of(call), at, at + 1), None))


def _next(call: Invocation) -> Value:
    return computed.option(next(items_of(call), None))


def _fold(call: Invocation) -> Value:
    total, function = call.argument(), call.function(1)
    for item in items_of(call):
        total = function(total, item)
    return total


def _collect(call: Invocation) -> Value:
    if isinstance(call.view, SequenceView) and call.view.length is not None:
        return call.value
    return computed.listed(list(items_of(call)))


def _contains(call: Invocation) -> Value:
    view = call.view
    wanted = call.argument()
    if isinstance(view, RangeView):
        return computed.boolean(_in_range(call, view, wanted))
    return computed.boolean(any(call.comparer.equal(item, wanted) for item in items_of(call)))


def _in_range(call: Invocation, view: RangeView, wanted: Value) -> bool:
    if view.start is not None and (call.comparer.order(wanted, view.start) or 0) < 0:
        return False
    if view.end is None:
        return True
    order = call.comparer.order(wanted, view.end)
    return order is not None and (order < 0 or (order == 0 and view.inclusive))


ITERATOR_METHODS: dict[str, Method] = {
    "iter": _iter,
    "iter_mut": _iter,
    "into_iter": _iter,
    "map": _map,
    "filter": _filter,
    "filter_map": _filter_map,
    "flat_map": _flat_map,
    "flatten": _flatten,
    "take": _take,
    "skip": _skip,
    "take_while": _take_while,
    "skip_while": _skip_while,
    "step_by": _step_by,
    "rev": _rev,
    "enumerate": _enumerate,
    "zip": _zip,
    "chain": _chain,
    "count": _count_items,
    "sum": _sum,
    "product": _product,
    "min": lambda call: _extreme(call, -1, False),
    "max": lambda call: _extreme(call, 1, False),
    "min_by_key": lambda call: _extreme(call, -1, True),
    "max_by_key": lambda call: _extreme(call, 1, True),
    "any": _any,
    "all": _all,
    "find": _find,
    "find_map": _find_map,
    "position": _position,
    "nth": _nth,
    "next": _next,
    "fold": _fold,
    "collect": _collect,
    "contains": _contains,
    "peekable": _iter,
    "cloned": _iter,
    "copied": _iter,
}
"""Methods of ``Iterator`` that consume nothing: the program's iterator stays as it is."""
