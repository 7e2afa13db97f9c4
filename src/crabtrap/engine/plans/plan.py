"""What every plan is: it says how to move, and at each stop whether it is done.

A plan does no I/O beyond reading the stopped program.  The controller asks it for a
``Move``, carries that out, and shows it the stops of its own thread.
"""

from __future__ import annotations

from typing import Protocol

from crabtrap.address import Address
from crabtrap.engine.plans.thread_view import ThreadView
from crabtrap.events import StopReason
from crabtrap.records import dataclass
from crabtrap.target.interface import ResumeKind, TargetStop


@dataclass(frozen=True, slots=True)
class Resume:
    """How the plan's thread goes on, and where it wants to be stopped.

    Attributes:
        kind: Free run, or one instruction.
        sites: Addresses to trap for this plan; hits of other threads are passed over.
        note: What the user should know of this move while it lasts, or ``""``.
    """

    kind: ResumeKind = "continue"
    sites: frozenset[Address] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The plan is fulfilled; ``reason`` is told to the user."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class Unexplained:
    """The stop has nothing to do with the plan, which goes on as it was."""


Explanation = Resume | Done | Unexplained


class Plan(Protocol):
    """An intent of one thread.

    Attributes:
        name: "step", "next", ...; shown in events.
        thread: tid the plan is about, 0 for a plan that is not about any thread.
    """

    @property
    def name(self) -> str:
        """The verb, for events."""
        ...

    @property
    def thread(self) -> int:
        """The thread it is about."""
        ...

    def begin(self, view: ThreadView) -> Resume | Done:
        """The first move, from the stop the user is looking at."""
        ...

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Look at a stop of the plan's own thread."""
        ...
