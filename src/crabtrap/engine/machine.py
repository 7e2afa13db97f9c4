"""States and transitions, pure: no I/O, no clock, nothing but data in and data out.

A session is in exactly one state; each state holds only what is valid in it::

    NotStarted --start--> Stopped --resume--> Running --settle--> Stopped
                             |  --leave--> Detached          |--> Exited

While ``Running``, stops arrive in batches (every thread is parked when a batch is
complete).  Each stop is judged by the handlers; ``advance`` folds their verdicts into
the state and ``settle`` says what to do once the batch is empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crabtrap.errors import StateError
from crabtrap.events import Exited as ExitReason
from crabtrap.events import StopEvent, StopReason
from crabtrap.records import dataclass, field


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
class Ended:
    """The program is gone."""

    event: StopEvent


@dataclass(frozen=True, slots=True)
class Running:
    """The program was set going by ``plan``.

    Attributes:
        plan: The verb.
        arrived: Pc by tid, of every thread that stands at a stop of its own which was
            shown to the handlers.  A thread that was only parked because another one
            stopped is not in it: a trap at its pc has not been hit yet and must be.
        held: Threads that were left standing when another was set going alone; known only
            where stopping the others is left to us.
        reports: What the handlers want told so far, with the thread it is about.
    """

    plan: str
    stop_pcs: Mapping[int, int] = field(default_factory=dict[int, int])
    held: frozenset[int] = frozenset()
    reports: tuple[tuple[int, StopReason], ...] = ()


State = NotStarted | Stopped | Running | Detached | Ended


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
class StepOver:
    """Let ``thread`` leave the trap it stands on before anything else moves."""

    thread: int
    address: int


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the user; the reports of ``thread`` come first."""

    thread: int


Action = ResumeThreads | Announce


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


def resumed(state: Running, only: int | None, held: frozenset[int]) -> Running:
    """Some threads were resumed, and stand nowhere any more.

    Args:
        state: Before.
        only: The one that was, ``None`` for all of them.
        held: Those left standing, as in ``Running``.
    """
    arrived = dict(state.stop_pcs) if only is not None else {}
    arrived.pop(only or 0, None)
    return Running(state.plan, arrived, held, state.reports)


def advance(state: Running, thread: int, pc: int | None, verdicts: Sequence[Verdict]) -> Running:
    """Fold one judged stop into the state.

    Args:
        state: Before the stop.
        thread: The thread that stopped.
        pc: Where it has arrived, ``None`` if it has ended or was only asked to stop.
        verdicts: One per handler, in the handlers' order.

    Returns:
        The state with the thread where it arrived, and the reports added.
    """
    arrived = dict(state.stop_pcs)
    if pc is None:
        arrived.pop(thread, None)
    else:
        arrived[thread] = pc
    reports = [(thread, each.reason) for each in verdicts if isinstance(each, Report)]
    return Running(state.plan, arrived, state.held, (*state.reports, *reports))


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


def next_to_step_over(state: Running, sites: frozenset[int]) -> StepOver | None:
    """The next thread that stands on a trap it has already told, or ``None``."""
    for tid, pc in sorted(state.stop_pcs.items()):
        if pc in sites:
            return StepOver(tid, pc)
    return None


def announce(state: Running, thread: int, epoch: int, pid: int) -> Stopped | Ended:
    """Make the visible stop out of everything reported."""
    own = tuple(why for tid, why in state.reports if tid == thread)
    others = tuple((tid, why) for tid, why in state.reports if tid != thread)
    event = StopEvent(epoch, pid, thread, own, others)
    if any(isinstance(why, ExitReason) for why in own):
        return Ended(event)
    return Stopped(event)
