"""The plan of a call made by the debugger: until it returns, or comes to a place of interest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.plans.plan import Done, Explanation, Resume, Unexplained
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
        return_address: Where the function will return to; nothing else runs there.
        sp: The stack pointer once it has returned.
        places: Other addresses to stop at, whatever the stack is there.
    """

    thread: int
    return_address: Address
    sp: int
    locations: frozenset[Address] = frozenset()
    name: str = "call"

    def begin(self, view: ThreadView) -> Resume:
        """Trap the return and the places."""
        return Resume(sites=self.locations | {self.return_address})

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Done at a place, and at the return address with the stack as it was."""
        if stop.kind not in TRAPPED:
            return Unexplained()
        returned = view.pc == self.return_address and view.sp == self.sp
        return Done(StepDone(self.name)) if returned or view.pc in self.locations else Unexplained()
