"""One run of a program, with all parts of the engine that belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.event_filters import EventFilters
from crabtrap.engine.breakpoints.event_traps import EventTraps
from crabtrap.engine.breakpoints.resolver import LocationResolver
from crabtrap.engine.causes.breakpoint_hits import BreakpointHits
from crabtrap.engine.causes.cause import CauseTable
from crabtrap.engine.causes.panic_stops import PanicStops
from crabtrap.engine.causes.panics import PanicWatcher
from crabtrap.engine.causes.plan_progress import PlanProgress
from crabtrap.engine.causes.process_events import Ends, Execs, Forks, Libraries
from crabtrap.engine.causes.signal_stops import Interrupts, SignalStops, SyscallStops
from crabtrap.engine.causes.unwound_frames import UnwoundFrames
from crabtrap.engine.causes.watchpoint_hits import WatchpointHits, WatchScopes
from crabtrap.engine.controller import Controller
from crabtrap.engine.inspect.copied_target import copy_target
from crabtrap.engine.inspect.inspector import Inspector
from crabtrap.engine.inspect.user_code import registry_package
from crabtrap.engine.machine import Report, Stopped
from crabtrap.engine.modules.module_tracker import ModuleTracker
from crabtrap.engine.plans.run_to import RunTo
from crabtrap.errors import LaunchError
from crabtrap.events import Started, StepDone, StopEvent, StopReason
from crabtrap.records import replace

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.language import Language
    from crabtrap.engine.mailbox import Mailbox
    from crabtrap.engine.modules.module_loader import ModuleLoader
    from crabtrap.target.interface import TargetStop

_START_SECONDS = 30.0


class Program:
    """The parts of the engine for one run of one program.

    Attributes:
        debuggee: The program and the state that the parts share.
        inspector: Its process, threads and frames at the present stop.
        resolver: Resolves breakpoints and acquires their sites.
        traps: Traps panics and the loader.
        filters: Sends the target its filters for signals and system calls.
        tracker: Updates modules, locations and traps when libraries are loaded.
        controller: Runs plans.
    """

    def __init__(
        self, debuggee: Debuggee, loader: ModuleLoader, language: Language, mailbox: Mailbox
    ) -> None:
        """Create the parts; nothing is read or run yet."""
        self.debuggee = debuggee
        self._mailbox = mailbox
        panics = PanicWatcher()
        self.inspector = Inspector(debuggee, language)
        self.resolver = LocationResolver(debuggee, language, self.inspector)
        self.traps = EventTraps(debuggee, panics)
        self.filters = EventFilters(debuggee)
        self.tracker = ModuleTracker(debuggee, loader, self.resolver, self.traps)
        inspector = self.inspector
        self._signals = SignalStops(debuggee, inspector)
        # The most important first: the reasons of a stop are in this order.
        causes = CauseTable(
            (
                Ends(),
                Execs(debuggee, self.tracker),
                Forks(debuggee),
                Libraries(debuggee, self.tracker),
                PlanProgress(debuggee, inspector),
                UnwoundFrames(debuggee, inspector),
                BreakpointHits(debuggee, inspector, language),
                WatchScopes(debuggee, inspector),
                WatchpointHits(debuggee, inspector, language),
                PanicStops(debuggee, inspector, panics, language),
                SyscallStops(debuggee, inspector),
                self._signals,
                Interrupts(debuggee),
            )
        )
        self.controller = Controller(debuggee, inspector, causes, self.filters, mailbox)
        control = debuggee.target.control
        if control is not None:
            mailbox.add_waker(control.wake)

    # -- beginning ---------------------------------------------------------------------
    def begin(self, *, attached: bool) -> StopEvent:
        """Begin to debug a program that was just launched or attached and is stopped.

        A launched one is run to its entry point, where its libraries are loaded.

        Returns:
            The stop: ``Started``, unless a breakpoint or the program's end came first.

        Raises:
            LaunchError: The target did not report a first stop in time.
        """
        stop = self._first_stop()
        reason = Started(self.debuggee.target.pid, attached)
        self.controller.begin_stopped(stop.thread, (reason,))
        self.tracker.refresh()
        self.adopt_own_package()
        self.debuggee.interrupts.check()
        if attached:
            told, signal = self._arriving_signal(stop)
            return self.controller.begin_stopped(stop.thread, (reason, *told), signal)
        earlier = self._run_to_entry(stop)
        return earlier or self.controller.begin_stopped(stop.thread, (reason,))

    def _arriving_signal(self, stop: TargetStop) -> tuple[tuple[StopReason, ...], int]:
        """Return what is to be told of, and delivered to, a thread that a signal has stopped.

        One that has come just as the program was attached to.
        """
        if stop.kind != "signal":
            return (), 0
        verdict = self._signals.judge(stop)
        return ((verdict.reason,) if isinstance(verdict, Report) else ()), verdict.signal

    def _first_stop(self) -> TargetStop:
        while (stop := self.debuggee.control.wait(_START_SECONDS)) is None:
            self.debuggee.interrupts.check()
            # Or woken by `post`: what was posted has to wait until there is a program.
            if not self._mailbox:
                raise LaunchError("the program did not stop after it was started")
        return stop

    def adopt_own_package(self) -> None:
        """Classify a main program installed from a registry as the user's code.

        The paths of its sources alone would make it a dependency.
        """
        main, options = self.debuggee.modules.main, self.debuggee.options
        if main is None:
            return
        for function in main.find_functions("main"):
            package = registry_package(function.declaration_path or "")
            is_root = function.name.count("::") == 1
            if is_root and package and package not in options.user_code.user_paths:
                paths = (*options.user_code.user_paths, package)
                options.user_code = replace(options.user_code, user_paths=paths)

    def _run_to_entry(self, stop: TargetStop) -> StopEvent | None:
        """Run to the entry point; returns a stop that came before that, else ``None``."""
        main = self.debuggee.modules.main
        if main is None or not main.image.entry:
            return None
        entry = main.address(main.image.entry)
        if self.inspector.view(stop.thread, stop.registers).pc == entry:
            return None
        plan = RunTo(stop.thread, "start", frozenset((entry,)))
        event = self.controller.run(plan, stop.thread, hidden=True)
        if not any(isinstance(why, StepDone) for why in event.reasons):
            return event
        self.tracker.refresh()
        return None

    # -- small verbs -------------------------------------------------------------------
    @property
    def is_stopped(self) -> bool:
        """Whether the program is at a visible stop."""
        return isinstance(self.debuggee.state, Stopped)

    def request_interrupt(self) -> None:
        """Request an interruption; may be called from any thread and from signal handlers."""
        control = self.debuggee.live_control
        if control is not None:
            self.debuggee.interrupt_requested = True
            control.interrupt()

    def stoppoints_changed(self) -> None:
        """Apply changes of breakpoints and catchpoints.

        They take effect with the next resume, or at once while the program runs.
        """
        self.traps.update()
        self.controller.apply_changes()

    def keep_copy(self, most: int) -> bool:
        """Let a stopped program run on, and go on to look at a copy of it.

        Args:
            most: Bytes of its memory that are copied at most.

        Returns:
            Whether that was done: it has no more memory, and is on this machine.
        """
        debuggee, stopped = self.debuggee, self.inspector.process
        copy = copy_target(debuggee.target, debuggee.modules, most)
        if copy is None:
            return False
        self.controller.let_go()
        self._close()
        debuggee.look_at(copy)
        self.inspector.forget()
        self.inspector.process.seen_at = stopped.seen_at
        return True

    def release(self) -> None:
        """Close the connection; the server ends what is left of the program, or detaches."""
        self.debuggee.released = True
        self._close()

    def _close(self) -> None:
        control = self.debuggee.target.control
        if control is not None:
            self._mailbox.remove_waker(control.wake)
            control.close()
