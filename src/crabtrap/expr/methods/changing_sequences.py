"""Methods that change a sequence: of variables of the expression's own alone.

Each computes the items anew, and puts them where the receiver is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cmp_to_key

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.on_iterators import iterate
from crabtrap.expr.methods.on_sequences import length_of, view_of
from crabtrap.expr.methods.walking import walk_value
from crabtrap.expr.own_collections import ChunkedItems
from crabtrap.expr.own_places import Item, reference_to
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import ALL, ListedItems, RangeView
from crabtrap.values import Value


def _items(call: Invocation) -> list[Value]:
    items = view_of(call).items
    if isinstance(items, ListedItems):
        return list(items.values)
    return list(call.watched(items.walk(0, ALL)))


def _become(call: Invocation, items: Iterable[Value]) -> Value:
    call.become(computed.listed(list(items), name=call.value.type.name))
    return computed.unit()


# -- one item --------------------------------------------------------------------------------
def _chunked(call: Invocation) -> ChunkedItems:
    items = view_of(call).items
    return items if isinstance(items, ChunkedItems) else ChunkedItems.of(_items(call))


def _push(call: Invocation) -> Value:
    items = _chunked(call).appended(call.argument())
    call.become(computed.sequence(items, call.value.type.name))
    return computed.unit()


def _push_front(call: Invocation) -> Value:
    return _become(call, [call.argument(), *_items(call)])


def _pop(call: Invocation) -> Value:
    items = _chunked(call)
    if not items.length:
        return computed.option(None)
    taken = next(items.walk(items.length - 1, items.length))
    call.become(computed.sequence(items.shortened(), call.value.type.name))
    return computed.option(taken)


def _pop_front(call: Invocation) -> Value:
    return _take(call, 0)


def _take(call: Invocation, at: int) -> Value:
    items = _items(call)
    if not items:
        return computed.option(None)
    taken = items.pop(at)
    _become(call, items)
    return computed.option(taken)


def _insert(call: Invocation) -> Value:
    at, items = call.size(), _items(call)
    if at > len(items):
        raise EvaluationError(
            f"insertion index (is {at}) should be <= len (is {len(items)})", call.tree.span
        )
    items.insert(at, call.argument(1))
    return _become(call, items)


def _remove(call: Invocation) -> Value:
    at, items = call.size(), _items(call)
    if at >= len(items):
        raise EvaluationError(
            f"removal index (is {at}) should be < len (is {len(items)})", call.tree.span
        )
    removed = items.pop(at)
    _become(call, items)
    return removed


def _remove_if_there(call: Invocation) -> Value:
    at = call.size()
    return _take(call, at) if at < length_of(call) else computed.option(None)


def _swap_remove(call: Invocation) -> Value:
    at, items = call.size(), _items(call)
    if at >= len(items):
        raise EvaluationError(
            f"swap_remove index (is {at}) should be < len (is {len(items)})", call.tree.span
        )
    items[at], items[-1] = items[-1], items[at]
    removed = items.pop()
    _become(call, items)
    return removed


def _swap(call: Invocation) -> Value:
    items = _items(call)
    a, b = _index(call, 0, items), _index(call, 1, items)
    items[a], items[b] = items[b], items[a]
    return _become(call, items)


def _index(call: Invocation, argument: int, items: list[Value]) -> int:
    at = call.size(argument)
    if at >= len(items):
        raise EvaluationError(
            f"index out of bounds: the len is {len(items)} but the index is {at}", call.tree.span
        )
    return at


# -- many items ------------------------------------------------------------------------------
def _clear(call: Invocation) -> Value:
    return _become(call, ())


def _truncate(call: Invocation) -> Value:
    return _become(call, _items(call)[: call.size()])


def _extend(call: Invocation) -> Value:
    return _become(call, [*_items(call), *walk_value(call.argument(), call)])


def _resize(call: Invocation) -> Value:
    size, items = call.size(), _items(call)
    if size > 1 << 20:
        raise EvaluationError("the list would be too long", call.tree.span)
    return _become(call, items[:size] + [call.argument(1)] * (size - len(items)))


def _fill(call: Invocation) -> Value:
    return _become(call, [call.argument()] * length_of(call))


def _retain(call: Invocation) -> Value:
    return _become(call, list(filter(call.test(), _items(call))))


def _dedup(call: Invocation) -> Value:
    return _become(call, _without_repeats(call, _items(call)))


def _dedup_by_key(call: Invocation) -> Value:
    key, items = call.function(), _items(call)
    keys = [key(item) for item in items]
    kept = _without_repeats(call, keys)
    places = {id(each) for each in kept}
    return _become(call, [i for i, k in zip(items, keys, strict=True) if id(k) in places])


def _without_repeats(call: Invocation, items: list[Value]) -> list[Value]:
    kept: list[Value] = []
    for item in items:
        if not kept or not call.comparer.equal(kept[-1], item):
            kept.append(item)
    return kept


def _drain(call: Invocation) -> Value:
    items = _items(call)
    start, stop = _bounds(call, len(items))
    _become(call, items[:start] + items[stop:])
    return computed.listed(items[start:stop], name="impl Iterator")


def _bounds(call: Invocation, length: int) -> tuple[int, int]:
    _, view = call.comparer.look_through(call.argument())
    assert isinstance(view, RangeView)  # as the check of types promises
    start = 0 if view.start is None else view.start.integer()
    stop = length if view.end is None else view.end.integer() + view.inclusive
    if start > stop:
        raise EvaluationError(f"slice index starts at {start} but ends at {stop}", call.tree.span)
    if stop > length:
        raise EvaluationError(
            f"range end index {stop} out of range for slice of length {length}", call.tree.span
        )
    return start, stop


def _split_off(call: Invocation) -> Value:
    at, items = call.size(), _items(call)
    if at > len(items):
        raise EvaluationError(
            f"`at` split index (is {at}) should be <= len (is {len(items)})", call.tree.span
        )
    _become(call, items[:at])
    return computed.listed(items[at:], name=call.value.type.name)


# -- their order -----------------------------------------------------------------------------
def _sort(call: Invocation) -> Value:
    order = call.comparer.order
    return _become(call, sorted(_items(call), key=cmp_to_key(lambda a, b: order(a, b) or 0)))


def _sort_by(call: Invocation) -> Value:
    compare = call.function()

    def order(a: Value, b: Value) -> int:
        return computed.ordering_of(compare(a, b))

    return _become(call, sorted(_items(call), key=cmp_to_key(order)))


def _sort_by_key(call: Invocation) -> Value:
    key, order = call.function(), call.comparer.order
    keyed = [(key(item), item) for item in _items(call)]
    keyed.sort(key=cmp_to_key(lambda a, b: order(a[0], b[0]) or 0))
    return _become(call, [item for _, item in keyed])


def _reverse(call: Invocation) -> Value:
    return _become(call, reversed(_items(call)))


def _rotate(call: Invocation) -> Value:
    by, items = call.size(), _items(call)
    if by > len(items):
        message = "mid <= self.len()" if call.tree.name == "rotate_left" else "k <= self.len()"
        raise EvaluationError(f"assertion failed: {message}", call.tree.span)
    at = by if call.tree.name == "rotate_left" else len(items) - by
    return _become(call, items[at:] + items[:at])


# -- references to items ---------------------------------------------------------------------
def _item_reference(call: Invocation, at: int) -> Value:
    view = view_of(call)
    if call.place is None:
        return view.item(at)  # of the program: it is looked at alone
    return reference_to(Item(call.place, at, call.presenter))


def _at(call: Invocation, at: int) -> Value:
    inside = 0 <= at < length_of(call)
    return computed.option(_item_reference(call, at) if inside else None)


def _iter_mut(call: Invocation) -> Value:
    if call.place is None:
        return iterate(call)
    # Each reference looks at its item, and may replace it.
    items = ChunkedItems.of(_items(call))
    call.become(computed.sequence(items, call.value.type.name))
    items = [_item_reference(call, at) for at in range(length_of(call))]
    return computed.listed(items, name="impl Iterator")


SLICE: dict[str, Method] = {
    **{f"fn {name}(&mut self) where T: Ord": _sort for name in ("sort", "sort_unstable")},
    **{
        f"fn {name}(&mut self, compare: impl FnMut(&T, &T) -> Ordering)": _sort_by
        for name in ("sort_by", "sort_unstable_by")
    },
    **{
        f"fn {name}<K: Ord>(&mut self, f: impl FnMut(&T) -> K)": _sort_by_key
        for name in ("sort_by_key", "sort_unstable_by_key", "sort_by_cached_key")
    },
    "fn reverse(&mut self)": _reverse,
    "fn swap(&mut self, a: usize, b: usize)": _swap,
    "fn fill(&mut self, value: T) where T: Clone": _fill,
    "fn rotate_left(&mut self, mid: usize)": _rotate,
    "fn rotate_right(&mut self, k: usize)": _rotate,
}
"""Of slices."""

SLICE_ITEMS: dict[str, Method] = {
    "fn first_mut(&mut self) -> Option<&mut T>": lambda call: _at(call, 0),
    "fn last_mut(&mut self) -> Option<&mut T>": lambda call: _at(call, length_of(call) - 1),
    "fn get_mut(&mut self, index: usize) -> Option<&mut T>": lambda call: _at(call, call.size()),
    "fn iter_mut(&mut self) -> Exact<&mut T>": _iter_mut,
}
"""Of slices: references to their items, by which those of a variable can be changed."""

_COMMON: dict[str, Method] = {
    "fn clear(&mut self)": _clear,
    "fn truncate(&mut self, len: usize)": _truncate,
    "fn extend(&mut self, iter: impl Extending<T>)": _extend,
    "fn retain(&mut self, f: impl FnMut(&T) -> bool)": _retain,
    "fn resize(&mut self, new_len: usize, value: T) where T: Clone": _resize,
    "fn drain(&mut self, range: impl RangeBounds<usize>) -> Exact<T>": _drain,
}

VECTOR: dict[str, Method] = {
    **_COMMON,
    "fn push(&mut self, value: T)": _push,
    "fn pop(&mut self) -> Option<T>": _pop,
    "fn insert(&mut self, index: usize, element: T)": _insert,
    "fn remove(&mut self, index: usize) -> T": _remove,
    "fn swap_remove(&mut self, index: usize) -> T": _swap_remove,
    "fn extend_from_slice(&mut self, other: &[T]) where T: Clone": _extend,
    "fn dedup(&mut self) where T: PartialEq": _dedup,
    "fn dedup_by_key<K: PartialEq>(&mut self, key: impl FnMut(&mut T) -> K)": _dedup_by_key,
    "fn split_off(&mut self, at: usize) -> Vec<T>": _split_off,
}
"""Of ``Vec``."""

DEQUE: dict[str, Method] = {
    **_COMMON,
    "fn push_back(&mut self, value: T)": _push,
    "fn push_front(&mut self, value: T)": _push_front,
    "fn pop_back(&mut self) -> Option<T>": _pop,
    "fn pop_front(&mut self) -> Option<T>": _pop_front,
    "fn remove(&mut self, index: usize) -> Option<T>": _remove_if_there,
    "fn swap(&mut self, i: usize, j: usize)": _swap,
    "fn rotate_left(&mut self, n: usize)": _rotate,
    "fn rotate_right(&mut self, n: usize)": _rotate,
}
"""Of ``VecDeque``."""
