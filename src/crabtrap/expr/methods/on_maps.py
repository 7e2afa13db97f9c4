"""Methods of maps and sets."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.expr import computed, lookups
from crabtrap.expr.methods.changing_maps import get_mut, iter_mut, values_mut
from crabtrap.expr.methods.collecting import built, sorted_items
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.on_iterators import iterate
from crabtrap.expr.methods.walking import items_of, reversed_items, walk_value
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import ALL, LazyItems, ListedItems, MapView, RangeView, SequenceView
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import Value


def _view(call: Invocation) -> MapView:
    return call.view_as(MapView, "a map")


def _length(call: Invocation) -> int:
    length = call.view.length if isinstance(call.view, MapView | SequenceView) else None
    if length is None:
        raise EvaluationError("its length is not known", call.tree.span)
    return length


def _len(call: Invocation) -> Value:
    return computed.usize(_length(call))


def _is_empty(call: Invocation) -> Value:
    return computed.boolean(_length(call) == 0)


def _get(call: Invocation) -> Value:
    return computed.option(lookups.look_up(_view(call), call.argument(), call.comparer))


def _contains_key(call: Invocation) -> Value:
    found = lookups.look_up(_view(call), call.argument(), call.comparer)
    return computed.boolean(found is not None)


def _get_entry(call: Invocation) -> Value:
    key = call.argument()
    found = lookups.look_up(_view(call), key, call.comparer)
    return computed.option(None if found is None else computed.tuple_of((key, found)))


def _keys(call: Invocation) -> Value:
    entries = _view(call).entries
    items = LazyItems(lambda: (key for key, _ in entries.walk(0, ALL)), entries.length)
    return computed.sequence(items, f"Keys of {call.value.type.name}")


def _values(call: Invocation) -> Value:
    entries = _view(call).entries
    items = LazyItems(lambda: (value for _, value in entries.walk(0, ALL)), entries.length)
    return computed.sequence(items, f"Values of {call.value.type.name}")


def _nothing(call: Invocation) -> Value:
    return built(call.owner, (), call)


def _first(call: Invocation) -> Value:
    entry = next(_view(call).entries.walk(0, 1), None)
    return computed.option(None if entry is None else computed.tuple_of(entry))


def _last(call: Invocation) -> Value:
    length = _length(call)
    entry = next(_view(call).entries.walk(length - 1, length), None) if length else None
    return computed.option(None if entry is None else computed.tuple_of(entry))


def _bounds(call: Invocation) -> RangeView:
    """The argument, which is a range of keys.

    Raises:
        EvaluationError: The range runs backwards; Rust would panic.
    """
    _, bounds = call.comparer.look_through(call.argument())
    if not isinstance(bounds, RangeView):
        raise EvaluationError("range takes a range of keys", call.tree.span)
    if bounds.start is not None and bounds.end is not None:
        order = call.comparer.order(bounds.start, bounds.end)
        if order is not None and order > 0:
            message = "range start is greater than range end"
            raise EvaluationError(message, call.tree.span)
    return bounds


def _map_range(call: Invocation) -> Value:
    bounds, entries = _bounds(call), _view(call).entries

    def begin() -> Iterator[Value]:
        found = lookups.entries_within(entries, bounds, call.comparer)
        return (computed.tuple_of(entry) for entry in found)

    return computed.lazily(begin)


# -- sets ------------------------------------------------------------------------------------
def _set(call: Invocation) -> SequenceView:
    return call.view_as(SequenceView, "a set")


def _set_range(call: Invocation) -> Value:
    bounds, view = _bounds(call), _set(call)
    return computed.lazily(lambda: lookups.members_within(view, bounds, call.comparer))


def _set_contains(call: Invocation) -> Value:
    return computed.boolean(_member(call) is not None)


def _set_get(call: Invocation) -> Value:
    return computed.option(_member(call))


def _member(call: Invocation) -> Value | None:
    return lookups.find_member(_set(call), call.argument(), call.comparer)


def _set_first(call: Invocation) -> Value:
    return computed.option(next(items_of(call), None))


def _set_last(call: Invocation) -> Value:
    return computed.option(next(reversed_items(call), None))


def set_operation(name: str, mine: list[Value], theirs: list[Value], call: Invocation) -> Value:
    """``union``, ``difference`` and the like of two sets' items, in the order of the first."""
    key = call.comparer.key
    have, other = {key(item) for item in mine}, {key(item) for item in theirs}
    match name:
        case "union":
            found = mine + [item for item in theirs if key(item) not in have]
        case "intersection":
            found = [item for item in mine if key(item) in other]
        case "difference":
            found = [item for item in mine if key(item) not in other]
        case _:
            found = [item for item in mine if key(item) not in other]
            found += [item for item in theirs if key(item) not in have]
    view = SequenceView(ListedItems(tuple(found)), is_set=True)
    return computed.of_view(synthetic_type("opaque", call.value.type.qualified_name), view)


def _combined(call: Invocation) -> Value:
    mine, theirs = list(items_of(call)), list(walk_value(call.argument(), call))
    found = set_operation(call.tree.name, mine, theirs, call)
    if call.owner.name == "BTreeSet" and call.tree.name in ("union", "symmetric_difference"):
        return computed.listed(_in_order(found, call))
    return computed.lazily(lambda: walk_value(found, call))


def _in_order(value: Value, call: Invocation) -> list[Value]:
    return sorted_items(walk_value(value, call), call)


def _relation(call: Invocation) -> Value:
    key = call.comparer.key
    mine = {key(item) for item in items_of(call)}
    theirs = {key(item) for item in walk_value(call.argument(), call)}
    found = {
        "is_subset": mine <= theirs,
        "is_superset": mine >= theirs,
        "is_disjoint": not mine & theirs,
    }
    return computed.boolean(found[call.tree.name])


_BORROWED = "impl BorrowOf<K>"

MAP: dict[str, Method] = {
    "fn new() -> Self": _nothing,
    "fn len(&self) -> usize": _len,
    "fn is_empty(&self) -> bool": _is_empty,
    f"fn get(&self, k: {_BORROWED}) -> Option<&V>": _get,
    f"fn get_mut(&mut self, k: {_BORROWED}) -> Option<&mut V>": get_mut,
    f"fn get_key_value(&self, k: {_BORROWED}) -> Option<(&K, &V)>": _get_entry,
    f"fn contains_key(&self, k: {_BORROWED}) -> bool": _contains_key,
}
"""Of both kinds of maps."""

_SIZED: dict[str, Method] = {"fn with_capacity(capacity: usize) -> Self": _nothing}

HASH_MAP: dict[str, Method] = {
    **MAP,
    **_SIZED,
    "fn iter(&self) -> Length<(&K, &V)>": iterate,
    "fn iter_mut(&mut self) -> Length<(&K, &mut V)>": iter_mut,
    "fn keys(&self) -> Length<&K>": _keys,
    "fn values(&self) -> Length<&V>": _values,
    "fn values_mut(&mut self) -> Length<&mut V>": values_mut,
    "fn into_keys(self) -> Length<K>": _keys,
    "fn into_values(self) -> Length<V>": _values,
}
"""Of ``HashMap``."""

TREE_MAP: dict[str, Method] = {
    **MAP,
    "fn iter(&self) -> Exact<(&K, &V)>": iterate,
    "fn iter_mut(&mut self) -> Exact<(&K, &mut V)>": iter_mut,
    "fn keys(&self) -> Exact<&K>": _keys,
    "fn values(&self) -> Exact<&V>": _values,
    "fn values_mut(&mut self) -> Exact<&mut V>": values_mut,
    "fn into_keys(self) -> Exact<K>": _keys,
    "fn into_values(self) -> Exact<V>": _values,
    "fn first_key_value(&self) -> Option<(&K, &V)>": _first,
    "fn last_key_value(&self) -> Option<(&K, &V)>": _last,
    "fn range(&self, range: impl RangeBounds<K>) -> Ends<(&K, &V)>": _map_range,
}
"""Of ``BTreeMap``."""

_MEMBER = "impl BorrowOf<T>"

SET: dict[str, Method] = {
    "fn new() -> Self": _nothing,
    "fn len(&self) -> usize": _len,
    "fn is_empty(&self) -> bool": _is_empty,
    f"fn contains(&self, value: {_MEMBER}) -> bool": _set_contains,
    f"fn get(&self, value: {_MEMBER}) -> Option<&T>": _set_get,
    "fn union(&self, other: &Self) -> Iter<&T>": _combined,
    "fn intersection(&self, other: &Self) -> Iter<&T>": _combined,
    "fn difference(&self, other: &Self) -> Iter<&T>": _combined,
    "fn symmetric_difference(&self, other: &Self) -> Iter<&T>": _combined,
    "fn is_subset(&self, other: &Self) -> bool": _relation,
    "fn is_superset(&self, other: &Self) -> bool": _relation,
    "fn is_disjoint(&self, other: &Self) -> bool": _relation,
}
"""Of both kinds of sets."""

HASH_SET: dict[str, Method] = {**SET, **_SIZED, "fn iter(&self) -> Length<&T>": iterate}
"""Of ``HashSet``."""

TREE_SET: dict[str, Method] = {
    **SET,
    "fn iter(&self) -> Exact<&T>": iterate,
    "fn first(&self) -> Option<&T>": _set_first,
    "fn last(&self) -> Option<&T>": _set_last,
    "fn range(&self, range: impl RangeBounds<T>) -> Ends<&T>": _set_range,
}
"""Of ``BTreeSet``."""
