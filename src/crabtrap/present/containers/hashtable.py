"""Hashbrown's tables: control bytes, and before them the buckets in reverse order.

A control byte with its top bit clear means that the bucket is in use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from crabtrap.address import Address
from crabtrap.present.containers.adapted import JoinedItems
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type
from crabtrap.values import Memory, UnavailableError, Value

_FULL = re.compile(rb"[\x00-\x7f]")
_EMPTY = 0x80
_CONTROL_CHUNK = 4096
_SEARCH_CHUNK = 1 << 16
_GROUP = 16
"""Control bytes that std's iterators examine together: one SSE2 register."""


@dataclass(frozen=True, slots=True)
class HashItems:
    """Occupied buckets of a hashbrown table.

    Bucket ``i`` ends ``i`` buckets below the control bytes, which are read in order
    only until enough occupied ones are found.

    Attributes:
        control: Address of the control bytes.
        buckets: Number of control bytes and buckets.
        bucket: Type of a bucket.
    """

    owner: Value
    control: int
    buckets: int
    bucket: Type
    length: int

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        return self.walk_buckets(self.indices(start, stop))

    def walk_buckets(self, indices: Iterable[int]) -> Iterator[Value]:
        """Yield the contents of buckets by number; a bucket not in use holds stale data."""
        size = self.bucket.strip().size or 0
        for index in indices:
            address = Address(self.control - (index + 1) * size)
            yield self.owner.elsewhere(self.bucket, Memory(address))

    def indices(self, start: int, stop: int) -> Iterator[int]:
        """Yield the bucket numbers of items ``[start, stop)``."""
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
        """Find the item that has these bytes at ``offset``; reads the table in large chunks."""
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
class JoinedTables:
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
        """Yield items ``[start, stop)``."""
        return JoinedItems(self.tables).walk(start, stop)

    def find(self, wanted: bytes, offset: int) -> Value | None:
        """Find the item that has these bytes at ``offset``."""
        found = (table.find(wanted, offset) for table in self.tables)
        return next(filter(None, found), None)


PairItems = HashItems | JoinedTables
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
        """Yield entries ``[start, stop)``."""
        for pair in self.items.walk(start, stop):
            yield pair.field("0"), pair.field("1")


@dataclass(frozen=True, slots=True)
class RemainingItems:
    """The items that an iterator over a table has left.

    Attributes:
        owner: The iterator.
        mask: A bit for each bucket of the current group that is still to come.
        data: Address at which the current group's buckets end.
        control: Address of the next group's control bytes.
        end: Address before which all groups begin.
    """

    owner: Value
    bucket: Type
    mask: int
    data: int
    control: int
    end: int
    length: int

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        stop = min(stop, self.length)
        found = 0
        for address in self._addresses() if start < stop else ():
            if found >= start:
                yield self.owner.elsewhere(self.bucket, Memory(Address(address)))
            found += 1
            if found >= stop:
                return
        if found < stop:
            raise UnavailableError(f"the table ends after {found} of {self.length} items")

    def _addresses(self) -> Iterator[int]:
        size = self.bucket.strip().size or 0
        data, control, mask = self.data, self.control, self.mask
        while True:
            for bit in range(_GROUP):
                if mask >> bit & 1:
                    yield data - (bit + 1) * size
            if control >= self.end:
                return
            marks = self.owner.context.reader.read(control, _GROUP)
            mask = sum(1 << bit for bit, mark in enumerate(marks) if mark < _EMPTY)
            data -= _GROUP * size
            control += _GROUP
