"""The loop: carries out plans, holds the engine's only wait, and writes the state.

The state determines what comes next: moving threads are waited for, reported stops are
handled, and when none is left the program is resumed or the stop is announced.  Each
turn of the loop does one of these, so that an exception between two turns leaves a state
that the loop can continue from.
"""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from crabtrap.engine import machine
from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.causes.process_events import exit_reason
from crabtrap.engine.job_control import told_stops
from crabtrap.engine.lost import look_after
from crabtrap.engine.machine import (
    Detached,
    Ended,
    Run,
    Running,
    State,
    Stopped,
    Threads,
)
from crabtrap.engine.plans.catches import NO_CATCHES, Catches, find_catches
from crabtrap.engine.plans.plan import Done
from crabtrap.engine.resuming import Resumer, actions_of
from crabtrap.engine.stopping import STOP_SECONDS, Stopper, UnstoppableError
from crabtrap.errors import (
    ConnectionLost,
    NotFoundError,
    ProcessGone,
    StateError,
    StillRunningError,
    TargetError,
)
from crabtrap.events import Exited as ExitReason
from crabtrap.events import Notice, Resumed, StopEvent, StopReason
from crabtrap.log import Log

if TYPE_CHECKING:
    from collections.abc import Generator

    from crabtrap.engine.breakpoints.event_filters import EventFilters
    from crabtrap.engine.causes.cause import CauseTable
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.mailbox import Mailbox
    from crabtrap.engine.plans.plan import Plan
    from crabtrap.target.interface import TargetStop

_log = Log("crabtrap.engine")

_PLAN = ("plan", 0)
_CATCH = ("catch", 0)
RECOVERY_SECONDS = 2.0


class Controller:
    """Runs plans on one program.

    Attributes:
        abandoned: Set by a posted function: nobody waits for the program any more, as if the
            time were up.
    """

    def __init__(
        self,
        debuggee: Debuggee,
        inspector: Inspector,
        causes: CauseTable,
        filters: EventFilters,
        mailbox: Mailbox,
    ) -> None:
        """Store the parts.

        Args:
            debuggee: The program; its ``state`` is written here, and by inferior calls.
            inspector: Provides threads as plans see them.
            causes: Stops are shown to them.
            filters: Filters for signals and system calls, sent with a resume.
            mailbox: Functions that other threads post, called while the program runs.
        """
        self._debuggee = debuggee
        self._inspector = inspector
        self._causes = causes
        self._filters = filters
        self._mailbox = mailbox
        self.abandoned = False
        self._stopper = Stopper(debuggee)
        self._resumer = Resumer(debuggee, self._stopper)

    @property
    def state(self) -> State:
        """The state of the program."""
        return self._debuggee.state

    # -- beginning and ending --------------------------------------------------------------
    def begin_stopped(
        self, thread: int, reasons: tuple[StopReason, ...], signal: int = 0
    ) -> StopEvent:
        """Announce the first stop of a program that was just launched or attached.

        Args:
            thread: The thread that has stopped (tid).
            reasons: Why.
            signal: The signal that it is to receive when it goes on, 0 for none.
        """
        self._filters.forget()
        threads = Threads(signals={thread: signal}) if signal else Threads()
        return self._stop_here(thread, reasons, threads)

    def _stop_here(
        self, thread: int, reasons: tuple[StopReason, ...], threads: Threads
    ) -> StopEvent:
        """Announce a stop for which no thread was resumed."""
        debuggee = self._debuggee
        debuggee.clock.advance()
        event = StopEvent(debuggee.clock.current, debuggee.target.pid, thread, reasons)
        debuggee.state = Stopped(event, threads)
        return event

    def detach(self) -> None:
        """Detach from the program, with no trap left in it; it runs on.

        Raises:
            StateError: There is no program.
        """
        machine.require(self.state, Stopped, Running, to="detach")
        debuggee = self._debuggee
        try:
            if debuggee.is_moving:
                self._stopper.stop_now(STOP_SECONDS)
            if debuggee.target.control is not None:  # a copy has let its program go
                self.let_go()
            self.leave(Detached(debuggee.target.pid))
        except BaseException as error:
            self._recover_from(error)
            raise

    def let_go(self) -> None:
        """Let a stopped program run on without us, with no trap left in it."""
        debuggee = self._debuggee
        if not debuggee.target.abilities.lifts_traps:
            debuggee.sites.lift_all(debuggee.control)
        debuggee.control.detach()

    def note_end(self, error: BaseException | None = None) -> bool:
        """Enter the state of a program that turned out to have ended, if it has.

        A program may be killed while it is stopped, when nothing waits for its stops: then
        the first request that fails finds that out.

        Args:
            error: What has failed; whether the end is why is found out.
        """
        target = self._debuggee.target
        if isinstance(error, ConnectionLost) and target.ends_with_server:
            self._debuggee.publish(Notice(str(error)))
            self._end(ExitReason(target.pid, None, signal.SIGKILL, "SIGKILL"))
            return True
        may_be = isinstance(error, TargetError | NotFoundError | OSError)
        try:
            gone = target.look_for_end() if may_be else target.is_gone
            end = self._stopper.take_end() if gone else None
        except TargetError as lost:
            _log.debug("the program is gone, and so is the server: %s", lost)
            return False
        if end is None:
            return False
        self._end(exit_reason(end), end.thread)
        return True

    def _end(self, reason: ExitReason, thread: int = 0) -> None:
        clock = self._debuggee.clock
        clock.advance()
        self.leave(Ended(StopEvent(clock.current, reason.pid, thread, (reason,))))

    def kill(self, reason: ExitReason) -> StopEvent:
        """Kill the program.

        Raises:
            StateError: There is no program.
        """
        machine.require(self.state, Stopped, Running, to="kill")
        try:
            self._debuggee.control.kill()
        except ProcessGone:
            if self.note_end():
                return self._outcome()
            raise
        clock = self._debuggee.clock
        clock.advance()
        event = StopEvent(clock.current, reason.pid, 0, (reason,))
        self.leave(Ended(event))
        return event

    def leave(self, state: Detached | Ended) -> None:
        """Enter a state in which there is no program any more."""
        debuggee = self._debuggee
        debuggee.state = state
        debuggee.clock.advance()
        debuggee.sites.release_all(_PLAN)
        debuggee.sites.release_all(_CATCH)
        debuggee.sites.forget_inserted()
        # Called by a listener, perhaps, from within the target's wait: nothing comes any more.
        if debuggee.live_control is not None:
            debuggee.live_control.wake()

    def forget_stop_pc(self, thread: int) -> None:
        """Forget the stop pc of a thread whose pc was changed: no trap was hit there."""
        state = self.state
        if isinstance(state, Stopped):
            self._debuggee.state = Stopped(state.event, state.threads.moved(thread))
        self._debuggee.breakpoints.forget_visits()

    def deliver(self, thread: int, signal: int) -> None:
        """Have a signal delivered to a stopped thread when it is resumed; 0 for none.

        Raises:
            StateError: The program is not stopped.
        """
        state = self.state
        machine.require(state, Stopped, to="choose a signal")
        assert isinstance(state, Stopped)
        signals = {tid: each for tid, each in state.threads.signals.items() if tid != thread}
        if signal:
            signals[thread] = signal
        threads = Threads(state.threads.stop_pcs, signals, state.threads.listed)
        self._debuggee.state = Stopped(state.event, threads)

    def take_up(self, threads: Threads) -> None:
        """Take over what another session knew of the threads, which have stayed stopped.

        Raises:
            StateError: The program is not stopped.
        """
        state = self.state
        machine.require(state, Stopped, to="take up a session")
        assert isinstance(state, Stopped)
        self._debuggee.state = Stopped(state.event, threads)

    # -- running ---------------------------------------------------------------------------
    def run(
        self,
        plan: Plan,
        thread: int,
        *,
        alone: bool = False,
        hidden: bool = False,
        timeout: float | None = None,
    ) -> StopEvent:
        """Carry out a plan until a visible stop: ``start``, then ``wait``."""
        state = self._debuggee.state
        machine.require(state, Stopped, to=plan.name)
        assert isinstance(state, Stopped)
        try:
            self._start(state, plan, thread, alone, hidden)
            self._go(timeout)
        except BaseException as error:
            if not self._recover_from(error):
                raise
        return self._outcome()

    def start(self, plan: Plan, thread: int, *, alone: bool = False, hidden: bool = False) -> None:
        """Begin a plan; ``wait`` carries it out.

        Args:
            plan: The plan.
            thread: The selected thread (tid).
            alone: Resume no other thread.
            hidden: Publish no event, and call no posted function meanwhile.

        Raises:
            StateError: The program is not stopped.
        """
        state = self.state
        machine.require(state, Stopped, to=plan.name)
        assert isinstance(state, Stopped)
        self._start(state, plan, thread, alone, hidden)

    def _start(self, state: Stopped, plan: Plan, thread: int, alone: bool, hidden: bool) -> None:
        first = plan.begin(self._inspector.view(thread))
        if isinstance(first, Done):
            self._stop_here(thread, (first.reason,), state.threads)
            return
        cfa = plan.frame_cfa
        catches = self._catches_of(cfa, thread)
        run = Run(plan, plan.thread or thread, alone, hidden, cfa, catches)
        self._debuggee.state = machine.started(run, first, state.threads)
        if not hidden:
            self._debuggee.publish(Resumed(plan.name))

    def _catches_of(self, cfa: int | None, thread: int) -> Catches:
        """Find and trap where a panic out of a frame would be caught."""
        catches = NO_CATCHES if cfa is None else find_catches(self._inspector.view(thread), cfa)
        keys = (SiteKey("software", each) for each in catches.frames)
        self._debuggee.sites.replace_owned(_CATCH, keys)
        return catches

    def wait(self, timeout: float | None = None) -> StopEvent:
        """Carry out the plan that was started until a visible stop, which is not published.

        Meanwhile posted functions are called.  An exception, of one of them or of a cause,
        leaves the program stopped, or detached if the target failed.

        Args:
            timeout: Seconds, ``None`` for no limit.

        Raises:
            StillRunningError: The time is up; the program runs on.
            StateError: No program runs, or it was detached meanwhile.
            TargetError: The target failed.
        """
        machine.require(self.state, Running, Stopped, Ended, to="wait")
        try:
            self._go(timeout)
        except BaseException as error:
            if not self._recover_from(error):
                raise
        return self._outcome()

    def _go(self, timeout: float | None) -> None:
        """Make turns until the program does not run any more."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while isinstance(state := self._debuggee.state, Running):
            if self.abandoned or not self._turn(state, deadline):
                self.abandoned = False
                raise StillRunningError(timeout or 0.0)

    def _outcome(self) -> StopEvent:
        """Return the event of a visible stop, or of the end that it turns out to be."""
        if isinstance(self.state, Stopped):
            self.note_end()
        state = self.state
        if isinstance(state, Stopped | Ended):
            return state.event
        raise StateError(f"{machine.describe(state)} while it ran")

    def _turn(self, state: Running, deadline: float | None) -> bool:
        """Take the one step that the state determines; ``False`` when the time is up."""
        if state.moving:
            return self._take_batch(state, deadline)
        if state.stops:
            self._handle(state, state.stops[0])
            return True
        thread = machine.thread_to_announce(state)
        if thread is not None:
            self._announce(state, thread)
        elif self._debuggee.interrupt_requested:
            self._interrupt(state)
        else:
            self._resume(state)
        return True

    def _handle(self, state: Running, stop: TargetStop) -> None:
        _log.debug("stop: %s", stop)
        verdicts = self._causes.verdicts(stop, state)
        self._debuggee.state = machine.advance(state, stop, verdicts)

    def _interrupt(self, state: Running) -> None:
        """Report the pause that was asked for when no thread ran that could be interrupted."""
        self._debuggee.interrupt_requested = False
        self._debuggee.clock.advance()
        self._debuggee.state = machine.interrupted(state)

    def _announce(self, state: Running, thread: int) -> None:
        debuggee = self._debuggee
        sites = debuggee.sites
        sites.release_all(_PLAN)
        new = machine.announce(state, thread, debuggee.clock.current, debuggee.target.pid)
        if isinstance(new, Stopped) and not debuggee.target.abilities.lifts_traps:
            sites.lift_all(debuggee.control)
        debuggee.state = new
        if isinstance(new, Ended):
            sites.forget_inserted()
        for error in state.errors:
            raise error

    # -- resuming --------------------------------------------------------------------------
    def _resume(self, state: Running) -> None:
        """Resume the program as the plan says, unless stepping over breakpoints has stopped it."""
        debuggee, plan = self._debuggee, state.run.plan
        control, sites = debuggee.control, debuggee.sites
        if plan.frame_cfa != state.run.frame_cfa:
            catches = self._catches_of(plan.frame_cfa, state.run.thread)
            state = debuggee.state = machine.about_frame(state, plan.frame_cfa, catches)
        debuggee.code.require_whole(state.resume.sites)
        sites.replace_conditional(_PLAN, state.resume.requests())
        self._filters.send()
        if not debuggee.target.abilities.steps_over_sites:
            if self._step_over_all(state) != "clear":
                return
            after = debuggee.state
            assert isinstance(after, Running)
            state = after
        sites.flush(control, evaluates_all=debuggee.target_evaluates_all)
        actions = actions_of(state)
        if debuggee.target.abilities.group_stops and not state.run.hidden:
            for text in told_stops(actions):
                debuggee.publish(Notice(text))
        only = None if actions[-1].thread is None else state.run.thread
        held = frozenset[int]() if only is None else self._resumer.others(state, only)
        self._resumer.move(state, machine.resumed(state, only, held), actions)

    # -- waiting ---------------------------------------------------------------------------
    def _take_batch(self, state: Running, deadline: float | None) -> bool:
        """Wait until every thread is stopped; ``False`` when the time is up."""
        mailbox, serves = self._mailbox, not state.run.hidden
        while not state.stops:
            self._debuggee.interrupts.check()
            if serves and mailbox:
                self._serve()
                return True
            remaining = None if deadline is None else deadline - time.monotonic()
            stopped = self._stopper.take_stop(remaining)
            now = self._debuggee.state
            if not (isinstance(now, Running) and now.moving):
                return True  # stopped or ended by somebody who was called while we waited
            if not stopped and deadline is not None and time.monotonic() >= deadline:
                return False
            state = now
        self._stopper.complete_batch()
        return True

    def _serve(self) -> None:
        """Call the posted functions, and apply what they changed."""
        with self._debuggee.interrupts.allowed():
            self._mailbox.run_posted()
        self.apply_changes()

    def apply_changes(self) -> None:
        """Send changes of sites and filters at once, if the program runs."""
        debuggee = self._debuggee
        sites, abilities = debuggee.sites, debuggee.target.abilities
        if not debuggee.is_moving:
            return
        if self._filters.is_stale or (sites.is_stale and not abilities.changes_while_running):
            with self.paused():
                pass  # what is stale is sent with the resume
        elif sites.is_stale:
            sites.flush(debuggee.control, evaluates_all=debuggee.target_evaluates_all)

    # -- pauses of the engine itself -------------------------------------------------------
    @contextmanager
    def paused(self) -> Generator[None]:
        """Stop every thread during the body, without publishing anything.

        Does nothing if the program is stopped already.

        Raises:
            StateError: There is no program, or an inferior call is running.
        """
        state = self.state
        machine.require(state, Stopped, Running, to="look at the program")
        if not isinstance(state, Running) or not state.moving:
            yield
            return
        if state.run.hidden:
            raise StateError("a function of the program is being called", hint="wait for it")
        began = time.perf_counter()
        interrupts = self._debuggee.interrupts
        with interrupts.deferred():
            try:
                self._stopper.stop_now(STOP_SECONDS)
                self._debuggee.clock.advance()
                try:
                    with interrupts.allowed():
                        yield
                finally:
                    self._go_on()
            except BaseException:
                if not self._debuggee.is_moving:
                    self.recover()
                raise
        spent = (time.perf_counter() - began) * 1000
        _log.debug("the program was paused for %.2f ms", spent)

    def _go_on(self) -> None:
        """Handle the stops of a pause, and resume unless there is something to announce."""
        while isinstance(state := self.state, Running) and not state.moving:
            if not state.stops and machine.thread_to_announce(state) is not None:
                self._debuggee.control.wake()
                return  # by whoever waits
            self._turn(state, None)

    def _recover_from(self, error: BaseException) -> bool:
        """Have the program stopped, ended, lost, or as before, after a verb has raised.

        Returns:
            Whether the program's end is why it has raised.
        """
        if isinstance(error, StillRunningError):
            return False
        self.recover()
        state = self.state
        if isinstance(state, Stopped):
            gone = self.note_end(error)
            if isinstance(error, ProcessGone | ConnectionLost) and not gone:
                self._lose()
        return isinstance(self.state, Ended) and isinstance(error, TargetError | NotFoundError)

    def recover(self) -> None:
        """Stop visibly after something was raised while the program ran."""
        debuggee = self._debuggee
        try:
            while isinstance(state := debuggee.state, Running):
                if state.moving:
                    self._stopper.stop_now(RECOVERY_SECONDS)
                elif state.stops:
                    self._handle(state, state.stops[0])
                else:
                    thread = machine.thread_to_announce(state)
                    # A stop of its own, even if nothing has moved since the last one.
                    debuggee.clock.advance()
                    self._announce(state, state.run.thread if thread is None else thread)
        except UnstoppableError as error:
            _log.debug("the program runs on: %s", error)
        except TargetError as error:
            if self.note_end(error):
                return
            # What the program does is no longer known.
            _log.debug("the program is lost: %s", error)
            if isinstance(debuggee.state, Running):
                self._lose()
        except Exception as error:
            # Raised by a cause, and noted: what was raised first is what is raised.
            _log.debug("raised while stopping: %r", error)

    def _lose(self) -> None:
        """Give up a program that cannot be reached any more, and say what became of it."""
        debuggee = self._debuggee
        self.leave(Detached(debuggee.target.pid, lost=True))
        for text in look_after(debuggee.target):
            debuggee.publish(Notice(text))

    # -- stepping over breakpoints, where the target does not ------------------------------
    def _step_over_all(self, state: Running) -> Literal["clear", "moving", "stopped"]:
        """Step every thread over the breakpoint that it has hit, one instruction each.

        Returns:
            "clear": no thread is at such a breakpoint any more; "moving": the plan's own
            step has begun; "stopped": there are reports or errors to settle first.
        """
        sites = self._debuggee.sites
        while True:
            found = machine.next_to_step_over(state, sites.execution_addresses)
            if found is None:
                return "clear"
            self._resumer.step_alone(state, found.thread)
            if found.thread == state.run.thread and state.resume.kind == "step":
                return "moving"  # the plan's own step does the same
            self._settle_step_over(found)
            now = self.state
            if not isinstance(now, Running) or now.moving or now.reports or now.errors:
                return "stopped"
            state = now

    def _settle_step_over(self, stepped: machine.StepOver) -> None:
        """Wait for the one step; whatever else stops there is handled as usual."""
        deadline = time.monotonic() + STOP_SECONDS
        while not self._stopper.take_stop(deadline - time.monotonic()):
            # Nothing comes, too, when somebody has posted a function: that has to wait.
            if time.monotonic() >= deadline:
                raise TargetError(
                    f"thread {stepped.thread} does not leave the breakpoint at {stepped.address:#x}"
                )
        state = self.state
        if not isinstance(state, Running) or not state.stops:
            return
        stop = state.stops[0]
        if stop.kind == "step" and stop.thread == stepped.thread:
            self._debuggee.state = machine.stepped_over(state, stop.thread)
        else:
            state = self._debuggee.state = machine.gathered(state)
            self._handle(state, stop)
