"""A frame to come back to: what stays the same of it while the program runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap import _core
    from crabtrap.address import Address
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module


@dataclass(frozen=True, slots=True)
class FramePlace:
    """One activation of a function, told from others by its CFA.

    Attributes:
        thread: tid.
        cfa: Canonical frame address.
        function: The function or inline instance.
        module: The module it is in.
        pc: Where the frame was when this was made, as scopes are looked up.
        registers: Its general registers then.
    """

    thread: int
    cfa: int
    function: Function
    module: Module
    pc: Address
    registers: _core.Registers

    def find(self, process: Process) -> Frame | None:
        """Find the frame at the present stop; ``None`` once it has returned."""
        if self.thread not in process.thread_infos:
            return None
        thread = process.thread(self.thread)
        index = 0
        while frames := thread.frames(index, 1):
            (frame,) = frames
            # Callers lie at higher addresses.
            if frame.cfa is None or frame.cfa > self.cfa:
                return None
            if frame.cfa == self.cfa and self._is_of(frame.code):
                return frame
            index += 1
        return None

    def _is_of(self, code: Function | None) -> bool:
        return code is not None and code.key == self.function.key


def place_of(frame: Frame) -> FramePlace | None:
    """Return how to find ``frame`` again, ``None`` where its function or CFA is unknown."""
    function, module, cfa = frame.code, frame.loaded_module, frame.cfa
    if function is None or module is None or cfa is None:
        return None
    return FramePlace(
        frame.thread.tid,
        cfa,
        function,
        module,
        frame.lookup_pc,
        frame.logical.physical.registers,
    )
