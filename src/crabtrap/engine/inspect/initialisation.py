"""Variables that cannot have a value yet.

Debug information says where a variable is for all of its block, and a block may begin before
the variable does: at ``let x;``, or while a pattern is still being matched.  The function's
code tells: where no way to the pc leads over an instruction that has to do with the variable's
place, there is no value yet.  Wherever that is not certain, the value is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.errors import MemoryFault
from crabtrap.records import dataclass
from crabtrap.values.value_location import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module

_LARGEST_FUNCTION = 1 << 18
"""Bytes of code that are looked at for one frame."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """A variable's bytes in the frame, counted from the canonical frame address."""

    variable: _core.Variable
    start: int
    end: int


def find_uninitialised(frame: Frame) -> frozenset[int]:
    """Return the entries of the variables in scope that cannot have a value at the frame's pc."""
    module, slots = frame.loaded_module, _slots(frame)
    function = module.function_at(frame.lookup_pc) if module is not None else None
    if module is None or function is None or not slots or frame.language != "rust":
        return frozenset()
    parts = _code(module, function)
    if not parts:
        return frozenset()
    exact = all(variable.in_slot for variable in _own_variables(frame))
    query = _Query(module, function, parts, int(frame.pc), exact)
    found = query.accesses(slots, anew=False)
    never = {slot.variable.die for slot, _, last in found if not last}
    # Declared with its value, it is in scope anew in every round of a loop.
    declared = [slot for slot, every, _ in found if query.any_at_declaration(slot, every)]
    if exact and declared:
        again = query.accesses(declared, anew=True)
        never |= {slot.variable.die for slot, _, last in again if not last}
    return frozenset(never)


_Found = tuple[_Slot, tuple[int, ...], tuple[int, ...]]
"""A slot, all instructions that have to do with it, and the last ones before the pc."""


@dataclass(frozen=True, slots=True)
class _Query:
    module: Module
    function: Function
    parts: tuple[tuple[int, bytes], ...]
    pc: int
    exact: bool

    def accesses(self, slots: Sequence[_Slot], *, anew: bool) -> tuple[_Found, ...]:
        found = _core.accesses_before(
            self.parts,
            int(self.function.entry),
            tuple(
                (pad.start, pad.end, pad.address)
                for start, _ in self.function.ranges
                for pad in self.module.landing_pads(start)
            ),
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
        bias = self.module.bias
        return tuple((start + bias, end + bias) for start, end in variable.ranges)

    def any_at_declaration(self, slot: _Slot, accesses: Sequence[int]) -> bool:
        """Whether the line of the declaration gives the variable its value."""
        rows = (self.module.row_at(self.module.address(a - self.module.bias)) for a in accesses)
        line = slot.variable.declaration_line
        return any(row is not None and row.line == line for row in rows)


def _own_variables(frame: Frame) -> tuple[_core.Variable, ...]:
    """The variables that have a place, those left out that a closure has captured."""
    return tuple(
        entry.variable
        for entry in frame.scoped_variables
        if entry.variable.has_location
        and not entry.is_compiler_generated
        and not frame.is_capture(entry)
    )


def _slots(frame: Frame) -> tuple[_Slot, ...]:
    cfa = frame.cfa
    if cfa is None:
        return ()
    found: list[_Slot] = []
    for entry in frame.scoped_variables:
        variable = entry.variable
        if entry.kind != "local" or not entry.in_scope or not variable.in_slot:
            continue
        size = frame.size_of(variable)
        location, _ = frame.location_and_pointer(variable)
        if isinstance(location, Memory) and size and not frame.is_capture(entry):
            start = location.address - cfa
            found.append(_Slot(variable, start, start + size))
    return tuple(found)


def _code(module: Module, function: Function) -> tuple[tuple[int, bytes], ...]:
    size = sum(end - start for start, end in function.ranges)
    if size > _LARGEST_FUNCTION:
        return ()
    try:
        return tuple(
            (int(start), module.read(start, end - start)) for start, end in function.ranges
        )
    except MemoryFault:
        return ()
