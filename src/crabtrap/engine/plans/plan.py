"""The interface of thread plans: how to resume, and at each stop whether the plan is done.

A plan does no I/O beyond reading the stopped program.  The controller asks it for a
``Resume``, carries that out, and shows it the stops of its own thread, as LLDB does with
its thread plans.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from crabtrap.address import Address
from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.plans.thread_view import ThreadView
from crabtrap.events import StopReason
from crabtrap.records import dataclass, field
from crabtrap.target.interface import ResumeKind, TargetStop

if TYPE_CHECKING:
    from crabtrap.symbols.code_rows import Function


@dataclass(frozen=True, slots=True)
class Resume:
    """How to resume the plan's thread, and where to stop it.

    Attributes:
        kind: How the thread itself runs: freely, or for one instruction.
        sites: Addresses to trap for this plan; hits of other threads are ignored.
        note: A message for the user while the program runs, or ``""``.
        conditions: Agent expressions by site, which the target tests before it stops there.
            Targets may stop all the same: the plan judges for itself.
        watched: Address and size of bytes at whose access any thread is stopped, where a
            debug register is free.
    """

    kind: ResumeKind = "continue"
    sites: frozenset[Address] = frozenset()
    note: str = ""
    conditions: Mapping[Address, bytes] = field(default_factory=dict[Address, bytes])
    watched: tuple[Address, int] | None = None

    def requests(self) -> dict[SiteKey, bytes | None]:
        """Return what is to be trapped, each with its condition."""
        found = {SiteKey("software", each): self.conditions.get(each) for each in self.sites}
        if self.watched is not None:
            found[SiteKey("access", *self.watched)] = None
        return found


@dataclass(frozen=True, slots=True)
class Done:
    """The plan is done; ``reason`` is reported to the user."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class Unexplained:
    """The stop has nothing to do with the plan, which continues as before."""


Explanation = Resume | Done | Unexplained

FREELY, UNEXPLAINED = Resume(), Unexplained()
"""What most plans answer at most stops."""


class Returning(Protocol):
    """A plan that ends when a function returns.

    Attributes:
        returned: The function, once it has returned and the registers still hold its result.
    """

    @property
    def returned(self) -> Function | None:
        """See above."""
        ...


class Plan(Protocol):
    """What one thread is to do until its next visible stop.

    Attributes:
        name: "step", "next", ...; shown in events.
        thread: tid the plan is about, 0 for a plan that is not about any thread, or not at
            this time: such a plan is shown the stops of all threads.
    """

    @property
    def name(self) -> str:
        """Name of the verb, for events."""
        ...

    @property
    def thread(self) -> int:
        """Thread (tid) the plan is about."""
        ...

    @property
    def frame_cfa(self) -> int | None:
        """CFA of the physical frame whose end by unwinding ends the plan, ``None`` for none.

        Asked for when the plan has begun, and whenever the program is resumed.
        """
        ...

    def begin(self, view: ThreadView) -> Resume | Done:
        """Return how to resume from the stop the user is looking at."""
        ...

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Say whether a stop of the plan's own thread is the plan's, and what follows."""
        ...
