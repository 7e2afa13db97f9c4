"""Walkers of vectors, ring buffers, linked lists and maps in the program's memory.

Each reads no more than the requested items need, and stops with ``UnavailableError``
where the structure contradicts itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crabtrap.address import Address
from crabtrap.present.field_paths import Path, each_layer, part, peel_to_pointer
from crabtrap.present.view import Items
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type, array_type
from crabtrap.values import Memory, UnavailableError, Value


@dataclass(frozen=True, slots=True)
class ContiguousItems:
    """Items side by side.

    Attributes:
        array: The items as one array value; the caller has checked its length.
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
        """Yield items ``[start, stop)``."""
        item = self.item
        stride = item.strip().size or 0
        array = self.array
        for index in range(start, min(stop, self.length)):
            yield array.at(item, index * stride)


def contiguous(owner: Value, item: Type, address: int, length: int) -> ContiguousItems:
    """Return ``length`` items at ``address``, in the context of ``owner``."""
    array = owner.elsewhere(array_type(item, length), Memory(Address(address)))
    return ContiguousItems(array, length)


@dataclass(frozen=True, slots=True)
class RingItems:
    """Items of a ring buffer of ``capacity`` slots, beginning at slot ``head``."""

    slots: ContiguousItems
    head: int
    length: int

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        for low, high in self.runs(start, min(stop, self.length)):
            yield from self.slots.walk(low, high)

    def runs(self, start: int, stop: int) -> tuple[tuple[int, int], ...]:
        """Return items ``[start, stop)`` as two ranges of slots, one of them perhaps empty."""
        capacity = self.slots.length
        if not capacity or start >= stop:
            return ()
        low = (self.head + start) % capacity
        count = stop - start
        first = min(count, capacity - low)
        return ((low, low + first), (0, count - first))


def follow_optional(link: Value) -> Value | None:
    """Follow an ``Option<NonNull<T>>``; returns ``None`` for ``None``."""
    if link.shape.cases is not None:
        case, inside = link.variant()
        if not case.type.fields:
            return None
        link = inside
    pointer = peel_to_pointer(link)
    return pointer.deref() if pointer.pointer_address() else None


@dataclass(frozen=True, slots=True)
class ChainItems:
    """Items of a linked list.

    Attributes:
        first: An optional pointer to the first node.
        next, value: Paths inside a node.
        follow: Follows an optional pointer.
    """

    first: Value
    next: Path
    value: Path
    length: int
    follow: Callable[[Value], Value | None] = follow_optional

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        seen: set[int] = set()
        link = self.first
        for index in range(min(stop, self.length)):
            node = self.follow(link)
            if node is None:
                raise UnavailableError(f"the list ends after {index} of {self.length} items")
            if node.address is not None:
                if node.address in seen:
                    raise UnavailableError(f"the list runs in a circle after {index} items")
                seen.add(node.address)
            if index >= start:
                yield part(node, self.value)
            link = part(node, self.next)


@dataclass(frozen=True, slots=True)
class MappedEntries:
    """The entries of a map that keeps them as a sequence of structs.

    Attributes:
        find: Returns the part of an entry at a path.
    """

    items: Items
    key: Path
    value: Path
    find: Callable[[Value, Path], Value] = part

    @property
    def length(self) -> int | None:
        """Number of items."""
        return self.items.length

    def walk(self, start: int, stop: int) -> Iterator[tuple[Value, Value]]:
        """Yield entries ``[start, stop)``."""
        for entry in self.items.walk(start, stop):
            yield self.find(entry, self.key), self.find(entry, self.value)


_UNINIT = ("MaybeUninit", "ManuallyDrop", "MaybeDangling")


def peel_uninit(value: Value) -> Value:
    """Return the value inside ``MaybeUninit``, for a caller that knows it is initialised."""
    *_, initialised = each_layer(value, _inside_uninit)
    return initialised


def _inside_uninit(value: Value) -> Value | None:
    shape = value.shape
    if shape.row.name.partition("<")[0] not in _UNINIT:
        return None
    return value.at_field(shape.field("value") or shape.fields[-1])
