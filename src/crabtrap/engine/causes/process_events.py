"""Events of the process: its end, its threads, ``execve(2)``, ``fork(2)`` and libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.causes.cause import AT_INSTRUCTION
from crabtrap.engine.causes.hits import find_caught
from crabtrap.engine.machine import CONSUME, IGNORE, Report
from crabtrap.engine.modules.module_tracker import libraries_changed
from crabtrap.events import Executed, Exited, Forked, Interrupted, Notice
from crabtrap.signal_names import signal_name

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.machine import CONSUME, IGNORE, Running, Verdict
    from crabtrap.engine.modules.module_tracker import ModuleTracker
    from crabtrap.target.interface import StopKind, TargetStop


class Ends:
    """The end of the process, and the beginnings and ends of its threads."""

    kinds: tuple[StopKind, ...] = (
        "exited",
        "killed",
        "thread-created",
        "thread-exited",
        "no-resumed",
    )

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Report the end of the process; events of threads are consumed.

        The end of the only thread that ran is reported, too: nothing would happen any more.
        """
        match stop.kind:
            case "exited" | "killed":
                return Report(exit_reason(stop))
            case "no-resumed" if state.run.alone:
                return Report(Interrupted())
            case _:
                return CONSUME


def exit_reason(stop: TargetStop) -> Exited:
    """Return the reason of a stop that is the end of the process."""
    if stop.kind == "exited":
        return Exited(stop.pid, stop.code)
    return Exited(stop.pid, None, stop.signal, signal_name(stop.signal))


class Execs:
    """The process has executed another program, see ``execve(2)``."""

    kinds: tuple[StopKind, ...] = ("exec",)

    def __init__(self, debuggee: Debuggee, tracker: ModuleTracker) -> None:
        self._debuggee = debuggee
        self._tracker = tracker

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Load the new program's modules; its libraries follow at its entry point."""
        self._debuggee.sites.forget_inserted()
        self._tracker.refresh()
        self._tracker.await_entry()
        if find_caught(self._debuggee.breakpoints, "exec") is not None:
            return Report(Executed(stop.path))
        return CONSUME


class Forks:
    """The process has forked; the debugger detaches from one of the two processes."""

    kinds: tuple[StopKind, ...] = ("fork", "vfork", "vfork-done")

    def __init__(self, debuggee: Debuggee) -> None:
        self._debuggee = debuggee
        self._told = False

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Detach from the process that is not followed, with no trap left in it."""
        if stop.kind == "vfork-done":
            return CONSUME
        debuggee = self._debuggee
        follow_child = debuggee.options.follow == "child"
        # A vforked child shares memory with its parent: its traps are the parent's.
        copied = stop.kind == "fork" and not debuggee.target.abilities.lifts_traps
        traps = debuggee.sites.inserted if copied else ()
        parent = debuggee.target.pid
        debuggee.control.detach(parent if follow_child else stop.child, traps)
        self._tell(parent, stop.child, follow_child)
        kind = "fork" if stop.kind == "fork" else "vfork"
        if find_caught(debuggee.breakpoints, kind) is None:
            return CONSUME
        return Report(Forked(stop.child, kind == "vfork", follow_child))

    def _tell(self, parent: int, child: int, follow_child: bool) -> None:
        """Tell of the process that is let go: of the first one, since a shell makes many."""
        if self._told:
            return
        self._told = True
        if follow_child:
            text = f"process {parent} was let go, its child {child} is followed"
        else:
            text = f"process {child}, a child by fork, was let go and stops at no breakpoint"
        self._debuggee.publish(Notice(f"{text} (told once; `set follow-fork-mode` chooses)"))


class Libraries:
    """The loader has changed the link map, or an executed program is at its entry point."""

    kinds: tuple[StopKind, ...] = ("library", *AT_INSTRUCTION)

    def __init__(self, debuggee: Debuggee, tracker: ModuleTracker) -> None:
        self._debuggee = debuggee
        self._tracker = tracker

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Read the link map again."""
        if stop.kind == "library":
            return self._changed()
        if stop.pc is None:
            return IGNORE
        owners = self._debuggee.sites.owners_at(stop.pc)
        if "entry" in owners:
            self._tracker.entry_reached()
            return CONSUME
        return self._changed() if "loader" in owners else IGNORE

    def _changed(self) -> Verdict:
        changes = self._tracker.refresh()
        if not changes or find_caught(self._debuggee.breakpoints, "load") is None:
            return CONSUME
        return Report(libraries_changed(changes))
