"""Sequences: items side by side, in a ring, or in linked nodes."""

from __future__ import annotations

from crabtrap.present.containers.adapted import MappedItems
from crabtrap.present.containers.walkers import (
    ChainItems,
    ContiguousItems,
    RingItems,
    follow_optional,
    peel_uninit,
)
from crabtrap.present.field_paths import LayoutError, Path, part, peel_to_pointer
from crabtrap.present.rules.formula import Amount, amount_of, is_path
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import (
    buffer,
    buffer_at,
    item_type,
    payload,
    short_name,
    unwrapped,
)
from crabtrap.present.view import IndexedItems, SequenceView, View
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type, array_type
from crabtrap.values import UnavailableError, Value


@dataclass(frozen=True, slots=True)
class Sequence:
    """Items side by side in memory.

    Attributes:
        item: Type of an item: ``"$T"`` of the pattern, ``""`` for what ``data`` points to.
        length, capacity: Counts; no capacity means none is checked.
        data: Path to a pointer to the first item; newtypes around it are peeled.
        inline: Path to the items themselves, where they are stored in the value.
        after: Path to a pointer to a header, behind which the items are.
        offset: Bytes of ``inline`` before the first item.
        mask: A number whose bits say which of the slots at ``inline`` hold an item.
    """

    item: str
    length: Amount | None
    data: Path = ""
    capacity: Amount | None = None
    inline: Path | None = None
    is_set: bool = False
    after: Path | None = None
    offset: Amount = 0
    mask: Amount | None = None

    @property
    def fields(self) -> tuple[Path, Path] | None:
        """The paths of data and length, where the items are those and nothing else."""
        length = self.length
        if self.inline is None and self.after is None and length is not None and is_path(length):
            return self.data, length
        return None

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the items and check that they can be there."""
        item = match.argument(self.item) if self.item.startswith("$") else None
        if self.inline is not None:
            return self._inline(value, peel_uninit(part(value, self.inline)), item)
        assert self.length is not None  # only a mask is in place of a length
        length = amount_of(self.length, value)
        capacity = None if self.capacity is None else amount_of(self.capacity, value)
        if self.after is not None:
            return self._after_header(value, part(value, self.after), item, length, capacity)
        data = part(value, self.data)
        item = item or item_type(peel_to_pointer(data))
        return SequenceView(buffer(value, item, data, length, capacity), is_set=self.is_set)

    def _inline(self, value: Value, slots: Value, item: Type | None) -> View:
        item = item or slots.shape.target
        if item is None:
            raise LayoutError("no item type")
        offset, mask = amount_of(self.offset, value), None
        if self.length is not None:
            length = amount_of(self.length, value)
        else:
            assert self.mask is not None  # a rule has one or the other
            mask = amount_of(self.mask, value)
            length = mask.bit_length()
        room, stride = slots.shape.size, item.strip().size or 0
        if min(offset, length) < 0 or (room is not None and offset + length * stride > room):
            raise UnavailableError(
                f"{short_name(value)}(len={length} — implausible: there is room for "
                f"{max((room or 0) - offset, 0) // (stride or 1)})"
            )
        items = ContiguousItems(slots.at(array_type(item, length), offset), length)
        if mask is None:
            return SequenceView(items, is_set=self.is_set)
        numbers = [number for number in range(length) if mask >> number & 1]
        array = items.array
        return SequenceView(
            IndexedItems(lambda index: array.index(numbers[index]), len(numbers)),
            is_set=self.is_set,
        )

    def _after_header(
        self, value: Value, header: Value, item: Type | None, length: int, capacity: int | None
    ) -> View:
        pointer = peel_to_pointer(header)
        target = pointer.shape.target
        if item is None or target is None:
            raise LayoutError("no item type, or none of the header")
        alignment = item.strip().alignment
        offset = -(-(target.strip().size or 0) // alignment) * alignment
        address = pointer.pointer_address() + offset
        return SequenceView(buffer_at(value, item, address, length, capacity), is_set=self.is_set)


@dataclass(frozen=True, slots=True)
class Ring:
    """Items in a ring buffer.

    Attributes:
        head: The slot of the first item.
        length: The number of items; without one there is an ``end``.
        end: The slot after the last item.
        value: Path inside a slot to its item.
    """

    item: str
    head: Amount
    data: Path
    capacity: Amount
    length: Amount | None = None
    end: Amount | None = None
    value: Path = ""
    name: str = ""

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the slots and check them, head and length."""
        data = part(value, self.data)
        item = match.argument(self.item) if self.item else item_type(peel_to_pointer(data))
        head = amount_of(self.head, value)
        capacity = amount_of(self.capacity, value)
        if not item.size:
            capacity = (1 << 64) - 1  # as std claims for items of no size
        if self.length is not None:
            length = amount_of(self.length, value)
        else:
            assert self.end is not None  # a rule has one or the other
            length = (amount_of(self.end, value) - head) % (capacity or 1)
        slots = buffer(value, item, data, capacity, None)
        if not 0 <= length <= capacity or not 0 <= head <= capacity:
            raise UnavailableError(
                f"{short_name(value)}(len={length} — implausible: capacity {capacity}, head {head})"
            )
        ring = RingItems(slots, head, length)
        if not self.value:
            return SequenceView(ring, self.name)
        path = self.value
        return SequenceView(
            MappedItems(ring, lambda slot: peel_uninit(part(slot, path))), self.name
        )


@dataclass(frozen=True, slots=True)
class Chain:
    """Items in linked nodes.

    Attributes:
        first: Path to an optional pointer to the first node.
        next, value: Paths inside a node.
        by_rules: Rules may say what the pointers are.
    """

    first: Path
    next: Path
    value: Path
    length: Amount
    name: str = ""
    by_rules: bool = False

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the first node; the others are found as they are walked over."""
        length = amount_of(self.length, value)
        first = part(value, self.first)

        def follow(link: Value) -> Value | None:
            inner = payload(link)
            node = None if inner is None else unwrapped(inner, view)[0]
            return None if node is None or node.is_pointer else node  # a null pointer

        how = follow if self.by_rules else follow_optional
        return SequenceView(ChainItems(first, self.next, self.value, length, how), self.name)
