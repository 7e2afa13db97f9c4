"""The state machine of a program: pure functions on frozen states, without I/O or clock.

A program is in exactly one state; each state holds all the data that is valid in it, which
is kept nowhere else::

    NotStarted --begin--> Stopped --start--> Running --announce--> Stopped
                             |                  |                     |--> Ended
                             '---- detach ------'--> Detached

``Running`` is itself a cycle: threads are ``moving`` until a batch of stops is complete;
every stop of the batch is shown to the causes, whose verdicts ``advance`` folds into
the state; ``settle`` says whether the program is resumed or the stop announced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from crabtrap.engine.plans.catches import NO_CATCHES, Catches
from crabtrap.errors import StateError
from crabtrap.events import Exited as ExitReason
from crabtrap.events import Interrupted, StopEvent, StopReason
from crabtrap.records import dataclass, field, replace

if TYPE_CHECKING:
    from crabtrap.engine.plans.plan import Plan, Resume
    from crabtrap.target.interface import TargetStop


@dataclass(frozen=True, slots=True)
class Threads:
    """What is known of the threads of a stopped program.

    Attributes:
        stop_pcs: pc by tid, of every thread whose own stop was shown to the causes.  A
            thread that was only stopped because another one was is not in it: it has not
            hit a trap at its pc yet and must.
        signals: Signal number by tid, to be delivered when the thread is resumed.
        listed: All threads as of the last stop, where stopping the others is left to the
            engine (``Abilities.stops_all``); empty where they were not listed.
    """

    stop_pcs: Mapping[int, int] = field(default_factory=dict[int, int])
    signals: Mapping[int, int] = field(default_factory=dict[int, int])
    listed: frozenset[int] = frozenset()

    def moved(self, thread: int) -> Threads:
        """Return the same without the stop pc of ``thread``, whose pc was changed."""
        pcs = {tid: pc for tid, pc in self.stop_pcs.items() if tid != thread}
        return Threads(pcs, self.signals, self.listed)


@dataclass(frozen=True, slots=True)
class NotStarted:
    """No program was started yet; symbols can be read and breakpoints set."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Every thread is stopped, and the stop was announced."""

    event: StopEvent
    threads: Threads = Threads()


@dataclass(frozen=True, slots=True)
class Run:
    """What a program was resumed for.

    Attributes:
        plan: The plan.
        thread: The plan's thread (tid) or, if it is not about one, the selected thread.  It
            is another one when the plan goes on with a stop of another.
        alone: No other thread is resumed.
        hidden: It is an inferior call: no posted function is called meanwhile.
        frame_cfa: CFA of the frame that the plan is about, ``None`` for none.
        catches: Where the plan's thread lands when a panic ends that frame.
    """

    plan: Plan
    thread: int
    alone: bool = False
    hidden: bool = False
    frame_cfa: int | None = None
    catches: Catches = NO_CATCHES


@dataclass(frozen=True, slots=True)
class Running:
    """The program runs by a plan, or will as soon as its stops are handled.

    Attributes:
        run: What it was resumed for.
        resume: How the plan's thread is resumed; the plan replaces it at its stops.
        moving: Threads were resumed and are not all stopped yet.
        threads: What is known of the threads that were not resumed.
        held: Threads left stopped when another was resumed alone; known only where
            stopping the others is left to the engine.
        stops: Stops that the target has reported and that are not handled yet.
        reports: Reasons to announce, each with its thread.
        errors: Exceptions that causes have raised; raised again once the program is stopped.
    """

    run: Run
    resume: Resume
    moving: bool
    threads: Threads
    held: frozenset[int] = frozenset()
    stops: tuple[TargetStop, ...] = ()
    reports: tuple[tuple[int, StopReason], ...] = ()
    errors: tuple[BaseException, ...] = ()


@dataclass(frozen=True, slots=True)
class Detached:
    """The program runs on without the debugger.

    Attributes:
        pid: Its process id.
        lost: The connection broke or the target failed; nobody asked for the detach.
    """

    pid: int
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The program has ended."""

    event: StopEvent


State = NotStarted | Stopped | Running | Detached | Ended


# -- verdicts ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ignore:
    """The stop does not concern this cause."""


@dataclass(frozen=True, slots=True)
class Consume:
    """The stop is this cause's; the program may run on.

    Attributes:
        signal: Signal number to deliver to the thread, 0 for none.
    """

    signal: int = 0


@dataclass(frozen=True, slots=True)
class Proceed:
    """The stop is the plan's, which continues with ``resume``."""

    resume: Resume


@dataclass(frozen=True, slots=True)
class Report:
    """The program must stop visibly.

    Attributes:
        reason: The reason to announce.
        signal: As in ``Consume``.
    """

    reason: StopReason
    signal: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """The cause raised; the program is stopped, and ``error`` raised again."""

    error: BaseException


Verdict = Ignore | Consume | Proceed | Report | Failed

IGNORE, CONSUME = Ignore(), Consume()
"""The verdicts that most causes give on most stops."""


@dataclass(frozen=True, slots=True)
class StepOver:
    """Let ``thread`` execute the instruction under the trap at ``address``."""

    thread: int
    address: int


# -- checks ------------------------------------------------------------------------------


def require(state: State, *kinds: type, to: str) -> None:
    """Check that ``state`` is one of ``kinds``.

    Raises:
        StateError: It is not; ``to`` says in the message what cannot be done.
    """
    if not isinstance(state, kinds):
        raise StateError(f"cannot {to}: {describe(state)}", hint=_hint(state))


def describe(state: State) -> str:
    """Return a clause for users: "the program is running"."""
    match state:
        case NotStarted():
            return "no program has been started"
        case Stopped():
            return "the program is stopped"
        case Running():
            return "the program is running"
        case Detached(pid, lost=True):
            return f"process {pid} was lost"
        case Detached(pid):
            return f"process {pid} was detached"
        case Ended():
            return "the program has ended"


def _hint(state: State) -> str:
    match state:
        case NotStarted() | Ended() | Detached():
            return "start it with run"
        case Running():
            return "interrupt it first"
        case Stopped():
            return ""


# -- transitions -------------------------------------------------------------------------
# Written out, because one `replace` takes longer than all of these at a stop.


def started(run: Run, resume: Resume, threads: Threads) -> Running:
    """Return the state at the beginning of a plan; nothing was resumed yet."""
    return Running(run, resume, False, threads)


def resumed(state: Running, only: int | None, held: frozenset[int]) -> Running:
    """Return the state in which threads are resumed; what was known of them is dropped.

    Args:
        state: The state before.
        only: tid of the only resumed thread, ``None`` for all threads.
        held: Threads left stopped, as in ``Running``.
    """
    threads = _NOTHING_KNOWN if only is None else _without(state.threads, only)
    return _set_going(state, threads, held)


def stepping_over(state: Running, thread: int, held: frozenset[int]) -> Running:
    """One thread is about to execute the instruction under a trap that it has reported.

    Its pc is remembered until it has done so: if it is interrupted before, it has still
    hit that trap.
    """
    threads = _without(state.threads, thread)
    return _set_going(state, Threads(state.threads.stop_pcs, threads.signals, threads.listed), held)


def stepped_over(state: Running, thread: int) -> Running:
    """That has been done, which is no stop of the thread's own."""
    threads = state.threads.moved(thread)
    return Running(
        state.run, state.resume, False, threads, state.held, (), state.reports, state.errors
    )


def _without(threads: Threads, thread: int) -> Threads:
    signals = {tid: each for tid, each in threads.signals.items() if tid != thread}
    return Threads(threads.moved(thread).stop_pcs, signals, threads.listed)


def _set_going(state: Running, threads: Threads, held: frozenset[int]) -> Running:
    return Running(
        state.run, state.resume, True, threads, held, state.stops, state.reports, state.errors
    )


def reported(state: Running, stop: TargetStop) -> Running:
    """Add a stop of the present batch that the target has reported."""
    stops = (*state.stops, stop)
    return Running(
        state.run,
        state.resume,
        state.moving,
        state.threads,
        state.held,
        stops,
        state.reports,
        state.errors,
    )


def gathered(state: Running, listed: frozenset[int] | None = None) -> Running:
    """Complete the batch: every thread is stopped.

    Args:
        state: The state before.
        listed: As in ``Threads``; ``None`` to keep the former list.
    """
    threads = state.threads
    if listed is not None and listed != threads.listed:
        threads = Threads(threads.stop_pcs, threads.signals, listed)
    return Running(
        state.run,
        state.resume,
        False,
        threads,
        state.held,
        state.stops,
        state.reports,
        state.errors,
    )


def interrupted(state: Running) -> Running:
    """The user asked for a pause while nothing was moving."""
    reports = (*state.reports, (state.run.thread, Interrupted()))
    return Running(
        state.run,
        state.resume,
        state.moving,
        state.threads,
        state.held,
        state.stops,
        reports,
        state.errors,
    )


def advance(state: Running, stop: TargetStop, verdicts: Sequence[Verdict]) -> Running:
    """Fold one handled stop into the state.

    Args:
        state: The state before.
        stop: The stop; removed from ``stops`` if it is the first there.
        verdicts: One per cause, in the order of the causes.
    """
    reports, errors = list(state.reports), state.errors
    run, resume = state.run, state.resume
    signal = 0
    for verdict in verdicts:
        if verdict is IGNORE or verdict is CONSUME:
            continue
        match verdict:
            case Report(reason, own_signal):
                reports.append((stop.thread, reason))
                signal = signal or own_signal
            case Consume(own_signal):
                signal = signal or own_signal
            case Proceed(next_resume):
                run, resume = _of_thread(run, stop.thread), next_resume
            case Failed(error):
                errors = (*errors, error)
            case Ignore():
                pass
    rest = state.stops[1:] if state.stops and state.stops[0] is stop else state.stops
    threads = _threads_after(state.threads, stop, signal)
    return Running(run, resume, state.moving, threads, state.held, rest, tuple(reports), errors)


def _of_thread(run: Run, thread: int) -> Run:
    return run if run.thread == thread else replace(run, thread=thread)


def about_frame(state: Running, frame_cfa: int | None, catches: Catches) -> Running:
    """The plan is about another frame now; see ``Run``."""
    return replace(state, run=replace(state.run, frame_cfa=frame_cfa, catches=catches))


def _threads_after(threads: Threads, stop: TargetStop, signal: int) -> Threads:
    if stop.kind == "exec":  # every other thread is gone
        threads = _NOTHING_KNOWN
    pcs = dict(threads.stop_pcs)
    if stop.pc is not None and stop.kind not in _WITHOUT_STOP_PC:
        pcs[stop.thread] = stop.pc
    elif stop.pc is None or pcs.get(stop.thread) != stop.pc:
        pcs.pop(stop.thread, None)
    signals = {**threads.signals, stop.thread: signal} if signal else threads.signals
    return Threads(pcs, signals, threads.listed)


_NOTHING_KNOWN = Threads()
_WITHOUT_STOP_PC = ("exited", "killed", "thread-exited", "interrupt")
"""Kinds of stops that are not about the pc: nothing was hit there that was not before."""


def thread_to_announce(state: Running) -> int | None:
    """Decide what follows once every stop of a batch is handled.

    Returns:
        The thread that a visible stop is about; ``None`` where there is nothing to report,
        and the program runs on.
    """
    own = state.run.thread
    if not state.reports:
        return own if state.errors else None
    chosen = state.reports[0][0]
    for tid, why in state.reports:
        if isinstance(why, ExitReason):
            return tid
        if tid == own:
            chosen = own
    return chosen


def next_to_step_over(state: Running, sites: frozenset[int]) -> StepOver | None:
    """Return the next thread that is stopped at a trap it has hit already, or ``None``."""
    for tid, pc in sorted(state.threads.stop_pcs.items()):
        if pc in sites:
            return StepOver(tid, pc)
    return None


def announce(state: Running, thread: int, epoch: int, pid: int) -> Stopped | Ended:
    """Return the state of the visible stop, with all reports in its event.

    A stop without a report is an interruption: by an error, or asked for by the user.
    """
    own: list[StopReason] = []
    others: list[tuple[int, StopReason]] = []
    ended = False
    for tid, why in state.reports:
        if tid == thread:
            own.append(why)
            ended = ended or isinstance(why, ExitReason)
        else:
            others.append((tid, why))
    event = StopEvent(epoch, pid, thread, tuple(own) or (Interrupted(),), tuple(others))
    return Ended(event) if ended else Stopped(event, state.threads)
