"""Queues of linked blocks, of which head and tail are positions counted through all blocks."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.present.containers.walkers import peel_uninit
from crabtrap.present.field_paths import LayoutError, Path, part, peel_to_pointer
from crabtrap.present.rules.formula import Amount, amount_of
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import short_name
from crabtrap.present.view import LazyItems, SequenceView, View
from crabtrap.records import dataclass
from crabtrap.values import UnavailableError, Value

_MOST_ITEMS = 1 << 40


@dataclass(frozen=True, slots=True)
class Blocks:
    """Items in linked blocks of slots.

    Positions count the slots of all blocks, and one more after those of each, which
    means that the next block is being linked.

    Attributes:
        block: Path to a pointer to the block of the first item.
        next, slots, value: Paths inside a block to the next one and to an array of slots,
            and inside a slot to its item.
        head, tail: Positions of the first item, and after the last.
    """

    block: Path
    next: Path
    slots: Path
    value: Path
    head: Amount
    tail: Amount
    name: str = ""

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Compare the positions; blocks are read as they are walked over."""
        pointer = peel_to_pointer(part(value, self.block))
        head, tail = amount_of(self.head, value), amount_of(self.tail, value)
        lap = self._lap(pointer)
        head += head % lap == lap - 1
        tail += tail % lap == lap - 1
        length = (tail - tail // lap) - (head - head // lap)
        if not 0 <= length < _MOST_ITEMS:
            raise UnavailableError(f"{short_name(value)} — implausible: head {head}, tail {tail}")
        items = LazyItems(lambda: self._walk(pointer, head, tail, lap), length)
        return SequenceView(items, self.name)

    def _lap(self, pointer: Value) -> int:
        """Positions from one block to the next, by the type of the slots."""
        target = pointer.shape.target
        if target is None:
            raise LayoutError("the type of the blocks is not known")
        slots = part(pointer.elsewhere(target, pointer.location), self.slots).shape
        if slots.kind != "array" or not slots.row.count:
            raise LayoutError(f"{slots.name} is no array")
        return slots.row.count + 1

    def _walk(self, pointer: Value, head: int, tail: int, lap: int) -> Iterator[Value]:
        while head < tail:
            if not pointer.pointer_address():
                raise UnavailableError("the last block comes too early")
            block = pointer.deref()
            if head % lap < lap - 1:
                yield peel_uninit(part(part(block, self.slots).index(head % lap), self.value))
            else:
                pointer = peel_to_pointer(part(block, self.next))
            head += 1
