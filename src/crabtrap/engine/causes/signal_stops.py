"""Stops by signals, by system calls, and by the user's interruption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.causes.hits import find_caught
from crabtrap.engine.causes.siginfo import parse_siginfo
from crabtrap.engine.causes.stack_overflow import is_stack_overflow
from crabtrap.engine.causes.syscall_names import syscall_name
from crabtrap.engine.machine import CONSUME, Consume, Report
from crabtrap.errors import TargetError
from crabtrap.events import Interrupted, SignalReceived, SyscallStop
from crabtrap.log import Log
from crabtrap.signal_names import signal_name

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.machine import CONSUME, Running, Verdict
    from crabtrap.target.interface import StopKind, TargetStop

_log = Log("crabtrap.engine")

_SIGTRAP = 5
_FAULTS = (7, 11)  # SIGBUS, SIGSEGV
_RAX, _RSP = 0, 7  # as DWARF numbers the registers


class SignalStops:
    """A signal is about to be delivered."""

    kinds: tuple[StopKind, ...] = ("signal", "trap")

    def __init__(self, debuggee: Debuggee, inspector: Inspector) -> None:
        self._debuggee = debuggee
        self._inspector = inspector

    def judge(self, stop: TargetStop, state: Running | None = None) -> Consume | Report:
        """Handle the signal by its ``SignalAction``, see ``SignalTable``."""
        if stop.kind == "trap":
            return Report(SignalReceived(_SIGTRAP, "SIGTRAP", stop.code))
        number = stop.signal
        action = self._debuggee.signals.action(number)
        delivered = number if action.pass_ else 0
        caught = find_caught(self._debuggee.breakpoints, "signal", number)
        if caught is None and not action.show:
            return Consume(delivered)
        reason = self._describe(stop)
        if action.stop or caught is not None:
            return Report(reason, delivered)
        self._debuggee.publish(reason)
        return Consume(delivered)

    def _describe(self, stop: TargetStop) -> SignalReceived:
        try:
            info = parse_siginfo(self._debuggee.target.read_siginfo(stop.thread))
        except TargetError as error:
            _log.debug("no siginfo: %s", error)
            return SignalReceived(stop.signal, signal_name(stop.signal), 0)
        name, overflow = signal_name(stop.signal), self._overflowed(stop, info.address)
        return SignalReceived(
            stop.signal, name, info.code, info.address, info.sender, stack_overflow=overflow
        )

    def _overflowed(self, stop: TargetStop, fault: Address | None) -> bool:
        sp = self._inspector.view(stop.thread, stop.registers).registers[_RSP]
        if fault is None or sp is None or stop.signal not in _FAULTS:
            return False
        return is_stack_overflow(self._debuggee.target.mappings(), sp, fault)


class SyscallStops:
    """A system call is entered or left."""

    kinds: tuple[StopKind, ...] = ("syscall-entry", "syscall-return")

    def __init__(self, debuggee: Debuggee, inspector: Inspector) -> None:
        self._debuggee = debuggee
        self._inspector = inspector

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Report a caught call, with its result once it returns."""
        if find_caught(self._debuggee.breakpoints, "syscall", stop.syscall) is None:
            return CONSUME
        entered = stop.kind == "syscall-entry"
        result = None
        if not entered:
            raw = self._inspector.view(stop.thread, stop.registers).registers[_RAX] or 0
            result = raw - (1 << 64) if raw >> 63 else raw
        return Report(SyscallStop(stop.syscall, syscall_name(stop.syscall), entered, result))


class Interrupts:
    """A thread was stopped because the engine asked for it."""

    kinds: tuple[StopKind, ...] = ("interrupt",)

    def __init__(self, debuggee: Debuggee) -> None:
        self._debuggee = debuggee

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Report it if the user asked for it; the engine's own pauses are consumed."""
        if self._debuggee.interrupt_requested:
            self._debuggee.interrupt_requested = False
            return Report(Interrupted())
        return CONSUME
