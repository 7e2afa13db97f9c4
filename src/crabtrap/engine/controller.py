"""The loop: carries out plans, holds the engine's only wait, and moves the state.

One turn: flush the traps, resume, wait until a batch of stops has arrived and every
thread is parked, show each stop to the handlers, fold their verdicts into the state,
and either go on or announce a visible stop.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, assert_never

from crabtrap.engine import machine
from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.machine import (
    Announce,
    Detached,
    Ended,
    NotStarted,
    ResumeThreads,
    Running,
    State,
    Stopped,
)
from crabtrap.engine.plans.plan import Done, Plan, Resume
from crabtrap.errors import TargetError
from crabtrap.events import Exited as ExitReason
from crabtrap.events import Resumed, StopEvent, StopReason
from crabtrap.log import Log
from crabtrap.target.interface import ResumeAction, TargetStop

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from crabtrap.engine.causes.handlers import Handlers
    from crabtrap.engine.debuggee import Debuggee

_log = Log("crabtrap.engine")

_PLAN = ("plan", 0)
_PARK_SECONDS = 10.0
"""A thread that does not stop within this after being asked to hangs in the kernel."""
_PARK_POLL_SECONDS = 0.05


class Controller:
    """Runs plans on one program.

    Attributes:
        state: Where the session is.
        before_settling: Called with each stop that changes what is loaded or who is
            there (exec, fork, libraries) before the program may go on.
    """

    def __init__(
        self,
        context: Debuggee,
        handlers: Handlers,
        before_settling: Callable[[TargetStop], None],
    ) -> None:
        self.context = context
        self.handlers = handlers
        self.state: State = NotStarted()
        self._before_settling = before_settling
        # Of the present stop, as in ``Running``.
        self._arrived: Mapping[int, int] = {}
        # All threads that were there when the others were last parked by us.
        self._standing = frozenset[int]()
        self._signals_sent = -1

    # -- entering and leaving --------------------------------------------------------------
    def begin_stopped(self, thread: int, reasons: tuple[StopReason, ...]) -> StopEvent:
        """The program was just launched or attached and stands still."""
        self.context.clock.advance()
        self._arrived = {}
        self._standing = frozenset[int]()
        self._signals_sent = -1
        event = StopEvent(self.context.clock.current, self.context.target.pid, thread, reasons)
        self.state = Stopped(event)
        return event

    def forget_sent_signals(self) -> None:
        """Catchpoints changed: tell the target again which signals to pass by itself."""
        self._signals_sent = -1

    def detached(self) -> None:
        """The program was let go."""
        self.state = Detached(self.context.target.pid)
        self.context.clock.advance()

    def gone(self, reason: ExitReason) -> StopEvent:
        """The program was killed by us."""
        self.context.clock.advance()
        event = StopEvent(self.context.clock.current, reason.pid, 0, (reason,))
        self.state = Ended(event)
        return event

    @contextmanager
    def inferior_call_scope(self, thread: int) -> Generator[None]:
        """Run plans that are nobody's stop: afterwards the visible stop is the present one.

        Whoever uses this puts ``thread`` back to where it stands now.
        """
        state, epoch = self.state, self.context.clock.current
        machine.require(state, Stopped, to="call a function")
        arrived = self._arrived.get(thread)
        self.forget_stop_pc(thread)
        try:
            yield
        finally:
            if isinstance(self.state, Stopped):
                self.state = state
                self.context.clock.return_to(epoch)
                self.forget_stop_pc(thread)
                if arrived is not None:
                    self._arrived = {**self._arrived, thread: arrived}

    # -- running ---------------------------------------------------------------------------
    def run(self, plan: Plan, thread: int, *, told: bool = True) -> StopEvent:
        """Carry out a plan until a visible stop.

        Args:
            plan: What to do.
            thread: The thread the user is looking at.
            told: Publish that the program was resumed; the stop is the caller's to publish.

        Raises:
            StateError: The program is not stopped.
            TargetError: The target failed; the program counts as let go then.
        """
        machine.require(self.state, Stopped, to=plan.name)
        handlers = self.handlers
        first = plan.begin(self.handlers.inspector.view(thread))
        if isinstance(first, Done):
            event = self._stop_at_once(thread, first.reason)
        else:
            handlers.plan, handlers.move = plan, first
            if told:
                self.context.publish(Resumed(plan.name))
            self.state = Running(plan.name, self._arrived)
            event = self._carry_out(plan, thread)
        return event

    def _carry_out(self, plan: Plan, thread: int) -> StopEvent:
        handlers = self.handlers
        try:
            return self._loop(plan, thread)
        except TargetError:
            # Nothing is known any more about what the program does.
            self.state = Detached(self.context.target.pid)
            raise
        finally:
            handlers.plan, handlers.move = None, Resume()
            self.context.sites.release_all(_PLAN)

    def _loop(self, plan: Plan, thread: int) -> StopEvent:
        while True:
            if self._resume(plan.thread or thread):
                self._take_batch()
            state = self.state
            assert isinstance(state, Running)
            action = machine.settle(state, plan.thread or thread)
            match action:
                case ResumeThreads():
                    continue
                case Announce(about):
                    return self._announce(state, about)
                case _:
                    assert_never(action)

    def _resume(self, thread: int) -> bool:
        """Set the program going as the plan's present move says.

        Returns:
            Whether there is a stop to wait for; not when a thread had something to
            report while it was helped off a trap.
        """
        context, move = self.context, self.handlers.move
        control, sites = context.control, context.sites
        sites.replace_owned(_PLAN, (SiteKey("software", each) for each in move.sites))
        self._send_passed_signals()
        if not context.target.abilities.steps_over_sites:
            match self._step_over_all(thread, move):
                case "moving":
                    return True
                case "stopped":
                    return False
                case "clear":
                    pass
        sites.flush(control, evaluates_all=context.target_evaluates_all)
        actions = self._actions(thread, move)
        context.clock.advance()
        self._note_resumed(None if actions[-1].thread is None else thread)
        control.resume(actions)
        return True

    def _actions(self, thread: int, move: Resume) -> list[ResumeAction]:
        """The plan's thread first, threads with a signal to deliver, then all others."""
        pending = self.context.pending_signals
        alone = self.context.options.scheduler_lock
        actions: list[ResumeAction] = []
        if move.kind != "continue" or alone:
            signal = pending.pop(thread, 0)
            actions.append(ResumeAction(thread, move.kind, signal))
        if not alone:
            actions += [ResumeAction(tid, signal=number) for tid, number in pending.items()]
            pending.clear()
            actions.append(ResumeAction(None))
        return actions

    def _note_resumed(self, only: int | None) -> None:
        state = self.state
        assert isinstance(state, Running)
        held = frozenset[int]()
        if only is not None and not self.context.target.abilities.stops_all:
            standing = self._standing or self._list_threads()
            held = standing - {only}
        self.state = machine.resumed(state, only, held)

    def _list_threads(self) -> frozenset[int]:
        return frozenset(info.tid for info in self.context.target.threads())

    def _send_passed_signals(self) -> None:
        signals = self.context.signals
        if signals.revision != self._signals_sent:
            caught = {
                number
                for each in self.context.breakpoints.catchpoints
                if each.kind == "signal" and each.enabled
                for number in (each.arguments or range(1, 65))
            }
            self.context.control.pass_signals(
                [number for number in signals.silent() if number not in caught]
            )
            self._signals_sent = signals.revision

    # -- waiting ---------------------------------------------------------------------------
    def _take_batch(self) -> None:
        """Wait, park everything, and judge every stop that has come."""
        control = self.context.control
        first = control.wait(None)
        assert first is not None  # without a timeout there is always a stop
        stops = [first]
        if not self.context.target.abilities.stops_all:
            self._stop_others(stops)
        while (more := control.wait(0)) is not None:
            stops.append(more)
        self.context.sites.note_failures(control.take_site_failures())
        for stop in stops:
            self._handle_stop(stop)

    def _handle_stop(self, stop: TargetStop) -> None:
        _log.debug("stop: %s", stop)
        state = self.state
        assert isinstance(state, Running)
        if stop.kind in ("exec", "fork", "vfork", "library"):
            self._before_settling(stop)
        verdicts = self.handlers.verdicts(stop)
        gone = stop.kind in ("exited", "killed", "thread-exited")
        # Being parked is no arrival: a trap at that pc must still be hit.
        arrived = None if gone or stop.kind == "interrupt" else stop.pc
        self.state = machine.advance(state, stop.thread, arrived, verdicts)

    def _stop_others(self, stops: list[TargetStop]) -> None:
        """Stop every other thread, for targets that leave that to us."""
        context = self.context
        if stops[0].kind in ("exited", "killed"):
            return
        state = self.state
        assert isinstance(state, Running)
        stopped = {*state.held, *(stop.thread for stop in stops)}
        deadline = time.monotonic() + _PARK_SECONDS
        while True:
            self._standing = self._list_threads()
            moving = self._standing - stopped
            if not moving:
                return
            if time.monotonic() > deadline:
                raise TargetError(
                    f"thread {min(moving)} does not stop",
                    hint="it hangs in the kernel (state D); wait or detach",
                )
            context.control.interrupt()
            # Briefly: a thread may end instead of stopping, and nobody tells of that.
            stop = context.control.wait(_PARK_POLL_SECONDS)
            while stop is not None:
                stopped.add(stop.thread)
                stops.append(stop)
                if stop.kind in ("exited", "killed"):
                    return
                stop = context.control.wait(0)

    # -- traps that the target leaves to us ------------------------------------------------
    def _step_over_all(self, thread: int, move: Resume) -> Literal["clear", "moving", "stopped"]:
        """Let every thread that stands on a told trap execute one instruction.

        Returns:
            "clear": nobody stands on a trap any more; "moving": the plan's own step is
            under way; "stopped": something happened that has to be settled first.
        """
        state = self.state
        assert isinstance(state, Running)
        sites = self.context.sites
        while True:
            standing = machine.next_to_step_over(state, sites.execution_addresses)
            if standing is None:
                return "clear"
            if standing.thread == thread and move.kind == "step":
                # The plan's own step does the same; nothing is inserted for it.
                sites.lift_all(self.context.control)
                self._step_alone(thread)
                return "moving"
            self._step_alone(standing.thread)
            state = self._settle_step_over(standing.thread, standing.address)
            if state.reports:
                return "stopped"

    def _step_alone(self, thread: int) -> None:
        context = self.context
        context.sites.lift_all(context.control)
        signal = context.pending_signals.pop(thread, 0)
        context.clock.advance()
        self._note_resumed(thread)
        context.control.resume([ResumeAction(thread, "step", signal)])

    def _settle_step_over(self, thread: int, address: int) -> Running:
        """Wait for the one step; whatever else stops there is judged as usual."""
        stop = self.context.control.wait(_PARK_SECONDS)
        if stop is None:
            raise TargetError(f"thread {thread} does not leave the breakpoint at {address:#x}")
        if stop.kind != "step" or stop.thread != thread:
            self._handle_stop(stop)
        state = self.state
        assert isinstance(state, Running)
        return state

    # -- announcing ------------------------------------------------------------------------
    def _announce(self, state: Running, about: int) -> StopEvent:
        context = self.context
        if not context.target.abilities.lifts_traps:
            context.sites.release_all(_PLAN)
            if not any(isinstance(why, ExitReason) for _, why in state.reports):
                context.sites.lift_all(context.control)
        new = machine.announce(state, about, context.clock.current, context.target.pid)
        self._arrived = state.stop_pcs
        self.state = new
        if isinstance(new, Ended):
            context.sites.forget_inserted()
        return new.event

    def _stop_at_once(self, thread: int, reason: StopReason) -> StopEvent:
        """A plan that was fulfilled before anything moved."""
        self.context.clock.advance()
        event = StopEvent(self.context.clock.current, self.context.target.pid, thread, (reason,))
        self.state = Stopped(event)
        return event

    def forget_stop_pc(self, thread: int) -> None:
        """The thread's pc was changed: a trap at the new one has not been hit."""
        self._arrived = {tid: pc for tid, pc in self._arrived.items() if tid != thread}
