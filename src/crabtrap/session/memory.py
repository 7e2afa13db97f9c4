"""The program's memory: bytes, and the instructions they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import Running, Stopped, require
from crabtrap.events import MemoryWritten

if TYPE_CHECKING:
    from crabtrap.session.core import Core

_LONGEST_INSTRUCTION = 15

Syntax = Literal["intel", "att"]


@through_door()
class ProgramMemory:
    """Reads and writes bytes by run-time address, also while the program runs.

    Attributes:
        syntax: Of disassembly: "intel" or "att".
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self.syntax: Syntax = "intel"

    @property
    def door(self) -> Door:
        """Where calls of other threads are turned back."""
        return self._core.door

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes; before launch, what the file has.

        Trap bytes of the debugger are never seen.

        Raises:
            MemoryFault: Some byte cannot be read.
        """
        return self._core.program.debuggee.target.read_memory(Address(address), size)

    def write(self, address: int, data: bytes) -> None:
        """Write bytes; traps that lie there stay in force.

        Raises:
            MemoryFault: Some byte cannot be written; earlier ones may have been.
            StateError: There is no program.
        """
        write_memory(self._core, address, data)

    def disassemble(
        self, start: int, end: int | None = None, *, count: int | None = None
    ) -> tuple[_core.Instruction, ...]:
        """Decode ``[start, end)`` or ``count`` instructions from ``start``.

        Raises:
            MemoryFault: There is nothing at ``start``.
        """
        size = end - start if end is not None else (count or 1) * _LONGEST_INSTRUCTION
        code = self._core.program.debuggee.target.memory.read_partial(start, size)
        if not code:
            code = self.read(start, 1)
        return _core.disassemble(code, start, count, self.syntax)


def write_memory(core: Core, address: int, data: bytes) -> None:
    """Write into the program, forget what was read of it, and publish that."""
    require(core.state, Stopped, Running, to="write memory")
    program = core.program
    program.debuggee.control.write_memory(Address(address), data)
    program.inspector.forget_memory()
    core.events.publish(MemoryWritten(Address(address), len(data)))
