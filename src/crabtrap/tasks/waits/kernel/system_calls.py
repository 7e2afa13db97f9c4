"""The system call in which a thread was stopped, by its registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.causes.syscall_names import syscall_name
from crabtrap.errors import CrabtrapError
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.engine.inspect.thread import Thread

FUTEX = 202
"""Of x86-64, as all numbers here."""
_FUTEX_WAITS = frozenset((0, 9))  # FUTEX_WAIT, FUTEX_WAIT_BITSET; see futex(2)
_FUTEX_COMMAND = 0x7F  # without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME
_RAX = 0
_ARGUMENTS = (5, 4, 1, 10, 8, 9)
"""rdi, rsi, rdx, r10, r8, r9 by their DWARF numbers."""
_INTERRUPTED = frozenset((-4, -512, -513, -514, -516))
"""EINTR, and the kernel's own ERESTART… that a tracer sees, see signal(7)."""


@dataclass(frozen=True, slots=True)
class SystemCall:
    """A system call that was interrupted by the stop."""

    number: int
    arguments: tuple[int, ...]

    @property
    def name(self) -> str:
        """Its name: ``futex``."""
        return syscall_name(self.number)

    @property
    def futex(self) -> tuple[int, int] | None:
        """Of a thread that waits at a futex: its address, and the value it is expected to have."""
        if self.number != FUTEX or self.arguments[1] & _FUTEX_COMMAND not in _FUTEX_WAITS:
            return None
        return self.arguments[0], self.arguments[2] & 0xFFFF_FFFF


def interrupted_call(thread: Thread) -> SystemCall | None:
    """Return the system call that a stopped thread is in; ``None`` where it is in none.

    The target need not be on this machine: the kernel leaves the number in ``orig_rax`` and
    the arguments in their registers.
    """
    try:
        raw = thread.process.target.read_register(thread.tid, "orig_rax")
        registers = thread.registers
    except CrabtrapError:
        return None  # a target without it, or a thread that has just ended
    number = int.from_bytes(raw, "little", signed=True)
    result = _signed(registers[_RAX] or 0)
    if number < 0 or result not in _INTERRUPTED:
        return None
    return SystemCall(number, tuple(registers[each] or 0 for each in _ARGUMENTS))


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word
