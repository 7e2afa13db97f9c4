"""Which thread and frame the user is looking at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.causes.panics import find_user_frame
from crabtrap.engine.plans.stepping import StepLine
from crabtrap.errors import NotFoundError, RangeError
from crabtrap.events import BreakpointHit, ConditionFailed, Panicked, SignalReceived, StepDone

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.plans.plan import Plan
    from crabtrap.events import StopEvent


class Selection:
    """The selected thread and frame; every stop selects what it is about.

    Attributes:
        tid: The selected thread, 0 when there is no program.
        index: The selected frame of it.
    """

    def __init__(self, process: Callable[[], Process]) -> None:
        """``process`` gives the program at the present stop, or raises ``StateError``."""
        self._process = process
        self.tid = 0
        self.index = 0

    @property
    def thread(self) -> Thread:
        """The selected thread."""
        return self._process().thread(self.tid)

    @property
    def frame(self) -> Frame:
        """The selected frame."""
        return self.thread.frame(self.index)

    def clear(self) -> None:
        """There is no program any more."""
        self.tid = self.index = 0

    def follow(self, event: StopEvent, plan: Plan | None) -> None:
        """Select what a stop is about."""
        self.tid, self.index = event.thread, 0
        self.index = self._frame_to_show(event, plan)

    def select_thread(self, thread: int) -> Thread:
        """Select by index or tid; its innermost frame is selected with it.

        Raises:
            NotFoundError: There is no such thread.
        """
        for each in self._process().threads:
            if thread in (each.index, each.tid):
                self.tid, self.index = each.tid, 0
                return each
        raise NotFoundError("thread", str(thread), hint="info threads lists them")

    def select_frame(self, index: int) -> Frame:
        """Select a frame of the selected thread.

        Raises:
            RangeError: The stack has no such frame.
        """
        frame = self.thread.frame(index)
        self.index = index
        return frame

    def path(self) -> str | None:
        """Source file of the selected frame, ``None`` where it has none."""
        try:
            return self.frame.path
        except (NotFoundError, RangeError):
            return None

    def _frame_to_show(self, event: StopEvent, plan: Plan | None) -> int:
        """Index of the frame that a stop is about."""
        for why in event.reasons:
            if isinstance(why, Panicked | BreakpointHit | ConditionFailed):
                return why.frame
            if isinstance(why, StepDone) and isinstance(plan, StepLine):
                return plan.hidden
            if isinstance(why, SignalReceived) and self._is_own_doing(why):
                return find_user_frame(self.thread)
        return 0

    def _is_own_doing(self, signal: SignalReceived) -> bool:
        """Whether the thread's own code is to blame: a fault, or ``abort``.

        What a library did with bad arguments is asked about where they come from; a signal
        from elsewhere finds the thread at a place of no meaning.
        """
        return signal.address is not None or signal.sender == self._process().pid
