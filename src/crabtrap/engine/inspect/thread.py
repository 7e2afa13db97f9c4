"""One thread at one stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.inspect.frame import Frame
from crabtrap.engine.inspect.tls import TlsBlock, find_tls_block
from crabtrap.engine.inspect.unwinding import Stack
from crabtrap.errors import NotFoundError, RangeError, StateError
from crabtrap.lazy import lazy
from crabtrap.target.interface import ThreadInfo

if TYPE_CHECKING:
    from crabtrap import _core
    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.module import Module


class Thread:
    """One thread of a stopped program.

    Attributes:
        process: The process it belongs to.
        tid: Kernel thread id, in the target's pid namespace.
        index: Number for users, counted from 1; the same for the thread's whole life.
    """

    def __init__(self, process: Process, tid: int, index: int) -> None:
        self.process = process
        self.tid = tid
        self.index = index
        self._frames: dict[int, Frame] = {}
        self._tls_blocks: dict[int, TlsBlock] = {}

    def __repr__(self) -> str:
        return f"<Thread {self.index} {self.name!r} tid {self.tid}>"

    def _repr_html_(self) -> str:
        """Its stack, for notebooks."""
        return self.process.settings.language.html(self)

    @property
    def info(self) -> ThreadInfo:
        """The thread as the target lists it."""
        return self.process.thread_infos.get(self.tid) or ThreadInfo(self.process.pid, self.tid)

    @property
    def name(self) -> str:
        """Name (``comm``, see ``proc(5)``), at most 15 bytes, or ``""``."""
        return self.info.name

    @property
    def title(self) -> str:
        """What messages call it: ``thread 3``."""
        return f"thread {self.index}"

    def check(self) -> None:
        """Refuse use after the program was resumed.

        Raises:
            StaleError: It was.
        """
        self.process.clock.check(self.process.epoch, "thread")

    @lazy
    def registers(self) -> _core.Registers:
        """General registers as it stopped, by DWARF number.

        Raises:
            StateError: The thread is running.
        """
        self.check()
        if self.process.moving:
            raise StateError(
                f"thread {self.index} is running", hint="interrupt it first, then ask for it again"
            )
        return self.process.target.read_registers(self.tid)

    @property
    def pc(self) -> Address:
        """Address of the next instruction."""
        pc = self.registers[16]
        assert pc is not None  # a stopped thread has a pc
        return Address(pc)

    @lazy
    def stack(self) -> Stack:
        """Its stack, for code that needs physical frames; all other code uses ``frames``."""
        self.check()
        process = self.process
        return Stack(
            self.registers,
            process.target.memory,
            process.modules,
            limit=process.settings.frame_limit,
        )

    def frame(self, index: int) -> Frame:
        """Return frame ``index``, 0 being the innermost; inlined frames count.

        Raises:
            RangeError: The stack has no such frame.
        """
        self.check()
        known = self._frames.get(index)
        if known is not None:
            return known
        logical = self.stack.frame(index) if index >= 0 else None
        if logical is None:
            raise RangeError(f"thread {self.index} has no frame {index}")
        frame = self._frames[index] = Frame(self, logical)
        return frame

    def frames(self, start: int = 0, count: int | None = None) -> tuple[Frame, ...]:
        """Return frames ``[start, start + count)``, fewer where the stack ends."""
        self.check()
        known = self._frames
        for logical in self.stack.frames(start, count):
            if logical.index not in known:
                known[logical.index] = Frame(self, logical)
        return tuple(known[logical.index] for logical in self.stack.frames(start, count))

    @property
    def backtrace_end_reason(self) -> str:
        """Reason why unwinding stopped, ``""`` at the outermost frame; unwinds the whole stack."""
        self.check()
        return self.stack.end_reason

    @lazy
    def thread_pointer(self) -> Address | None:
        """``fs_base``, ``None`` where the target does not report it."""
        self.check()
        try:
            raw = self.process.target.read_register(self.tid, "fs_base")
        except NotFoundError:
            return None
        return Address(int.from_bytes(raw, "little"))

    def tls_block(self, module: Module) -> TlsBlock:
        """Return the block of ``module``'s thread-locals in this thread, or why it is unknown."""
        self.check()
        known = self._tls_blocks.get(id(module))
        if known is None:
            known = find_tls_block(self.process, self.thread_pointer, module)
            self._tls_blocks[id(module)] = known
        return known
