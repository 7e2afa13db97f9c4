"""Who looks at a stop: each handler judges one aspect and knows nothing of the others.

A stop is shown to all of them, in order, so that it can have several reasons at once.
Handlers read the stopped program and update counts; they never set it going.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from crabtrap.address import Address
from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.breakpoints.stoppoints import Breakpoint, Catchpoint, Watchpoint
from crabtrap.engine.causes.panics import PanicWatcher
from crabtrap.engine.causes.siginfo import parse_siginfo
from crabtrap.engine.causes.signal_table import signal_name
from crabtrap.engine.causes.stack_overflow import is_stack_overflow
from crabtrap.engine.causes.syscall_names import syscall_name
from crabtrap.engine.machine import Consume, Ignore, Report, Verdict
from crabtrap.engine.plans.plan import Done, Resume
from crabtrap.errors import CrabtrapError, TargetError
from crabtrap.events import (
    BreakpointHit,
    ConditionFailed,
    Executed,
    Exited,
    Forked,
    Interrupted,
    LibrariesChanged,
    LogMessage,
    Notice,
    SignalReceived,
    SyscallStop,
    WatchHit,
    WatchScopeEnded,
)
from crabtrap.log import Log
from crabtrap.target.interface import TRAPPED, StopKind

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.language import Language
    from crabtrap.engine.plans.plan import Plan
    from crabtrap.symbols.module_table import ModuleChanges
    from crabtrap.target.interface import TargetStop

_log = Log("crabtrap.engine")

_AT_INSTRUCTION: tuple[StopKind, ...] = (*TRAPPED, "step")
_ENDS: tuple[StopKind, ...] = ("exited", "killed")
_SIGTRAP = 5
_FAULTS = (7, 11)  # SIGBUS, SIGSEGV
_RSP = 7  # as DWARF numbers the registers
_SI_KERNEL = 128
_INT3 = b"\xcc"


class Handlers:
    """The fixed row of handlers of one session.

    Attributes:
        move: How the plan goes on, changed by the plan handler.
    """

    def __init__(
        self,
        context: Debuggee,
        inspector: Inspector,
        language: Language,
        libraries_changed: Callable[[], ModuleChanges],
        entry_reached: Callable[[], None],
    ) -> None:
        """Join the parts.

        Args:
            context: What is being debugged.
            inspector: Its threads and frames.
            language: For conditions and log texts.
            libraries_changed: Reads the link map again after the loader changed it.
            entry_reached: Called when a program that was executed anew is ready.
        """
        self._libraries_changed = libraries_changed
        self._entry_reached = entry_reached
        self.context = context
        self.inspector = inspector
        self.language = language
        self.panics = PanicWatcher()
        self.plan: Plan | None = None
        self.move = Resume()
        self._rows = self._rows_by_kind()

    def verdicts(self, stop: TargetStop) -> tuple[Verdict, ...]:
        """The verdict of every handler that such a stop may concern, in order."""
        return tuple([handler(stop) for handler in self._rows[stop.kind]])

    def _rows_by_kind(self) -> dict[StopKind, tuple[Callable[[TargetStop], Verdict], ...]]:
        row: tuple[tuple[Callable[[TargetStop], Verdict], tuple[StopKind, ...]], ...] = (
            (self._exit, (*_ENDS, "thread-created", "thread-exited", "no-resumed")),
            (self._exec, ("exec",)),
            (self._fork, ("fork", "vfork", "vfork-done")),
            (self._loading, ("library", *_AT_INSTRUCTION)),
            (self._plan, tuple(kind for kind in get_args(StopKind) if kind not in _ENDS)),
            (self._breakpoints, _AT_INSTRUCTION),
            (self._watch_scope, _AT_INSTRUCTION),
            (self._watch, ("watch",)),
            (self._panic, _AT_INSTRUCTION),
            (self._syscall, ("syscall-entry", "syscall-return")),
            (self._signal, ("signal", "trap")),
            (self._interrupt, ("interrupt",)),
        )
        return {
            kind: tuple(handler for handler, kinds in row if kind in kinds)
            for kind in get_args(StopKind)
        }

    # -- the process ---------------------------------------------------------------------
    def _exit(self, stop: TargetStop) -> Verdict:
        match stop.kind:
            case "exited":
                return Report(Exited(stop.pid, stop.code))
            case "killed":
                return Report(Exited(stop.pid, None, stop.signal, signal_name(stop.signal)))
            case "thread-created" | "thread-exited" | "no-resumed":
                return Consume()
            case _:
                return Ignore()

    def _exec(self, stop: TargetStop) -> Verdict:
        if self._caught("exec") is not None:
            return Report(Executed(stop.path))
        return Consume()

    def _fork(self, stop: TargetStop) -> Verdict:
        if stop.kind == "vfork-done":
            return Consume()
        followed = self.context.options.follow == "child"
        caught = self._caught("fork" if stop.kind == "fork" else "vfork")
        if caught is None:
            return Consume()
        return Report(Forked(stop.child, stop.kind == "vfork", followed))

    def _caught(self, kind: str, argument: int | None = None) -> Catchpoint | None:
        """An enabled catchpoint of this kind, counted, whose condition on the event fits."""
        for each in self.context.breakpoints.catchpoints:
            fits = not each.arguments or argument is None or argument in each.arguments
            if each.kind == kind and each.enabled and fits and self._count(each):
                return each
        return None

    def _count(self, item: Breakpoint | Watchpoint | Catchpoint) -> bool:
        """Count a hit; ``False`` while hits are to be ignored."""
        item.hits += 1
        if item.hits <= item.ignore:
            return False
        if item.temporary:
            self.context.breakpoints.remove(item.number)
        return True

    def _loading(self, stop: TargetStop) -> Verdict:
        """The loader has changed the link map, or an executed program is ready."""
        if stop.kind == "library":
            return self._library()
        if stop.pc is None:
            return Ignore()
        kinds = {kind for kind, _ in self.context.sites.owners_at(stop.pc)}
        if "entry" in kinds:
            self._entry_reached()
            return Consume()
        return self._library() if "loader" in kinds else Ignore()

    def _library(self) -> Verdict:
        changes = self._libraries_changed()
        if not changes or self._caught("load") is None:
            return Consume()
        return Report(
            LibrariesChanged(
                tuple(each.path for each in changes.loaded),
                tuple(each.path for each in changes.unloaded),
            )
        )

    # -- the plan ------------------------------------------------------------------------
    def _plan(self, stop: TargetStop) -> Verdict:
        plan = self.plan
        if plan is None:
            return Ignore()
        pc = stop.pc
        at_site = stop.kind in TRAPPED and pc in self.move.sites
        if plan.thread not in (0, stop.thread):
            return Consume() if at_site else Ignore()
        explanation = plan.explain_stop(stop, self.inspector.view(stop.thread, stop.registers))
        match explanation:
            case Done(reason):
                return Report(reason)
            case Resume():
                self.move = explanation
                if explanation.note:
                    self.context.publish(Notice(explanation.note))
                return Consume()
            case _:
                return Consume() if at_site else Ignore()

    # -- breakpoints ---------------------------------------------------------------------
    def _breakpoints(self, stop: TargetStop) -> Verdict:
        if stop.pc is None:
            return Ignore()
        verdict: Verdict = Ignore()
        owners = self.context.sites.owners_at(stop.pc)
        for kind, number in owners:
            if kind != "breakpoint":
                continue
            item = self.context.breakpoints.find(number)
            if isinstance(item, Breakpoint) and item.enabled:
                this = self._breakpoint(item, stop, stop.pc)
                verdict = (
                    this
                    if isinstance(this, Report)
                    else (verdict if isinstance(verdict, Report) else this)
                )
        if not owners and stop.kind in TRAPPED:
            return self._nobodys_trap(stop, stop.pc)
        return verdict

    def _nobodys_trap(self, stop: TargetStop, pc: Address) -> Verdict:
        """A trap of ours that was removed meanwhile, or an ``int3`` of the program itself.

        Some servers take the latter for a breakpoint and leave the pc on it, where it
        would be hit for ever.
        """
        if self.context.target.memory.read_partial(pc, 1) != _INT3:
            _log.debug("hit of a trap that is gone: %#x", pc)
            return Consume()
        self.context.control.write_registers(stop.thread, {"rip": pc + 1})
        return Report(SignalReceived(_SIGTRAP, "SIGTRAP", _SI_KERNEL))

    def _breakpoint(self, item: Breakpoint, stop: TargetStop, pc: Address) -> Verdict:
        if item.thread is not None and item.thread != stop.thread:
            return Consume()
        if stop.condition_error and item.on_target:
            return self._fail(item, stop, stop.condition_error)
        sites = self.context.sites
        if stop.kind in TRAPPED and sites.condition_evaluated_by_target(
            pc, ("breakpoint", item.number)
        ):
            if not self._counted_by_target(item):
                return Consume()
        else:
            try:
                if not self._holds(item, stop):
                    return Consume()
            except CrabtrapError as error:
                return self._fail(item, stop, str(error))
            if not self._count_on_engine(item):
                return Consume()
        return self._hit(item, stop)

    def _hit(self, item: Breakpoint, stop: TargetStop) -> Verdict:
        if item.log is not None:
            self._write_log(item, stop)
            return Consume()
        if item.temporary:
            self.context.breakpoints.remove(item.number)
            self.context.sites.release_all(("breakpoint", item.number))
        frame = _frame_index(item, stop)
        return Report(BreakpointHit(item.number, item.hits, item.temporary, frame))

    def _fail(self, item: Breakpoint | Watchpoint, stop: TargetStop, error: str) -> Verdict:
        """A condition has no value: said once, and from then on counted for all to see."""
        item.failures, item.failure = item.failures + 1, error
        if item.failures > 1:
            return Consume()
        frame = _frame_index(item, stop) if isinstance(item, Breakpoint) else 0
        return Report(ConditionFailed(item.number, item.condition or "", error, frame))

    def _counted_by_target(self, item: Breakpoint) -> bool:
        """Whether this breakpoint's own condition held: its counter went up and past ignore."""
        count = self.context.control.read_counter(item.number)
        before, item.hits = item.hits, count
        return count > before and count > item.ignore

    def _holds(self, item: Breakpoint, stop: TargetStop) -> bool:
        if item.condition is None:
            return True
        frame = self.inspector.frame(stop.thread, _frame_index(item, stop))
        return self.language.holds(item.condition, frame)

    def _count_on_engine(self, item: Breakpoint) -> bool:
        item.hits += 1
        if item.on_target:
            self.context.control.set_counter(item.number, item.hits)
        return item.hits > item.ignore

    def _write_log(self, item: Breakpoint, stop: TargetStop) -> None:
        assert item.log is not None
        try:
            frame = self.inspector.frame(stop.thread, _frame_index(item, stop))
            text = self.language.expand(item.log, frame)
        except CrabtrapError as error:
            text = f"{item.log}  <error: {error}>"
        self.context.publish(LogMessage(item.number, stop.thread, text))

    # -- watchpoints ---------------------------------------------------------------------
    def _watch(self, stop: TargetStop) -> Verdict:
        if stop.address is None:
            return Ignore()
        verdict: Verdict = Consume()
        seen: set[int] = set()
        for kind, number in self.context.sites.watching(stop.address):
            item = self.context.breakpoints.find(number)
            if kind == "watch" and isinstance(item, Watchpoint) and number not in seen:
                seen.add(number)
                this = self._watchpoint(item, stop)
                verdict = this if isinstance(this, Report) else verdict
        return verdict

    def _watchpoint(self, item: Watchpoint, stop: TargetStop) -> Verdict:
        if not item.enabled:
            return Consume()
        now = self.context.target.read_memory(item.address, item.size)
        old, old_text, item.old = item.old, item.old_text, now
        if item.kind == "write" and now == old:
            return Consume()
        new_text = item.render() if item.render is not None else now.hex(" ")
        item.old_text = new_text
        if item.condition is not None:
            try:
                if not self.language.holds(item.condition, self.inspector.frame(stop.thread)):
                    return Consume()
            except CrabtrapError as error:
                return self._fail(item, stop, str(error))
        if not self._count(item):
            return Consume()
        shown_old = old_text if now != old else None
        return Report(WatchHit(item.number, item.expression, shown_old, new_text))

    def _watch_scope(self, stop: TargetStop) -> Verdict:
        if stop.pc is None:
            return Ignore()
        for kind, number in self.context.sites.owners_at(stop.pc):
            item = self.context.breakpoints.find(number)
            if kind != "scope" or not isinstance(item, Watchpoint):
                continue
            if stop.thread != item.scope_thread:
                return Consume()
            view = self.inspector.view(stop.thread, stop.registers)
            if item.scope_cfa is not None and view.sp < item.scope_cfa:
                return Consume()
            self.context.breakpoints.remove(number)
            self.context.sites.release_all(("watch", number))
            self.context.sites.release_all(("scope", number))
            return Report(WatchScopeEnded(number, item.expression, item.old_text or None))
        return Ignore()

    # -- everything else -----------------------------------------------------------------
    def _panic(self, stop: TargetStop) -> Verdict:
        if stop.pc is None:
            return Ignore()
        sites = self.context.sites
        owners = [owner for owner in sites.owners_at(stop.pc) if owner[0] == "panic"]
        if not owners:
            return Ignore()
        hook = ("panic", stop.thread)
        if ("panic", 0) not in owners and hook not in owners:
            return Consume()
        step = self.panics.observe(self.inspector.thread(stop.thread))
        sites.release_all(hook)
        if step.stop_at is not None:
            sites.acquire(SiteKey("software", step.stop_at), hook)
        if step.panicked is None:
            return Consume()
        caught = self._caught("panic") is not None
        return Report(step.panicked) if caught or self.context.options.stop_on_panic else Consume()

    def _syscall(self, stop: TargetStop) -> Verdict:
        if self._caught("syscall", stop.syscall) is None:
            return Consume()
        entered = stop.kind == "syscall-entry"
        result = None
        if not entered:
            raw = self.inspector.view(stop.thread, stop.registers).registers[0] or 0
            result = raw - (1 << 64) if raw >> 63 else raw
        return Report(SyscallStop(stop.syscall, syscall_name(stop.syscall), entered, result))

    def _signal(self, stop: TargetStop) -> Verdict:
        if stop.kind == "trap":
            return Report(SignalReceived(_SIGTRAP, "SIGTRAP", stop.code))
        number = stop.signal
        action = self.context.signals.action(number)
        if action.pass_:
            self.context.pending_signals[stop.thread] = number
        caught = self._caught("signal", number)
        if caught is None and not action.show:
            return Consume()
        reason = self._describe_signal(stop)
        if action.stop or caught is not None:
            return Report(reason)
        self.context.publish(reason)
        return Consume()

    def _describe_signal(self, stop: TargetStop) -> SignalReceived:
        try:
            info = parse_siginfo(self.context.target.read_siginfo(stop.thread))
        except TargetError as error:
            _log.debug("no siginfo: %s", error)
            return SignalReceived(stop.signal, signal_name(stop.signal), 0)
        name, overflow = signal_name(stop.signal), self._overflowed(stop, info.address)
        return SignalReceived(
            stop.signal, name, info.code, info.address, info.sender, stack_overflow=overflow
        )

    def _overflowed(self, stop: TargetStop, fault: Address | None) -> bool:
        sp = self.inspector.view(stop.thread, stop.registers).registers[_RSP]
        if fault is None or sp is None or stop.signal not in _FAULTS:
            return False
        return is_stack_overflow(self.context.target.mappings(), sp, fault)

    def _interrupt(self, stop: TargetStop) -> Verdict:
        if self.context.interrupted:
            self.context.interrupted = False
            return Report(Interrupted())
        return Consume()


def _frame_index(item: Breakpoint, stop: TargetStop) -> int:
    """The frame that a stop at one of a breakpoint's places is about."""
    location = next((each for each in item.locations if each.address == stop.pc), None)
    return location.not_entered if location is not None else 0
