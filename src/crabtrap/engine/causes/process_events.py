"""The life of the process: its end, its threads, ``execve`` and ``fork``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.causes.cause import AT_INSTRUCTION
from crabtrap.engine.causes.hits import find_caught
from crabtrap.engine.causes.signal_table import signal_name
from crabtrap.engine.machine import Consume, Ignore, Report
from crabtrap.engine.modules.module_tracker import libraries_changed
from crabtrap.events import Executed, Exited, Forked

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.machine import Running, Verdict
    from crabtrap.engine.modules.module_tracker import ModuleTracker
    from crabtrap.target.interface import StopKind, TargetStop


class Ends:
    """The process or one of its threads has ended."""

    kinds: tuple[StopKind, ...] = (
        "exited",
        "killed",
        "thread-created",
        "thread-exited",
        "no-resumed",
    )

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Report the end of the process; threads come and go unnoticed."""
        match stop.kind:
            case "exited":
                return Report(Exited(stop.pid, stop.code))
            case "killed":
                return Report(Exited(stop.pid, None, stop.signal, signal_name(stop.signal)))
            case _:
                return Consume()


class Execs:
    """The process runs another program."""

    kinds: tuple[StopKind, ...] = ("exec",)

    def __init__(self, debuggee: Debuggee, tracker: ModuleTracker) -> None:
        self._debuggee = debuggee
        self._tracker = tracker

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Look at the new program; its libraries are looked at once it has loaded them."""
        self._debuggee.sites.forget_inserted()
        self._tracker.refresh()
        self._tracker.await_entry()
        if find_caught(self._debuggee.breakpoints, "exec") is not None:
            return Report(Executed(stop.path))
        return Consume()


class Forks:
    """The process has made another one, of which one side is let go."""

    kinds: tuple[StopKind, ...] = ("fork", "vfork", "vfork-done")

    def __init__(self, debuggee: Debuggee) -> None:
        self._debuggee = debuggee

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Let go the side that is not followed, without any trap in it."""
        if stop.kind == "vfork-done":
            return Consume()
        debuggee = self._debuggee
        follow_child = debuggee.options.follow == "child"
        # A vforked child shares memory with its parent: its traps are the parent's.
        copied = stop.kind == "fork" and not debuggee.target.abilities.lifts_traps
        traps = debuggee.sites.inserted if copied else ()
        debuggee.control.detach(debuggee.target.pid if follow_child else stop.child, traps)
        kind = "fork" if stop.kind == "fork" else "vfork"
        if find_caught(debuggee.breakpoints, kind) is None:
            return Consume()
        return Report(Forked(stop.child, kind == "vfork", follow_child))


class Libraries:
    """The loader has changed the link map, or an executed program is ready."""

    kinds: tuple[StopKind, ...] = ("library", *AT_INSTRUCTION)

    def __init__(self, debuggee: Debuggee, tracker: ModuleTracker) -> None:
        self._debuggee = debuggee
        self._tracker = tracker

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Read the link map again where the loader or the new program says so."""
        if stop.kind == "library":
            return self._changed()
        if stop.pc is None:
            return Ignore()
        kinds = {kind for kind, _ in self._debuggee.sites.owners_at(stop.pc)}
        if "entry" in kinds:
            self._tracker.entry_reached()
            return Consume()
        return self._changed() if "loader" in kinds else Ignore()

    def _changed(self) -> Verdict:
        changes = self._tracker.refresh()
        if not changes or find_caught(self._debuggee.breakpoints, "load") is None:
            return Consume()
        return Report(libraries_changed(changes))
