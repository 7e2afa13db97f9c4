"""Variables that cannot have a value yet.

Debug information says where a variable is for all of its block, and a block may begin before
the variable does: at ``let x;``, or while a pattern is still being matched.  The function's
code tells: where no way to the pc leads over an instruction that has to do with the variable's
place, there is no value yet.  Wherever that is not certain, the value is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.engine.inspect.frame_slots import (
    Slot,
    find_slots,
    is_unoptimised,
    physical_function,
)
from crabtrap.records import dataclass
from crabtrap.symbols.poll_states import read_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.code_rows import Function


def find_uninitialised(frame: Frame) -> frozenset[int]:
    """Return the entries of the variables in scope that cannot have a value at the frame's pc."""
    function, slots = physical_function(frame), find_slots(frame)
    if function is None or not slots or frame.language != "rust":
        return frozenset()
    code = read_code(function)
    if code is None:
        return frozenset()
    exact = is_unoptimised(frame)
    query = _Query(function, code, int(frame.pc), exact)
    found = query.accesses(slots, anew=False)
    never = {slot.variable.die for slot, _, last in found if not last}
    # Declared with its value, it is in scope anew in every round of a loop.
    declared = [slot for slot, every, _ in found if query.any_at_declaration(slot, every)]
    if exact and declared:
        again = query.accesses(declared, anew=True)
        never |= {slot.variable.die for slot, _, last in again if not last}
    return frozenset(never)


_Found = tuple[Slot, tuple[int, ...], tuple[int, ...]]
"""A slot, all instructions that have to do with it, and the last ones before the pc."""


@dataclass(frozen=True, slots=True)
class _Query:
    function: Function
    code: _core.FunctionCode
    pc: int
    exact: bool

    def accesses(self, slots: Sequence[Slot], *, anew: bool) -> tuple[_Found, ...]:
        found = _core.accesses_before(
            self.code,
            self.pc,
            [
                ((slot.start, slot.end), self._scope(slot.variable) if anew else ())
                for slot in slots
            ],
            exact=self.exact,
        )
        if found is None:
            return ()
        return tuple((slot, *pair) for slot, pair in zip(slots, found, strict=True))

    def _scope(self, variable: _core.Variable) -> tuple[tuple[int, int], ...]:
        bias = self.function.module.bias
        return tuple((start + bias, end + bias) for start, end in variable.ranges)

    def any_at_declaration(self, slot: Slot, accesses: Sequence[int]) -> bool:
        """Whether the line of the declaration gives the variable its value."""
        module = self.function.module
        rows = (module.row_at(module.address(a - module.bias)) for a in accesses)
        line = slot.variable.declaration_line
        return any(row is not None and row.line == line for row in rows)
