"""Maps and sets: hash tables, B-trees, sequences of entries, and arenas with free slots."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.present import synthetic
from crabtrap.present.containers.adapted import MappedItems
from crabtrap.present.containers.arena import ArenaEntries, Slots
from crabtrap.present.containers.btree import Edge, TreeEntries, TreeKeys
from crabtrap.present.containers.hashtable import HashItems, JoinedTables, PairEntries, PairItems
from crabtrap.present.containers.plausible import check_buffer
from crabtrap.present.containers.walkers import ContiguousItems, MappedEntries, peel_uninit
from crabtrap.present.field_paths import LayoutError, Path, find_part, part, peel_to_pointer
from crabtrap.present.rules.formula import Amount, Formula, amount_of, evaluate
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import (
    as_sequence,
    buffer,
    payload,
    short_name,
    unwrapped,
)
from crabtrap.present.view import Items, LazyItems, MapView, SequenceView, View
from crabtrap.records import dataclass
from crabtrap.symbols.types import parse_type_path
from crabtrap.values import UnavailableError, Value

_MAX_TREE = 1 << 48
"""Greatest plausible number of entries; no address space holds more."""


@dataclass(frozen=True, slots=True)
class Hash:
    """A hashbrown table: control bytes, and before them the buckets in reverse order.

    Attributes:
        table: Path to the ``RawTable<T>``; ``T`` is ``(key, value)``.
        is_set: The values are ``()``.
        shards: Path to a ``Vec`` or slice whose items have a table each.
    """

    table: Path
    is_set: bool = False
    shards: Path | None = None

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the table, or those of all shards."""
        if self.shards is not None:
            shards = _vector_items(part(value, self.shards))
            tables = [
                _table_items(part(shard, self.table)) for shard in shards.walk(0, shards.length)
            ]
            if not tables:
                raise LayoutError("no shards")
            pairs: PairItems = JoinedTables(tuple(tables))
        else:
            pairs = _table_items(part(value, self.table), short_name(value))
        if self.is_set:
            return SequenceView(MappedItems(pairs, lambda pair: pair.field("0")), is_set=True)
        if pairs.bucket.strip().field("1") is None:
            return SequenceView(pairs, is_set=True)  # a table of other things than pairs
        return MapView(PairEntries(pairs))


def _table_items(table: Value, name: str = "") -> HashItems:
    """Return the occupied buckets of a ``RawTable`` of hashbrown, or of the map around it.

    Raises:
        LayoutError: It is not one.
        UnavailableError: Its numbers contradict each other.
    """
    if parse_type_path(table.shape.path).last != "RawTable":
        table = part(table, "table")
    bucket = table.shape.argument(0)
    if bucket is None:
        raise LayoutError("no bucket type")
    name = name or short_name(table)
    mask, length = part(table, "table.bucket_mask").integer(), part(table, "table.items").integer()
    control = peel_to_pointer(part(table, "table.ctrl")).pointer_address()
    buckets = mask + 1
    if buckets & mask or length > buckets:
        raise UnavailableError(f"{name}(len={length} — implausible: bucket mask {mask:#x})")
    size = bucket.strip().size or 0
    if length:
        check_buffer(
            table.context,
            name,
            address=control - buckets * size,
            length=buckets,
            stride=size + 1,
        )
    return HashItems(table, control, buckets, bucket, length)


@dataclass(frozen=True, slots=True)
class Tree:
    """std's B-tree: a map, or a set where ``is_set``."""

    root: Path
    length: Path
    is_set: bool = False

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the root; the other nodes are found as they are walked over."""
        length = part(value, self.length).integer()
        if length > _MAX_TREE:
            raise UnavailableError(f"{short_name(value)}(len={length} — implausible)")
        root = payload(part(value, self.root))
        front = None
        if root is not None:
            node = peel_to_pointer(part(root, "node")).deref()
            front = Edge(node, part(root, "height").integer())
        entries = TreeEntries(front, length)
        if self.is_set:
            return SequenceView(TreeKeys(entries), is_set=True)
        return MapView(entries)


@dataclass(frozen=True, slots=True)
class Pairs:
    """A map whose entries are the items of a sequence at ``entries``.

    Attributes:
        key, value: Paths inside an entry; without a value it is a set of the keys.
        length: The number of entries, where the sequence does not know it.
    """

    entries: Path
    key: Path
    value: Path | None = None
    length: Amount | None = None

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the sequence; entries inside transparent wrappers are taken out of them."""
        items = self._items(value, view)
        key = self.key

        def entry(item: Value, path: Path) -> Value:
            return part(unwrapped(item, view)[0], path)

        if self.value is not None:
            return MapView(MappedEntries(items, key, self.value, entry))

        def keys() -> Iterator[Value]:
            length = items.length
            return (entry(item, key) for item in items.walk(0, length or 0))

        return SequenceView(LazyItems(keys, items.length), is_set=True)

    def _items(self, value: Value, view: ViewOf) -> Items:
        if self.length is None:
            return _vector_items(part(value, self.entries))
        length = amount_of(self.length, value)
        if not 0 <= length < _MAX_TREE:
            raise UnavailableError(f"{short_name(value)}(len={length} — implausible)")
        if not length:
            return LazyItems(lambda: iter(()), 0)
        return counted_items(part(value, self.entries), length, view)


def counted_items(holder: Value, length: int, view: ViewOf) -> LazyItems:
    """Return the items of whatever is at ``holder``; it must have as many as ``length`` says."""
    _, found = unwrapped(payload(holder) or holder, view)
    items = as_sequence(holder, found).items

    def walk() -> Iterator[Value]:
        count = 0
        for item in items.walk(0, length):
            count += 1
            yield item
        if count < length:
            raise UnavailableError(f"only {count} of {length} items are there")

    return LazyItems(walk, length)


def _vector_items(holder: Value) -> ContiguousItems:
    """Items of a ``Vec``, or of a pointer to a slice."""
    if holder.is_pointer:
        array = holder.deref()
        return ContiguousItems(array, array.shape.row.count or 0)
    item = holder.shape.argument(0)
    if item is None:
        raise LayoutError(f"{holder.type.name} is no sequence")
    length, capacity = part(holder, "len").integer(), part(holder, "buf.cap").integer()
    return buffer(holder, item, part(holder, "buf.ptr"), length, capacity)


@dataclass(frozen=True, slots=True)
class Arena:
    """Slots of which some are free, by their numbers.

    Attributes:
        slots: Path to a ``Vec`` or slice of them.
        value: Path inside a slot; one where it leads nowhere is free.
        occupied: A formula inside a slot that is zero where it is free.
        version: A formula inside a slot: how often it was used, shown as ``3v1``.
        length: The number of slots that are not free.
    """

    slots: Path
    value: Path
    occupied: Formula | None = None
    version: Formula | None = None
    length: Amount | None = None

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the slots; which of them are free is found as they are walked over."""
        slots = _vector_items(part(value, self.slots))
        length = None if self.length is None else amount_of(self.length, value)
        if length is not None and not 0 <= length <= slots.length:
            raise UnavailableError(
                f"{short_name(value)}(len={length} — implausible: {slots.length} slots)"
            )
        return MapView(ArenaEntries(Slots(slots, self._occupant), length, self._key))

    def _occupant(self, slot: Value) -> Value | None:
        if self.occupied is not None and not evaluate(self.occupied, slot):
            return None
        inside = find_part(slot, self.value)
        return None if inside is None else peel_uninit(inside)

    def _key(self, number: int, slot: Value) -> Value:
        if self.version is None:
            return synthetic.usize(number)
        return synthetic.literal(f"{number}v{evaluate(self.version, slot)}")
