"""Collections that an expression has made itself, and of which it changes one part at a time.

Values never change: a changed collection is another one, which shares all but one chunk with
the one before it, so that a loop over changes takes time by their number and not by its square.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cmp_to_key
from itertools import chain, islice

from crabtrap.records import dataclass, field
from crabtrap.values import Value

_CHUNK = 1 << 8
"""Items that are copied to replace one of them."""
_BUCKETS = 1 << 8
"""Parts of the entries of a map, one of which is copied to change one of its entries."""

Pair = tuple[Value, Value]
Order = Callable[[Value, Value], int | None]
Bucket = dict[object, tuple[int, Value, Value]]
"""Entries by their keys: when they came, key and value."""


@dataclass(frozen=True, slots=True)
class ChunkedItems:
    """Items of which one after the other is replaced or added."""

    chunks: tuple[tuple[Value, ...], ...]
    length: int

    @classmethod
    def of(cls, values: Iterable[Value]) -> ChunkedItems:
        """The items ``values``."""
        listed = tuple(values)
        starts = range(0, len(listed), _CHUNK)
        return cls(tuple(listed[start : start + _CHUNK] for start in starts), len(listed))

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        first, last = start // _CHUNK, (min(stop, self.length) - 1) // _CHUNK + 1
        return islice(
            chain.from_iterable(self.chunks[first:last]),
            start - first * _CHUNK,
            stop - first * _CHUNK,
        )

    def replaced(self, index: int, value: Value) -> ChunkedItems:
        """The items with another one at ``index``, which is one of them."""
        number, at = divmod(index, _CHUNK)
        chunk = list(self.chunks[number])
        chunk[at] = value
        chunks = (*self.chunks[:number], tuple(chunk), *self.chunks[number + 1 :])
        return ChunkedItems(chunks, self.length)

    def appended(self, value: Value) -> ChunkedItems:
        """The items with one more at the end."""
        full = self.length // _CHUNK
        last = self.chunks[full] if full < len(self.chunks) else ()
        return ChunkedItems((*self.chunks[:full], (*last, value)), self.length + 1)

    def shortened(self) -> ChunkedItems:
        """The items without the last one; there is one."""
        last = self.chunks[-1][:-1]
        return ChunkedItems(
            (*self.chunks[:-1], last) if last else self.chunks[:-1], self.length - 1
        )


@dataclass(frozen=True, slots=True)
class KeyedEntries:
    """Entries of a map, found by what makes their keys equal (``Comparer.key``).

    Attributes:
        order: That of the keys of a tree; ``None`` for a hash table, whose entries are in the
            order in which they came.
        added: How many entries have come so far, those included that were removed.
    """

    order: Order | None
    buckets: tuple[Bucket, ...]
    length: int
    added: int
    _in_order: list[tuple[Pair, ...]] = field(default_factory=list[tuple[Pair, ...]])

    @classmethod
    def of(
        cls, entries: Iterable[tuple[object, Value, Value]], order: Order | None
    ) -> KeyedEntries:
        """The entries given by what makes their keys equal, key and value.

        Of equal keys the first stays, with the last value, as in Rust.
        """
        buckets: list[Bucket] = [{} for _ in range(_BUCKETS)]
        added = 0
        for known, key, value in entries:
            bucket = buckets[hash(known) % _BUCKETS]
            number, first, _ = bucket.get(known, (added, key, value))
            bucket[known] = number, first, value
            added += 1
        return cls(order, tuple(buckets), sum(map(len, buckets)), added)

    def find(self, known: object) -> Pair | None:
        """Find the entry of a key, ``None`` where there is none."""
        found = self.buckets[hash(known) % _BUCKETS].get(known)
        return None if found is None else found[1:]

    def with_entry(self, known: object, key: Value, value: Value) -> KeyedEntries:
        """The entries with this one; a key that is there stays, and gets the value."""
        at = hash(known) % _BUCKETS
        found = self.buckets[at].get(known)
        number, first = (self.added, key) if found is None else found[:2]
        bucket = {**self.buckets[at], known: (number, first, value)}
        return self._with_bucket(at, bucket, self.length + (found is None))

    def without(self, known: object) -> KeyedEntries:
        """The entries without that of a key."""
        at = hash(known) % _BUCKETS
        if known not in self.buckets[at]:
            return self
        bucket = {each: entry for each, entry in self.buckets[at].items() if each != known}
        return self._with_bucket(at, bucket, self.length - 1)

    def _with_bucket(self, at: int, bucket: Bucket, length: int) -> KeyedEntries:
        buckets = (*self.buckets[:at], bucket, *self.buckets[at + 1 :])
        return KeyedEntries(self.order, buckets, length, self.added + 1)

    def walk(self, start: int, stop: int) -> Iterator[Pair]:
        """Yield entries ``[start, stop)``."""
        if not self._in_order:
            self._in_order.append(self._sorted())
        return iter(self._in_order[0][start:stop])

    def _sorted(self) -> tuple[Pair, ...]:
        entries = [entry for bucket in self.buckets for entry in bucket.values()]
        entries.sort(key=lambda entry: entry[0])
        pairs = [(key, value) for _, key, value in entries]
        order = self.order
        if order is not None:
            pairs.sort(key=cmp_to_key(lambda a, b: order(a[0], b[0]) or 0))
        return tuple(pairs)


@dataclass(frozen=True, slots=True)
class KeyedItems:
    """The members of a set: keys of entries whose values are the keys."""

    entries: KeyedEntries

    @property
    def length(self) -> int:
        """Number of members."""
        return self.entries.length

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield members ``[start, stop)``."""
        return (key for key, _ in self.entries.walk(start, stop))
