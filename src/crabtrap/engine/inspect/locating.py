"""Where the variables of a frame are, as far as the debug information can be relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.engine.inspect.coroutine_poll import Leftovers, argument_kept, find_leftovers
from crabtrap.engine.inspect.environments import relocate_capture
from crabtrap.engine.inspect.frame_slots import is_unoptimised, physical_function, read_code
from crabtrap.engine.inspect.initialisation import find_uninitialised
from crabtrap.engine.inspect.shared_slots import find_shared
from crabtrap.lazy import lazy
from crabtrap.symbols.breakpoint_locations import after_prologue
from crabtrap.values.value_location import Absent, Bytes, location_from_pieces

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.module import Module
    from crabtrap.values.value_location import ValueLocation

_REPLACED = Absent("optimised out: computed from a loop counter that is not the program's")


class VariableLocator:
    """Finds the variables of one frame."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._counters: dict[int, bool] = {}

    def locate(self, variable: _core.Variable) -> ValueLocation:
        """Find a variable's value; absent with the reason where it has none."""
        if variable.in_slot and variable.kind == "local":
            if variable.die in self._uninitialised:
                return Absent("not yet initialised")
            if variable.die in self._shared:
                return Absent("optimised out")
            if variable.die in self._leftovers.stale:
                return self._location_before(variable)
        return self.locate_with_pointer(variable)[0]

    def locate_with_pointer(self, variable: _core.Variable) -> tuple[ValueLocation, int | None]:
        """Find where a variable is, and the address of the pointer that led there, if one did."""
        frame = self._frame
        if variable.constant is not None:
            return Bytes(variable.constant), None
        module = frame.loaded_module
        if module is None or not variable.has_location:
            return Absent("optimised out"), None
        pieces = self.pieces(module, variable, frame.lookup_pc)
        if pieces[0].kind == "absent" and frame.has_captures and variable.depth == 0:
            # The compiler may leave a gap at a call; a capture is there before and after it.
            pieces = self.pieces(module, variable, frame.pc)
        if self._in_prologue and any(piece.kind == "memory" for piece in pieces):
            return Absent("the function has not set up its frame yet"), None
        relocated = relocate_capture(frame, variable, pieces) if frame.has_captures else None
        if relocated is not None:
            return relocated
        gone = {n: _REPLACED for n, piece in enumerate(pieces) if self._is_replaced(piece)}
        location = location_from_pieces(pieces, frame.size_of(variable), gone)
        return location, pieces[0].pointer if len(pieces) == 1 else None

    def pieces(
        self, module: Module, variable: _core.Variable, pc: Address
    ) -> tuple[_core.Piece, ...]:
        """Evaluate a variable's location for the frame, as it is at ``pc``."""
        physical = self._frame.logical.physical
        return module.locate(
            variable.die,
            pc=pc,
            registers=physical.registers,
            cfa=physical.cfa,
            memory=self._frame.thread.process.target.memory,
        )

    # -- what has no value -------------------------------------------------------------
    @lazy
    def _uninitialised(self) -> frozenset[int]:
        return find_uninitialised(self._frame)

    @lazy
    def _shared(self) -> frozenset[int]:
        return frozenset[int]() if is_unoptimised(self._frame) else find_shared(self._frame)

    @lazy
    def _leftovers(self) -> Leftovers:
        return find_leftovers(self._frame) if self._frame.has_captures else Leftovers()

    def _location_before(self, variable: _core.Variable) -> ValueLocation:
        kept = None
        if variable.die in self._leftovers.untouched:
            kept = argument_kept(self._frame, variable.die)
        return Absent("not kept over the await") if kept is None else self.locate(kept)

    @lazy
    def _in_prologue(self) -> bool:
        """Whether it is the innermost frame, stopped inside of its function's prologue."""
        code = self._frame.code
        if code is None or code.inlined or self._frame.logical.physical.index != 0:
            return False
        return code.entry <= self._frame.pc < after_prologue(code)

    # -- what is not what it is said to be ---------------------------------------------
    def _is_replaced(self, piece: _core.Piece) -> bool:
        """Whether a value is said to be, or to be computed from, another counter than it is.

        LLVM replaces a loop's counter by one that counts down to zero, or in bytes, where that
        is cheaper.  It corrects the locations of variables that are the counter itself; what is
        computed from it, and a part of a variable, may keep its expression, on the new counter.
        """
        register = piece.computed_from
        if register is None and piece.kind == "register" and piece.size:
            register = piece.register
        return register is not None and self._counts_otherwise(register)

    def _counts_otherwise(self, register: int) -> bool:
        """Whether a register counts the rounds of a loop in another way than ranges do."""
        if register not in self._counters:
            function = physical_function(self._frame)
            code = read_code(function) if function is not None else None
            pc = int(self._frame.pc)
            steps = _core.counter_steps(code, pc, register) if code is not None else []
            self._counters[register] = any(size != 1 or ends for size, ends in steps)
        return self._counters[register]
