"""Walking containers in the program's memory.

Each walker reads no more than the items asked for need, and stops with
``UnavailableError`` where the structure contradicts itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from crabtrap.address import Address
from crabtrap.present.access import part, peel_to_pointer
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type, array_type
from crabtrap.values import Memory, UnavailableError, Value

_FULL = re.compile(rb"[\x00-\x7f]")
"""A control byte with its top bit clear: the bucket is in use."""
_EMPTY = 0x80
_CONTROL_CHUNK = 4096
_SEARCH_CHUNK = 1 << 16
_NODE_CAPACITY = 11
_MAX_HEIGHT = 24


@dataclass(frozen=True, slots=True)
class ContiguousItems:
    """Items side by side.

    Attributes:
        array: The items as one array value, its length checked by whoever made this.
    """

    array: Value
    length: int

    @property
    def item(self) -> Type:
        """Type of an item."""
        target = self.array.shape.target
        assert target is not None  # arrays have elements
        return target

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Items ``[start, stop)``."""
        item = self.item
        stride = item.strip().size or 0
        array = self.array
        for index in range(start, min(stop, self.length)):
            yield array.at(item, index * stride)


def contiguous(owner: Value, item: Type, address: int, length: int) -> ContiguousItems:
    """``length`` items at ``address``, in the context of ``owner``."""
    array = owner.elsewhere(array_type(item, length), Memory(Address(address)))
    return ContiguousItems(array, length)


@dataclass(frozen=True, slots=True)
class RingItems:
    """Items of a ring buffer of ``capacity`` slots, beginning at slot ``head``."""

    slots: ContiguousItems
    head: int
    length: int

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Items ``[start, stop)``."""
        for low, high in self.runs(start, min(stop, self.length)):
            yield from self.slots.walk(low, high)

    def runs(self, start: int, stop: int) -> tuple[tuple[int, int], ...]:
        """Items ``[start, stop)`` as at most two ranges of slots."""
        capacity = self.slots.length
        if not capacity or start >= stop:
            return ()
        low = (self.head + start) % capacity
        count = stop - start
        first = min(count, capacity - low)
        return ((low, low + first), (0, count - first))


@dataclass(frozen=True, slots=True)
class ChainItems:
    """Items of a linked list."""

    first: Value
    next: str | tuple[str, ...]
    value: str | tuple[str, ...]
    length: int

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Items ``[start, stop)``."""
        seen: set[int] = set()
        link = self.first
        for index in range(min(stop, self.length)):
            node = follow_optional(link)
            if node is None:
                raise UnavailableError(f"the list ends after {index} of {self.length} items")
            if node.address is not None:
                if node.address in seen:
                    raise UnavailableError(f"the list runs in a circle after {index} items")
                seen.add(node.address)
            if index >= start:
                yield part(node, self.value)
            link = part(node, self.next)


def follow_optional(link: Value) -> Value | None:
    """What an ``Option<NonNull<T>>`` points to, ``None`` for ``None``."""
    if link.shape.cases is not None:
        case, inside = link.variant()
        if not case.type.fields:
            return None
        link = inside
    pointer = peel_to_pointer(link)
    return pointer.deref() if pointer.pointer_address() else None


@dataclass(frozen=True, slots=True)
class HashItems:
    """Occupied buckets of a hashbrown table.

    Bucket ``i`` ends ``i`` buckets below the control bytes, which are read in order
    only until enough occupied ones are found.

    Attributes:
        control: Address of the control bytes.
        buckets: Their number.
        bucket: Type of a bucket.
    """

    owner: Value
    control: int
    buckets: int
    bucket: Type
    length: int

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Items ``[start, stop)``."""
        return self.walk_buckets(self.indices(start, stop))

    def walk_buckets(self, indices: Iterable[int]) -> Iterator[Value]:
        """The contents of buckets by number; occupied ones, or what they hold is stale."""
        size = self.bucket.strip().size or 0
        for index in indices:
            address = Address(self.control - (index + 1) * size)
            yield self.owner.elsewhere(self.bucket, Memory(address))

    def indices(self, start: int, stop: int) -> Iterator[int]:
        """Bucket numbers of items ``[start, stop)`` of the table."""
        found = 0
        stop = min(stop, self.length)
        for base in range(0, self.buckets, _CONTROL_CHUNK):
            if found >= stop:
                return
            count = min(_CONTROL_CHUNK, self.buckets - base)
            chunk = self.owner.context.reader.read(self.control + base, count)
            for match in _FULL.finditer(chunk):
                if found >= stop:
                    return
                if found >= start:
                    yield base + match.start()
                found += 1
        if found < stop:
            raise UnavailableError(f"only {found} of {self.length} buckets are in use")

    def find(self, wanted: bytes, offset: int) -> Value | None:
        """The item that has these bytes at ``offset``; the table is read by whole chunks."""
        if not self.length:
            return None
        size = self.bucket.strip().size or 1
        read = self.owner.context.reader.read
        for base in range(0, self.buckets, _SEARCH_CHUNK):
            count = min(_SEARCH_CHUNK, self.buckets - base)
            marks = read(self.control + base, count)
            data = read(self.control - (base + count) * size, count * size)
            at = data.find(wanted)
            while at >= 0:
                slot, inside = divmod(at, size)
                index = count - 1 - slot
                if inside == offset and marks[index] < _EMPTY:
                    return next(self.walk_buckets((base + index,)))
                at = data.find(wanted, at + 1)
        return None


@dataclass(frozen=True, slots=True)
class JoinedItems:
    """The items of several tables, one after the other; there is at least one."""

    tables: tuple[HashItems, ...]

    @property
    def bucket(self) -> Type:
        """Type of an item."""
        return self.tables[0].bucket

    @property
    def length(self) -> int:
        """Number of items."""
        return sum(table.length for table in self.tables)

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Items ``[start, stop)``."""
        base = 0
        for table in self.tables:
            if base >= stop:
                return
            yield from table.walk(max(start - base, 0), stop - base)
            base += table.length

    def find(self, wanted: bytes, offset: int) -> Value | None:
        """The item that has these bytes at ``offset``."""
        found = (table.find(wanted, offset) for table in self.tables)
        return next(filter(None, found), None)


PairItems = HashItems | JoinedItems
"""Items of a hash map or set: ``(key, value)`` tuples."""


@dataclass(frozen=True, slots=True)
class PairEntries:
    """Entries of a map whose items are ``(key, value)`` tuples."""

    items: PairItems

    @property
    def length(self) -> int:
        """Number of items."""
        return self.items.length

    def walk(self, start: int, stop: int) -> Iterator[tuple[Value, Value]]:
        """Entries ``[start, stop)``."""
        for pair in self.items.walk(start, stop):
            yield pair.field("0"), pair.field("1")


@dataclass(frozen=True, slots=True)
class MappedEntries:
    """Entries of a map that keeps them in a sequence of structs."""

    items: ContiguousItems
    key: str | tuple[str, ...]
    value: str | tuple[str, ...]

    @property
    def length(self) -> int:
        """Number of items."""
        return self.items.length

    def walk(self, start: int, stop: int) -> Iterator[tuple[Value, Value]]:
        """Entries ``[start, stop)``."""
        for entry in self.items.walk(start, stop):
            yield part(entry, self.key), part(entry, self.value)


@dataclass(frozen=True, slots=True)
class FirstOfPair:
    """Keys of a set that is a map to ``()``."""

    items: PairItems

    @property
    def length(self) -> int:
        """Number of items."""
        return self.items.length

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Items ``[start, stop)``."""
        for pair in self.items.walk(start, stop):
            yield pair.field("0")


@dataclass(frozen=True, slots=True)
class TreeEntries:
    """Entries of std's B-tree in key order.

    Attributes:
        root: The root node (seen as a leaf), ``None`` for an empty tree.
        height: Levels below it.
    """

    root: Value | None
    height: int
    length: int

    def walk(self, start: int, stop: int) -> Iterator[tuple[Value, Value]]:
        """Entries ``[start, stop)``."""
        if self.root is None or self.height > _MAX_HEIGHT:
            if self.length:
                raise UnavailableError(f"BTreeMap(len={self.length} — implausible: no such root)")
            return
        count = 0
        for entry in self._node(self.root, self.height):
            if count >= min(stop, self.length):
                return
            if count >= start:
                yield entry
            count += 1
        if count < min(stop, self.length):
            raise UnavailableError(f"the tree ends after {count} of {self.length} entries")

    def _node(self, leaf: Value, height: int) -> Iterator[tuple[Value, Value]]:
        used = part(leaf, "len").integer()
        if used > _NODE_CAPACITY:
            raise UnavailableError(f"implausible tree node: {used} keys")
        keys, values = part(leaf, "keys"), part(leaf, "vals")
        edges = _edges(leaf) if height else None
        for index in range(used + 1):
            if edges is not None:
                yield from self._node(_child(edges, index), height - 1)
            if index < used:
                yield peel_uninit(keys.index(index)), peel_uninit(values.index(index))


_UNINIT = ("MaybeUninit", "ManuallyDrop", "MaybeDangling")


def peel_uninit(value: Value) -> Value:
    """The value inside ``MaybeUninit``, where it is known to be initialised."""
    for _ in range(4):
        if value.shape.row.name.partition("<")[0] not in _UNINIT:
            break
        inner = value.shape.field("value") or value.shape.fields[-1]
        value = value.at_field(inner)
    return value


def _edges(leaf: Value) -> Value:
    """The edge array of the internal node whose first field is ``leaf``."""
    parent = part(leaf, "parent")
    node = _pointee_type(parent.shape)
    if node is None or node.field("edges") is None:
        raise UnavailableError("the type of inner tree nodes is not described")
    return leaf.at(node, 0).field("edges")


def _pointee_type(optional: Type) -> Type | None:
    """``T`` of ``Option<NonNull<T>>`` or of a raw pointer."""
    if optional.cases is not None:
        for case in optional.cases.cases:
            if case.type.fields:
                return _pointee_type(case.type.fields[0].type.strip())
        return None
    for layer in optional.walk():
        if layer.kind == "pointer":
            return layer.target
    return None


def _child(edges: Value, index: int) -> Value:
    return peel_to_pointer(peel_uninit(edges.index(index))).deref()
