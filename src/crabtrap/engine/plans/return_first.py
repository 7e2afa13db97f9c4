"""A plan for a frame that is not the innermost: the thread returns to it first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.plans.plan import Done, Explanation, Plan, Resume
from crabtrap.events import StepDone
from crabtrap.records import dataclass, field
from crabtrap.symbols.breakpoint_locations import index_in, position_in

if TYPE_CHECKING:
    from crabtrap.engine.plans.run_to import Finish
    from crabtrap.engine.plans.thread_view import ThreadView
    from crabtrap.target.interface import TargetStop


@dataclass(slots=True)
class ReturnFirst:
    """Return to an outer physical frame, and carry out a plan there.

    Attributes:
        name: Name of the verb.
        arrival: Returns to the frame.
        then: Makes the plan, given the index of the frame in the inline chain at the pc.
        depth: The frame, counted from the concrete function, which is 0.
        to_line: The plan is to get to another line.
    """

    name: str
    arrival: Finish
    then: Callable[[int], Plan]
    depth: int
    to_line: bool = False
    _plan: Plan | None = field(default=None, init=False)

    @property
    def thread(self) -> int:
        """Thread (tid) the plan is about."""
        return self.arrival.thread if self._plan is None else self._plan.thread

    @property
    def frame_cfa(self) -> int | None:
        """CFA of the frame that is to return, and then of the one returned to."""
        return self.arrival.frame_cfa if self._plan is None else self._plan.frame_cfa

    def begin(self, view: ThreadView) -> Resume | Done:
        """Trap the return to the frame."""
        return self.arrival.begin(view)

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Begin the plan once the thread has returned to the frame."""
        if self._plan is not None:
            return self._plan.explain_stop(stop, view)
        explanation = self.arrival.explain_stop(stop, view)
        if not isinstance(explanation, Done):
            return explanation
        index = max(len(view.chain) - 1 - self.depth, 0)
        self._plan = self.then(index)
        if self._has_moved_on(view):
            return Done(StepDone(self.name, frame=index))
        return self._plan.begin(view)

    def _has_moved_on(self, view: ThreadView) -> bool:
        """Whether the call was the last instruction of its inline instance, or of its line."""
        module, call = view.module, Address(view.pc - 1)
        chain = module.inline_chain(call) if module is not None else ()
        if module is None or len(chain) <= self.depth:
            return False
        frame = chain[-1 - self.depth]
        if index_in(view.chain, frame) is None:
            return True
        begins = view.row is not None and view.row.is_stmt and view.row.address == view.pc
        now = position_in(module, view.pc, frame)
        return (
            self.to_line
            and begins
            and now[1] is not None
            and now != position_in(module, call, frame)
        )
