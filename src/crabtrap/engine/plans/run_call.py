"""The plan of an inferior call: run until the function returns or reaches a given address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.plans.plan import UNEXPLAINED, Done, Explanation, Resume
from crabtrap.events import StepDone
from crabtrap.records import dataclass
from crabtrap.target.interface import TRAPPED

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.plans.thread_view import ThreadView
    from crabtrap.target.interface import TargetStop


@dataclass(frozen=True, slots=True)
class RunCall:
    """Run a thread whose registers were set up for a call.

    Attributes:
        thread: tid.
        return_address: Where the function will return to; nothing else runs there.
        sp: The stack pointer once it has returned.
        locations: Other addresses to stop at, whatever the stack pointer is there.
        name: "call".
    """

    thread: int
    return_address: Address
    sp: int
    locations: frozenset[Address] = frozenset()
    name: str = "call"
    frame_cfa: None = None

    def begin(self, view: ThreadView) -> Resume:
        """Trap the return address and the locations."""
        return Resume(sites=self.locations | {self.return_address})

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Finish at a location, or at the return address with the stack pointer restored."""
        if stop.kind not in TRAPPED:
            return UNEXPLAINED
        returned = view.pc == self.return_address and view.sp == self.sp
        return Done(StepDone(self.name)) if returned or view.pc in self.locations else UNEXPLAINED
