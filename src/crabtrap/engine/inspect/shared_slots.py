"""Variables whose places in the frame belong to others meanwhile.

Optimising compilers put variables that are not needed at the same time into one place, and
describe those of a block that was left without code as if they were of the block around it.  A
variable cannot be there where one of a block inside of its own has the same place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.frame_slots import Slot, all_slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap import _core
    from crabtrap.engine.inspect.frame import Frame


def find_shared(frame: Frame) -> frozenset[int]:
    """Return the entries of the variables in scope that are not in their places any more."""
    slots = all_slots(frame)
    return frozenset(
        slot.variable.die for slot, in_scope in slots if in_scope and _is_lent(slot, slots)
    )


def _is_lent(slot: Slot, others: Sequence[tuple[Slot, bool]]) -> bool:
    return any(
        other.variable.die != slot.variable.die
        and other.start < slot.end
        and slot.start < other.end
        and _is_inside(other.variable, slot.variable)
        for other, _ in others
    )


def _is_inside(inner: _core.Variable, outer: _core.Variable) -> bool:
    """Whether the code of a variable's block is all in that of another's."""
    return inner.depth > outer.depth and all(
        any(start <= first and last <= end for start, end in outer.ranges)
        for first, last in inner.ranges
    )
