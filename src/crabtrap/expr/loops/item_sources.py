"""Sources of loops: items that lie side by side in memory, or as good as that."""

from __future__ import annotations

from collections.abc import Callable

from crabtrap.present.containers.adapted import MappedItems
from crabtrap.present.containers.hashtable import HashItems, PairEntries
from crabtrap.present.containers.packed_tree import Column
from crabtrap.present.containers.walkers import ContiguousItems, RingItems
from crabtrap.present.view import Entries, IndexedItems, Items, SequenceView, SlicedItems, View
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type
from crabtrap.values import Memory, Value


@dataclass(frozen=True, slots=True)
class Source:
    """Items of one type, found by their numbers.

    Attributes:
        items: As the general evaluator has them.
        type: Type of an item.
        stride: Bytes from one to the next; not 0.
        read: ``read(start, stop)`` returns the bytes of items ``[start, stop)``.
    """

    items: Items
    type: Type
    length: int
    stride: int
    read: Callable[[int, int], bytes]

    def value(self, index: int) -> Value:
        """An item, as a value of the program."""
        return next(iter(self.items.walk(index, index + 1)))


def find_source(view: View) -> Source | None:
    """The items of a sequence, ``None`` where they do not lie side by side."""
    if not isinstance(view, SequenceView) or view.is_set:
        return None
    return _source_of(view.items)


def _source_of(items: Items) -> Source | None:
    match items:
        case ContiguousItems(array, length):
            return _contiguous(items, array, length)
        case SlicedItems(inner, start, stop):
            whole = _source_of(inner)
            if whole is None or stop > whole.length:
                return None
            read = whole.read
            return Source(
                items,
                whole.type,
                stop - start,
                whole.stride,
                lambda a, b: read(start + a, start + b),
            )
        case RingItems(slots):
            whole = _source_of(slots)
            if whole is None:
                return None
            part = whole.read
            return Source(
                items,
                whole.type,
                items.length,
                whole.stride,
                lambda a, b: b"".join(part(low, high) for low, high in items.runs(a, b)),
            )
        case _:
            return None


def _contiguous(items: ContiguousItems, array: Value, length: int) -> Source | None:
    stride = items.item.strip().size
    if not stride or not isinstance(array.location, Memory):
        return None
    address, reader = array.location.address, array.context.reader
    return Source(
        items,
        items.item,
        length,
        stride,
        lambda a, b: reader.read(address + a * stride, (b - a) * stride),
    )


def bucket_source(entries: Entries) -> tuple[Source, HashItems] | None:
    """All buckets of a hash map with its table, ``None`` for any other map."""
    if isinstance(entries, PairEntries) and isinstance(entries.items, HashItems):
        return _buckets(entries.items)
    return None


def key_source(items: Items) -> tuple[Source, HashItems] | None:
    """All buckets of a hash set with its table, ``None`` for any other set."""
    if isinstance(items, MappedItems) and isinstance(items.inner, HashItems):
        return _buckets(items.inner)
    return None


def _buckets(table: HashItems) -> tuple[Source, HashItems] | None:
    """The buckets as they lie in memory, which is in the reverse of the table's order."""
    stride = table.bucket.strip().size
    if not stride or not table.length:
        return None
    start, reader = table.control - table.buckets * stride, table.owner.context.reader
    count = table.buckets

    def item(index: int) -> Value:
        return next(table.walk_buckets((count - 1 - index,)))

    source = Source(
        IndexedItems(item, count),
        table.bucket,
        count,
        stride,
        lambda a, b: reader.read(start + a * stride, (b - a) * stride),
    )
    return source, table


def column_source(column: Column) -> Source | None:
    """The keys or values of a B-tree, ``None`` where they have no size."""
    stride = column.type.strip().size
    if not stride:
        return None
    length, data = len(column.addresses), column.data
    return Source(
        IndexedItems(column.value, length),
        column.type,
        length,
        stride,
        lambda a, b: data[a * stride : b * stride],
    )
