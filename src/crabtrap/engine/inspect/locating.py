"""Where the variables of a frame are, as far as the debug information can be relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.coroutine_poll import Leftovers, argument_kept, find_leftovers
from crabtrap.engine.inspect.environments import relocate_capture
from crabtrap.engine.inspect.frame_slots import is_unoptimised, physical_function
from crabtrap.engine.inspect.initialisation import find_uninitialised
from crabtrap.engine.inspect.loop_counters import counter_of, counts_otherwise
from crabtrap.engine.inspect.moved import has_all_drops, is_moved
from crabtrap.engine.inspect.shared_slots import find_shared
from crabtrap.lazy import lazy
from crabtrap.symbols.breakpoint_locations import after_prologue
from crabtrap.values.value_location import Absent, Bytes, location_from_pieces

if TYPE_CHECKING:
    from crabtrap import _core
    from crabtrap.address import Address
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.module import Module
    from crabtrap.values.value_location import ValueLocation

_GONE = Absent("optimised out")
_MOVED = Absent("moved or dropped: nothing uses it any more")
_REPLACED = Absent("optimised out: computed from a loop counter that is not the program's")

_POINTER_SIZE = 8
_STACK_POINTER = 7
"""DWARF number of rsp."""


class VariableLocator:
    """Finds the variables of one frame."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._counters: dict[int, bool] = {}

    def locate(self, variable: _core.Variable) -> ValueLocation:
        """Find a variable's value; absent with the reason where it has none."""
        if variable.in_slot and self._is_moved(variable):
            return _MOVED
        if variable.in_slot and variable.kind == "local":
            if variable.die in self._uninitialised:
                return Absent("not yet initialised")
            if variable.die in self._shared:
                return _GONE
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
            return _GONE, None
        pieces = self.pieces(module, variable, frame.lookup_pc)
        if pieces[0].kind == "absent" and frame.has_captures and variable.depth == 0:
            # The compiler may leave a gap at a call; a capture is there before and after it.
            pieces = self.pieces(module, variable, frame.pc)
        if self._in_prologue and any(piece.kind == "memory" for piece in pieces):
            return Absent("the function has not set up its frame yet"), None
        relocated = relocate_capture(frame, variable, pieces) if frame.has_captures else None
        if relocated is not None:
            return relocated
        size = frame.size_of(variable)
        gone = {n: reason for n, piece in enumerate(pieces) if (reason := self._doubt(piece, size))}
        location = location_from_pieces(pieces, size, gone)
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
        return frozenset[int]() if self._is_unoptimised else find_shared(self._frame)

    def _is_moved(self, variable: _core.Variable) -> bool:
        return (
            self._tells_moves
            and variable.die not in self._uninitialised
            and is_moved(self._frame, variable)
        )

    @lazy
    def _tells_moves(self) -> bool:
        """Whether the code of the frame's function tells what was moved away."""
        frame = self._frame
        if frame.has_captures or frame.language != "rust" or not self._is_unoptimised:
            return False
        return has_all_drops(frame)

    @lazy
    def _is_unoptimised(self) -> bool:
        return is_unoptimised(self._frame)

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
    def _doubt(self, piece: _core.Piece, size: int | None) -> Absent | None:
        """Why a part of a value, or the whole of this size, is not what it is said to be."""
        if self._is_replaced(piece):
            return _REPLACED
        # A pointer into the frame is the stack pointer and an offset.  Any other value that is
        # computed from it was meant to be computed from what is there.
        is_pointer = piece.base is not None and (piece.size or size) == _POINTER_SIZE
        return _GONE if piece.computed_from == _STACK_POINTER and not is_pointer else None

    def _is_replaced(self, piece: _core.Piece) -> bool:
        """Whether a value is said to depend on a counter that is not the program's."""
        register = counter_of(piece)
        if register is None:
            return False
        if register not in self._counters:
            function = physical_function(self._frame)
            self._counters[register] = counts_otherwise(function, int(self._frame.pc), register)
        return self._counters[register]
