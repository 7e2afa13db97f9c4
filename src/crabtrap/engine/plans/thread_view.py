"""A thread at one stop, as plans see it: cheap, lazy, and by run-time address.

Frames for users are in ``engine.inspect.frame``; plans look at thousands of stops and
only need the pc, the canonical frame address and the code around.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.lazy import lazy

if TYPE_CHECKING:
    from crabtrap._core import Registers
    from crabtrap.engine.plans.regions import CodeIndex
    from crabtrap.symbols.code_rows import Function, Row
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.target.interface import Target

RSP, RIP = 7, 16
"""Columns of ``_core.Registers``."""

_OWN_AND_CALLER = 2


class ThreadView:
    """One thread at one stop.

    Attributes:
        target: Where memory is read.
        modules: The modules that are loaded.
        code: The engine's cache of decoded code.
        thread: tid.
        registers: General registers of the innermost frame.
        pc: Address of the next instruction.
    """

    def __init__(
        self,
        target: Target,
        modules: ModuleTable,
        code: CodeIndex,
        thread: int,
        registers: Registers,
    ) -> None:
        self.target = target
        self.modules = modules
        self.code = code
        self.thread = thread
        self.registers = registers
        self.pc = Address(registers[RIP] or 0)

    @property
    def sp(self) -> int:
        """Stack pointer."""
        return self.registers[RSP] or 0

    @lazy
    def module(self) -> Module | None:
        """The module the pc is in."""
        return self.modules.find(self.pc)

    @lazy
    def chain(self) -> tuple[Function, ...]:
        """Inline instances at the pc, innermost first, the concrete function last."""
        return self.module.inline_chain(self.pc) if self.module is not None else ()

    @lazy
    def row(self) -> Row | None:
        """The line-table row the pc is in."""
        return self.module.row_at(self.pc) if self.module is not None else None

    @lazy
    def _two_frames(self) -> _core.Backtrace:
        return self.unwind(_OWN_AND_CALLER)

    @property
    def cfa(self) -> int | None:
        """Canonical frame address of the innermost physical frame."""
        return self._two_frames.cfas[0]

    @property
    def return_address(self) -> Address | None:
        """Return address of the innermost physical frame, ``None`` where unknown."""
        trace = self._two_frames
        return Address(trace.pcs[1]) if len(trace) >= _OWN_AND_CALLER else None

    def unwind(self, limit: int) -> _core.Backtrace:
        """Unwind at most ``limit`` physical frames."""
        return _core.unwind(self.modules.unwinding_map, self.registers, self.target.memory, limit)
