"""States and transitions, pure: no I/O, no clock, nothing but data in and data out.

A session is in exactly one state; each state holds only what is valid in it::

    NotStarted --start--> Stopped --resume--> Running --settle--> Stopped
                             |  --leave--> Detached          |--> Exited

While ``Running``, stops arrive in batches (every thread is parked when a batch is
complete).  Each stop is judged by the handlers; ``advance`` folds their verdicts into
the state and ``settle`` says what to do once the batch is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crabtrap.errors import StateError
from crabtrap.events import Exited as ExitReason
from crabtrap.events import StopEvent, StopReason
from crabtrap.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class NotStarted:
    """No program runs yet; symbols can be read and breakpoints set."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Every thread is parked and the user has been told why."""

    event: StopEvent


@dataclass(frozen=True, slots=True)
class Detached:
    """The program was let go and runs on without us."""

    pid: int


@dataclass(frozen=True, slots=True)
class Exited:
    """The program is gone."""

    event: StopEvent


@dataclass(frozen=True, slots=True)
class Parked:
    """Not running.  ``arrived`` is the pc of the thread's own last reported stop.

    A thread that was only parked because another one stopped has ``arrived=None``: a
    trap at its pc has not been hit yet and must be when it moves.
    """

    arrived: int | None = None


@dataclass(frozen=True, slots=True)
class Moving:
    """Resumed; its next stop will be told."""


@dataclass(frozen=True, slots=True)
class SteppingOff:
    """Executing the one instruction under the trap at ``address``, all others parked."""

    address: int


ThreadState = Parked | Moving | SteppingOff


@dataclass(frozen=True, slots=True)
class Running:
    """The program was set going by ``plan``.

    Attributes:
        threads: State per tid; a thread that is gone is not in it.
        reports: What the handlers want told so far, with the thread it is about.
    """

    plan: str
    threads: tuple[tuple[int, ThreadState], ...] = ()
    reports: tuple[tuple[int, StopReason], ...] = ()


State = NotStarted | Stopped | Running | Detached | Exited


@dataclass(frozen=True, slots=True)
class Ignore:
    """The stop is none of this handler's business."""


@dataclass(frozen=True, slots=True)
class Consume:
    """The stop was this handler's; the program may run on."""


@dataclass(frozen=True, slots=True)
class Report:
    """The user must be told."""

    reason: StopReason


Verdict = Ignore | Consume | Report


@dataclass(frozen=True, slots=True)
class ResumeThreads:
    """Nothing to tell: set every thread going again."""


@dataclass(frozen=True, slots=True)
class StepOff:
    """Let ``thread`` leave the trap it stands on before anything else moves."""

    thread: int
    address: int


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the user; the reports of ``thread`` come first."""

    thread: int


Action = ResumeThreads | StepOff | Announce


def require(state: State, *kinds: type, to: str) -> None:
    """Raise ``StateError`` unless ``state`` is one of ``kinds``; ``to`` names the wish."""
    if not isinstance(state, kinds):
        raise StateError(f"cannot {to}: {describe(state)}", hint=_hint(state))


def describe(state: State) -> str:
    """One clause for people: "the program is running"."""
    match state:
        case NotStarted():
            return "no program has been started"
        case Stopped():
            return "the program is stopped"
        case Running():
            return "the program is running"
        case Detached(pid):
            return f"process {pid} was detached"
        case Exited():
            return "the program has ended"


def _hint(state: State) -> str:
    match state:
        case NotStarted() | Exited() | Detached():
            return "start it with run"
        case Running():
            return "interrupt it first"
        case Stopped():
            return ""


def start_running(plan: str, threads: Iterable[tuple[int, ThreadState]]) -> Running:
    """The state right after a resume."""
    return Running(plan, tuple(sorted(threads)))


def thread_state(state: Running, thread: int) -> ThreadState | None:
    """State of one thread, ``None`` for one that is gone or unknown."""
    return next((each for tid, each in state.threads if tid == thread), None)


def set_thread(state: Running, thread: int, new: ThreadState | None) -> Running:
    """Replace, add or (``None``) drop one thread."""
    others = tuple(pair for pair in state.threads if pair[0] != thread)
    if new is None:
        return replace(state, threads=others)
    return replace(state, threads=tuple(sorted((*others, (thread, new)), key=lambda p: p[0])))


def park_all(state: Running) -> Running:
    """Every thread that has not told a stop of its own was parked by us."""
    threads = tuple(
        (tid, each if isinstance(each, Parked) else Parked()) for tid, each in state.threads
    )
    return replace(state, threads=threads)


def advance(
    state: Running, thread: int, pc: int | None, gone: bool, verdicts: Sequence[Verdict]
) -> Running:
    """Fold one judged stop into the state.

    Args:
        state: Before the stop.
        thread: The thread that stopped.
        pc: Its run-time pc, ``None`` where it has none any more.
        gone: The stop was the thread's (or the process's) end.
        verdicts: One per handler, in the handlers' order.

    Returns:
        The state with the thread parked where it arrived, or dropped, and the reports added.
    """
    after = set_thread(state, thread, None if gone else Parked(arrived=pc))
    reports = tuple((thread, each.reason) for each in verdicts if isinstance(each, Report))
    return replace(after, reports=state.reports + reports) if reports else after


def settle(state: Running, preferred: int) -> Action:
    """Say what follows once a batch of stops is judged and every thread is parked.

    Args:
        state: After the last ``advance``.
        preferred: The thread whose reports are told first: the plan's own.
    """
    if state.reports:
        ending = next((tid for tid, why in state.reports if isinstance(why, ExitReason)), None)
        if ending is not None:
            return Announce(ending)
        tids = [tid for tid, _ in state.reports]
        return Announce(preferred if preferred in tids else tids[0])
    return ResumeThreads()


def first_to_step_off(state: Running, sites: frozenset[int]) -> StepOff | None:
    """The next thread that stands on a trap it has already told, or ``None``."""
    for tid, each in state.threads:
        if isinstance(each, Parked) and each.arrived is not None and each.arrived in sites:
            return StepOff(tid, each.arrived)
    return None


def announce(state: Running, thread: int, epoch: int, pid: int) -> Stopped | Exited:
    """Make the visible stop out of everything reported."""
    own = tuple(why for tid, why in state.reports if tid == thread)
    others = tuple((tid, why) for tid, why in state.reports if tid != thread)
    event = StopEvent(epoch, pid, thread, own, others)
    if any(isinstance(why, ExitReason) for why in own):
        return Exited(event)
    return Stopped(event)
