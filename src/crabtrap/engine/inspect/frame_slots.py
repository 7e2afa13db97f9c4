"""Places of variables in a frame, and the code that has to do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass
from crabtrap.values.value_location import Memory

if TYPE_CHECKING:
    from crabtrap import _core
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.code_rows import Function


@dataclass(frozen=True, slots=True)
class Slot:
    """A variable's bytes in the frame, counted from the canonical frame address."""

    variable: _core.Variable
    start: int
    end: int


def find_slots(frame: Frame) -> tuple[Slot, ...]:
    """Return the places of the locals in scope that are at a fixed one, captures left out."""
    return tuple(slot for slot, in_scope in all_slots(frame) if in_scope)


def all_slots(frame: Frame) -> tuple[tuple[Slot, bool], ...]:
    """Return the places of all locals that are at a fixed one, and whether they are in scope."""
    cfa = frame.cfa
    if cfa is None:
        return ()
    found: list[tuple[Slot, bool]] = []
    for entry in frame.scoped_variables:
        variable = entry.variable
        if entry.kind != "local" or not variable.in_slot:
            continue
        size = frame.size_of(variable)
        location, _ = frame.location_and_pointer(variable)
        if isinstance(location, Memory) and size and not frame.is_capture(entry):
            start = location.address - cfa
            found.append((Slot(variable, start, start + size), entry.in_scope))
    return tuple(found)


def is_unoptimised(frame: Frame) -> bool:
    """Whether every variable of the frame has a place of its own, as without optimisation."""
    return all(
        entry.variable.in_slot
        for entry in frame.scoped_variables
        if entry.variable.has_location
        and not entry.is_compiler_generated
        and not frame.is_capture(entry)
    )


def physical_function(frame: Frame) -> Function | None:
    """Return the function whose code a frame is in: around it, where it is inlined."""
    module = frame.loaded_module
    return module.function_at(frame.lookup_pc) if module is not None else None
