"""The signals and system calls that the target need not report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee

_LAST_SIGNAL = 64


class EventFilters:
    """Sends the target its filters for signals and system calls when they have changed."""

    def __init__(self, debuggee: Debuggee) -> None:
        self._debuggee = debuggee
        self._sent_signals: int | None = None
        self._sent_syscalls: tuple[int, ...] | None = None
        self._suspended = False
        self._stale = True

    @property
    def is_stale(self) -> bool:
        """Whether the target's filters may differ from the wanted ones."""
        return self._stale or self._sent_signals != self._debuggee.signals.revision

    def invalidate(self) -> None:
        """Have the next ``send`` read the catchpoints, which have changed."""
        self._stale = True

    def forget(self) -> None:
        """Forget what was sent: the program or the server is another one."""
        self._sent_signals = self._sent_syscalls = None
        self._stale = True

    def suspend(self) -> None:
        """Catch no system call until ``end_suspension``."""
        self._suspended = self._stale = True

    def end_suspension(self) -> None:
        """Catch again what is wanted; may be repeated."""
        self._suspended, self._stale = False, True

    def send(self) -> None:
        """Send the filters that have changed."""
        if not self.is_stale:
            return
        signals = self._debuggee.signals.revision
        self._send_signals()
        self._send_syscalls()
        self._sent_signals, self._stale = signals, False

    def _send_signals(self) -> None:
        debuggee = self._debuggee
        caught = {
            number
            for each in debuggee.breakpoints.catchpoints
            if each.kind == "signal" and each.enabled
            for number in (each.arguments or range(1, _LAST_SIGNAL + 1))
        }
        silent = [number for number in debuggee.signals.silent() if number not in caught]
        debuggee.control.pass_signals(silent)

    def _send_syscalls(self) -> None:
        caught = [
            each
            for each in self._debuggee.breakpoints.catchpoints
            if each.kind == "syscall" and each.enabled and not self._suspended
        ]
        numbers: tuple[int, ...] | None = None
        if not self._debuggee.target.abilities.syscall_events:
            for each in caught:  # set before the target was known
                each.problem = "this server reports no system calls"
            return
        if caught:
            every = any(not each.arguments for each in caught)
            numbers = () if every else tuple(n for each in caught for n in each.arguments)
        if numbers != self._sent_syscalls:
            self._debuggee.control.catch_syscalls(numbers)
            self._sent_syscalls = numbers
