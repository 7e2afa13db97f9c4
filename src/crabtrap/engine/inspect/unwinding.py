"""The stack of one thread at one stop.

Physical frames (one per call instruction) come from ``_core.unwind`` in growing
portions; logical frames (inlined calls included) are expanded only as far as they are
asked for, so that the top of a 10,000-deep recursion costs as much as that of a shallow
stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.symbols.code_rows import Function, Row
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable

FRAME_LIMIT = 100_000
"""Limit on physical frames: an overflowed 8 MiB stack has about that many."""
_PORTIONS = (2, 64, 1024)
"""Physical frames unwound at first, then when more are asked for, before the limit."""


class PhysicalFrame:
    """One activation of a concrete function.

    Attributes:
        index: 0 is the innermost.
        pc: The next instruction to run in it; a return address for callers.
        lookup_pc: The address to look up lines and scopes for: inside the call instruction
            for callers, because a call may be the last instruction of its line or function.
        cfa: Canonical frame address, ``None`` where unknown.
        is_signal: It is a signal trampoline, see ``sigreturn(2)``.
    """

    __slots__ = ("_backtrace", "cfa", "index", "is_signal", "lookup_pc", "pc")

    def __init__(
        self,
        backtrace: _core.Backtrace,
        index: int,
        pc: Address,
        lookup_pc: Address,
        cfa: int | None,
        is_signal: bool,
    ) -> None:
        self._backtrace = backtrace
        self.index = index
        self.pc = pc
        self.lookup_pc = lookup_pc
        self.cfa = cfa
        self.is_signal = is_signal

    @property
    def registers(self) -> _core.Registers:
        """Register values as this frame sees them; ``None`` for those that are lost."""
        return self._backtrace.registers(self.index)


@dataclass(slots=True)  # not frozen: it would take twice as long to make ten thousand
class LogicalFrame:
    """One frame as users see it: a concrete function or an inline instance.

    Attributes:
        index: 0 is the innermost.
        physical: The activation it is part of; inlined frames share it.
        module: ``None`` where the pc is in no module.
        function: ``None`` where there is no debug information.
        callee: The inline instance in it that contains the pc, ``None`` where there is none.
        row: The line-table row of ``physical.lookup_pc``.
    """

    index: int
    physical: PhysicalFrame
    module: Module | None
    function: Function | None
    callee: Function | None
    row: Row | None

    @property
    def position(self) -> tuple[str | None, int, int]:
        """Path, line and column of the frame; with an inlined callee, those of the call."""
        if self.callee is not None:
            return self.callee.call_path, self.callee.call_line, self.callee.call_column
        if self.row is None:
            return None, 0, 0
        return self.row.path, self.row.line, self.row.column


class Stack:
    """All frames of one thread, unwound and expanded as far as asked for."""

    def __init__(
        self,
        registers: _core.Registers,
        memory: _core.Memory,
        modules: ModuleTable,
        *,
        limit: int = FRAME_LIMIT,
    ) -> None:
        """Prepare; nothing is unwound yet.

        Args:
            registers: General registers of the thread as it stopped.
            memory: The program's memory.
            modules: The modules that are loaded.
            limit: Maximum number of physical frames.
        """
        self._registers = registers
        self._memory = memory
        self._modules = modules
        self._limits = [*(n for n in _PORTIONS if n < limit), limit]
        self._backtrace: _core.Backtrace | None = None
        # The native object builds these tuples at each access, so they are kept.
        self._pcs: Sequence[int] = ()
        self._cfas: Sequence[int | None] = ()
        self._exhausted = False
        self._frames: list[LogicalFrame] = []
        self._expanded = 0

    def frame(self, index: int) -> LogicalFrame | None:
        """Return logical frame ``index``, 0 being the innermost; ``None`` beyond the outermost."""
        while len(self._frames) <= index and self._expand_next():
            pass
        return self._frames[index] if index < len(self._frames) else None

    def frames(self, start: int = 0, count: int | None = None) -> tuple[LogicalFrame, ...]:
        """Return logical frames ``[start, start + count)``, fewer where the stack ends."""
        end = None if count is None else start + count
        while (end is None or len(self._frames) < end) and self._expand_next():
            pass
        return tuple(self._frames[start:end])

    def physical(self, index: int) -> PhysicalFrame | None:
        """Return physical frame ``index``, 0 being the innermost; ``None`` beyond the outermost."""
        if index < 0 or not self._unwind_to(index):
            return None
        backtrace = self._backtrace
        assert backtrace is not None  # set by _unwind_to
        pc = Address(self._pcs[index])
        signal = backtrace.is_signal_frame(index)
        exact = index == 0 or signal or backtrace.is_signal_frame(index - 1)
        lookup_pc = pc if exact else Address(pc - 1)
        return PhysicalFrame(backtrace, index, pc, lookup_pc, self._cfas[index], signal)

    @property
    def depth(self) -> int:
        """Number of physical frames; unwinds the whole stack."""
        while not self._exhausted:
            self._unwind_more()
        return self.known_depth

    @property
    def known_depth(self) -> int:
        """Number of physical frames unwound so far."""
        return 0 if self._backtrace is None else len(self._backtrace)

    @property
    def end_reason(self) -> str:
        """Reason why unwinding stopped, ``""`` if it reached the outermost frame."""
        while not self._exhausted:
            self._unwind_more()
        backtrace = self._backtrace
        return "" if backtrace is None or backtrace.complete else backtrace.stop_reason

    def _expand_next(self) -> bool:
        physical = self.physical(self._expanded)
        if physical is None:
            return False
        self._expanded += 1
        module = self._modules.find(physical.lookup_pc)
        chain = module.inline_chain(physical.lookup_pc) if module else ()
        row = module.row_at(physical.lookup_pc) if module else None
        callee = None
        for function in chain or (None,):
            self._frames.append(
                LogicalFrame(len(self._frames), physical, module, function, callee, row)
            )
            callee = function
        return True

    def _unwind_to(self, index: int) -> bool:
        while index >= self.known_depth and not self._exhausted:
            self._unwind_more()
        return index < self.known_depth

    def _unwind_more(self) -> None:
        limit = self._limits[0]  # which stays where the memory cannot be read
        self._backtrace = _core.unwind(
            self._modules.unwinding_map, self._registers, self._memory, limit
        )
        self._pcs, self._cfas = self._backtrace.pcs, self._backtrace.cfas
        del self._limits[0]
        self._exhausted = not self._limits or len(self._backtrace) < limit
