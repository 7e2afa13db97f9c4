"""Look-ups by key: by descent in trees, by bytes in hash tables, else by a walk over all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import TypeGuard

from crabtrap.expr import computed
from crabtrap.expr.compare import Comparer
from crabtrap.expr.own_collections import KeyedEntries, KeyedItems
from crabtrap.present.containers.btree import TreeEntries, TreeKeys
from crabtrap.present.containers.hashtable import PairEntries, PairItems
from crabtrap.present.view import ALL, Entries, MapView, RangeView, ScalarView, SequenceView
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import Value


def look_up(view: MapView, key: Value, comparer: Comparer) -> Value | None:
    """Find the value of a key, ``None`` where the map does not have it."""
    if isinstance(view.entries, KeyedEntries):
        own = view.entries.find(comparer.key(key))
        return None if own is None else own[1]
    fast = _look_up_scalar(view, key, comparer)
    if fast is not None:
        return fast[0] if fast else None
    if _has_std_order(view.entries):
        entry = next(_entries_from(view.entries, key, comparer), None)
        return entry[1] if entry is not None and comparer.equal(entry[0], key) else None
    for have, value in view.entries.walk(0, ALL if view.length is None else view.length):
        if comparer.equal(have, key):
            return value
    return None


def find_member(view: SequenceView, wanted: Value, comparer: Comparer) -> Value | None:
    """Find the member of a set that equals a value, ``None`` where there is none."""
    if isinstance(view.items, KeyedItems):
        own = view.items.entries.find(comparer.key(wanted))
        return None if own is None else own[0]
    if isinstance(view.items, TreeKeys) and _has_std_order(view.items.entries):
        first = next(_entries_from(view.items.entries, wanted, comparer), None)
        return first[0] if first is not None and comparer.equal(first[0], wanted) else None
    members = view.items.walk(0, ALL if view.length is None else view.length)
    return next((item for item in members if comparer.equal(item, wanted)), None)


def entries_within(
    entries: Entries, bounds: RangeView, comparer: Comparer
) -> Iterator[tuple[Value, Value]]:
    """Yield a map's entries whose keys are in a range; ``entries`` are in key order."""
    is_inside = _range_test(bounds, comparer)
    if _has_std_order(entries):
        found = _entries_from(entries, bounds.start, comparer)
        return takewhile(lambda entry: is_inside(entry[0]), found)
    every = entries.walk(0, ALL if entries.length is None else entries.length)
    return (entry for entry in every if is_inside(entry[0]))


def members_within(view: SequenceView, bounds: RangeView, comparer: Comparer) -> Iterator[Value]:
    """Yield an ordered set's members that are in a range."""
    if isinstance(view.items, TreeKeys):
        return (key for key, _ in entries_within(view.items.entries, bounds, comparer))
    members = view.items.walk(0, ALL if view.length is None else view.length)
    return filter(_range_test(bounds, comparer), members)


def _range_test(bounds: RangeView, comparer: Comparer) -> Callable[[Value], bool]:
    start, end, inclusive = bounds.start, bounds.end, bounds.inclusive

    def is_inside(key: Value) -> bool:
        if start is not None and (comparer.order(key, start) or 0) < 0:
            return False
        if end is None:
            return True
        order = comparer.order(key, end)
        return order is not None and (order < 0 or (order == 0 and inclusive))

    return is_inside


def _entries_from(
    entries: TreeEntries, start: Value | None, comparer: Comparer
) -> Iterator[tuple[Value, Value]]:
    def precedes(key: Value) -> bool:
        return start is not None and (comparer.order(key, start) or 0) < 0

    return entries.walk_from(precedes)


def _has_std_order(entries: Entries) -> TypeGuard[TreeEntries]:
    """Whether these are a tree's whose order is known to be the comparer's.

    A type's own ``Ord`` (``Reverse``'s, a path's, a user's) may be any other order: by it a
    descent would miss keys that are there.
    """
    if not isinstance(entries, TreeEntries) or not entries.length:
        return False
    first = next(entries.walk(0, 1), None)
    return first is not None and _is_std_ordered(first[0].type)


def _is_std_ordered(type_: Type) -> bool:
    shape = type_.strip()
    if shape.path in _TEXTS:
        return True
    if shape.kind == "reference" and shape.target is not None:
        return _is_std_ordered(shape.target)
    if shape.path.startswith("(") and shape.fields:
        return all(_is_std_ordered(field.type) for field in shape.fields)
    return shape.path in PRIMITIVES


_TEXTS = ("&str", "alloc::string::String")


def _look_up_scalar(view: MapView, key: Value, comparer: Comparer) -> tuple[Value, ...] | None:
    """Find the value of a key by its bytes, in a hash table with integer keys.

    Returns:
        The value alone, ``()`` where the key is not there, ``None`` for other maps.
    """
    if not isinstance(view.entries, PairEntries):
        return None
    items = view.entries.items
    wanted = _key_bytes(items, key, comparer)
    if wanted is None:
        return None
    key_field = items.bucket.strip().field("0")
    assert key_field is not None  # pairs have two fields; _key_bytes has seen this one
    pair = items.find(wanted, key_field.offset)
    return () if pair is None else (pair.field("1"),)


def _key_bytes(items: PairItems, key: Value, comparer: Comparer) -> bytes | None:
    """The bytes of a key in this table, ``None`` where its keys are no integers."""
    field_ = items.bucket.strip().field("0")
    if field_ is None:
        return None
    shape = field_.type.strip()
    _, view = comparer.look_through(key)
    if shape.row.encoding not in ("signed", "unsigned") or not isinstance(view, ScalarView):
        return None
    number = view.value.valid()
    if not isinstance(number, int) or isinstance(number, bool) or not computed.fits(number, shape):
        return None
    return computed.integer(number, shape).read_bytes()
