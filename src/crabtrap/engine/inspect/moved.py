"""Variables that were moved away: their places hold what belongs to others now.

The compiler drops whatever still owns something where its block ends, and nothing that was
moved.  So a variable of a type that is dropped has been moved where no way from the pc to
the function's end reads, writes or passes on its place.  Where a variable is moved on some ways
only, a flag of the compiler's decides at run time whether it is dropped; it counts as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.engine.inspect.coroutine_poll import owns_nothing
from crabtrap.engine.inspect.frame_slots import physical_function
from crabtrap.records import dataclass
from crabtrap.symbols.poll_states import read_code
from crabtrap.values.value_location import Memory

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type

_MOST_CODE = 1 << 15
"""Bytes of code that are looked at."""
_MOST_INLINED = 50
"""Inline instances that are looked at."""


@dataclass(frozen=True, slots=True)
class _Rest:
    """What may still run in a function from an instruction on, if nothing unwinds.

    Code that unwinding leads to serves many calls, and asks flags what there is to drop.
    """

    code: _core.FunctionCode
    pc: int

    def reaches(self, address: int) -> bool:
        return _core.is_accessed_between(self.code, self.pc, address, []) is not None

    @property
    def returns(self) -> bool:
        """Whether the function may still return, so that everything in it is dropped."""
        return any(
            self.reaches(one.address)
            for address, data in self.code[0]
            for one in _core.disassemble(data, address)
            if one.flow == "return"
        )

    def is_used(self, accesses: tuple[int, ...]) -> bool:
        return any(self.reaches(address) for address in reversed(accesses))


def is_moved(frame: Frame, variable: _core.Variable) -> bool:
    """Whether a variable in a fixed place of a frame that was not optimised was moved away."""
    module, function, cfa = frame.loaded_module, physical_function(frame), frame.cfa
    type_ = frame.type_of(variable)
    if module is None or function is None or cfa is None or not _is_dropped(module, type_):
        return False
    location, _ = frame.location_and_pointer(variable)
    code, size = read_code(function), type_.strip().size
    if code is None or not size or not isinstance(location, Memory):
        return False
    if sum(len(data) for _, data in code[0]) > _MOST_CODE:
        return False
    start = location.address - cfa
    found = _core.accesses_before(code, int(frame.pc), [((start, start + size), ())], exact=True)
    rest = _Rest((code[0], code[1], ()), int(frame.pc))
    is_used = found is None or rest.is_used(found[0][0])
    return not is_used and rest.returns


def has_all_drops(frame: Frame) -> bool:
    """Whether a frame's function drops all that it owns: optimisers leave out what does nothing.

    Those are at work where variables of what was inlined are not each in one place.
    """
    module, function = frame.loaded_module, physical_function(frame)
    return module is not None and function is not None and not _is_optimised(module, function)


def _is_optimised(module: Module, function: Function) -> bool:
    spans = module.line_spans(function.ranges[0][0], 0)
    inlined = {span.callee.die: span.callee for span in spans if span.callee is not None}
    return any(
        variable.has_location and not variable.in_slot
        for callee in list(inlined.values())[:_MOST_INLINED]
        for variable in module.image.variables(callee.die)
    )


def _is_dropped(module: Module, type_: Type) -> bool:
    """Whether a type has code that drops it, or the parts of a type of the user's have."""
    shape = type_.strip()
    if shape.kind == "function" or shape.is_code_pointer or owns_nothing(shape):
        return False
    if shape.row.name.startswith("("):
        # There may be code that drops a tuple and does nothing.
        return any(_is_dropped(module, field.type) for field in shape.fields)
    known = module.dropped_types.get(type_.path)
    if known is None:
        name = f"drop_in_place<{type_.path}>"
        known = any(each.name.endswith(f"::{name}") for each in module.find_functions(name))
        module.dropped_types[type_.path] = known  # before its parts, which may have it again
        if not known and not type_.is_std:
            known = any(_is_dropped(module, field.type) for field in shape.fields)
            module.dropped_types[type_.path] = known
    return known
