"""The program's memory: bytes and disassembly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import Running, Stopped, require
from crabtrap.errors import RangeError
from crabtrap.events import MemoryWritten

if TYPE_CHECKING:
    from crabtrap.session.core import Core

_MOST_CODE = 64 << 20
"""Bytes that are disassembled at once."""
_LONGEST_INSTRUCTION = 15

Syntax = Literal["intel", "att"]


@through_door()
class ProgramMemory:
    """Reads and writes bytes by run-time address, also while the program runs.

    Attributes:
        syntax: Assembly syntax: "intel" or "att".
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self.syntax: Syntax = "intel"

    @property
    def door(self) -> Door:
        """The check that refuses calls of other threads."""
        return self._core.door

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes; before launch, those of the file.

        The debugger's trap instructions are never among them.

        Raises:
            MemoryFault: Some byte cannot be read.
        """
        return self._core.program.debuggee.target.read_memory(Address(address), size)

    def read_partial(self, address: int, size: int) -> bytes:
        """Read ``size`` bytes, or those before the first that cannot be read; see ``read``."""
        return self._core.program.debuggee.target.memory.read_partial(Address(address), size)

    def write(self, address: int, data: bytes) -> None:
        """Write bytes; sites in the range stay inserted.

        Raises:
            MemoryFault: Some byte cannot be written; earlier ones may have been.
            StateError: There is no program.
        """
        write_memory(self._core, address, data)

    def disassemble(
        self, start: int, end: int | None = None, *, count: int | None = None
    ) -> tuple[_core.Instruction, ...]:
        """Disassemble ``[start, end)`` or ``count`` instructions from ``start``.

        Raises:
            MemoryFault: The byte at ``start`` cannot be read.
            RangeError: ``end`` lies before ``start``, or so far behind that it is no code.
        """
        size = end - start if end is not None else (count or 1) * _LONGEST_INSTRUCTION
        if not 0 <= size <= _MOST_CODE:
            raise RangeError(f"{start:#x} to {start + size:#x} is no range of code")
        code = self._core.program.debuggee.target.memory.read_partial(start, size)
        if not code:
            code = self.read(start, 1)
        return _core.disassemble(code, start, count, self.syntax)


def write_memory(core: Core, address: int, data: bytes) -> None:
    """Write memory of the program, drop cached memory, and publish ``MemoryWritten``."""
    require(core.state, Stopped, Running, to="write memory")
    program = core.program
    program.debuggee.control.write_memory(Address(address), data)
    program.inspector.forget_memory()
    core.events.publish(MemoryWritten(Address(address), len(data)))
