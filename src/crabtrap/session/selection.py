"""The selected thread and frame of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.causes.panics import find_user_frame
from crabtrap.engine.machine import Stopped, require
from crabtrap.errors import NotFoundError, RangeError
from crabtrap.events import (
    BreakpointHit,
    ConditionFailed,
    CoroutineEnded,
    FrameUnwound,
    Panicked,
    SelectionChanged,
    SignalReceived,
    StepDone,
)

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.events import StopEvent
    from crabtrap.session.core import Core

_ENDS_OF_PLANS = (StepDone, FrameUnwound, CoroutineEnded)


class Selection:
    """The selected thread and frame; every stop selects its own.

    Attributes:
        tid: The selected thread, 0 when there is no program.
        index: The selected frame of it.
    """

    def __init__(self, core: Core, client: str) -> None:
        """Create an empty selection of the client with the name ``client``."""
        self._core = core
        self._client = client
        self.tid = 0
        self.index = 0

    @property
    def thread(self) -> Thread:
        """The selected thread.

        Raises:
            StateError: The program is not stopped.
        """
        require(self._core.state, Stopped, to="look at a thread")
        return self._core.process.thread(self.tid)

    @property
    def frame(self) -> Frame:
        """The selected frame of the selected thread."""
        return self.thread.frame(self.index)

    def clear(self) -> None:
        """Select nothing: there is no program any more."""
        self.tid = self.index = 0

    def follow(self, event: StopEvent) -> None:
        """Select the thread and frame that a stop is about."""
        self.tid, self.index = event.thread, 0
        self.index = self._frame_to_show(event)

    def select_thread(self, thread: int) -> Thread:
        """Select a thread by index or tid, and its innermost frame.

        Raises:
            NotFoundError: There is no such thread.
        """
        found = find_thread(self._core.process, thread)
        self._select(found.tid, 0)
        return found

    def select_frame(self, index: int) -> Frame:
        """Select a frame of the selected thread.

        Raises:
            RangeError: The stack has no such frame.
        """
        frame = self.thread.frame(index)
        self._select(self.tid, index)
        return frame

    def _select(self, tid: int, index: int) -> None:
        if (tid, index) != (self.tid, self.index):
            self.tid, self.index = tid, index
            self._core.events.publish(SelectionChanged(self._client, tid, index))

    def path(self) -> str | None:
        """Return the source file of the selected frame, ``None`` where it has none."""
        try:
            return self.frame.path
        except (NotFoundError, RangeError):
            return None

    def _frame_to_show(self, event: StopEvent) -> int:
        """Return the index of the frame that a stop is about."""
        for why in event.reasons:
            if isinstance(why, Panicked):
                return why.frame
            if isinstance(why, SignalReceived) and self._is_own_doing(why):
                return find_user_frame(self.thread)
        # Of several reasons at one address, the innermost frame that one of them is about:
        # a step may end in a function inlined there, where a breakpoint of it is.
        hits = [w.frame for w in event.reasons if isinstance(w, BreakpointHit | ConditionFailed)]
        steps = [w.frame for w in event.reasons if isinstance(w, _ENDS_OF_PLANS)]
        return min(hits or steps, default=0)

    def _is_own_doing(self, signal: SignalReceived) -> bool:
        """Whether the program itself caused the signal: by a fault, or by ``abort(3)``.

        Then the user's innermost frame is of interest, which may have passed bad arguments
        to a library.  A signal of another process stops the thread anywhere.
        """
        return signal.address is not None or signal.sender == self._core.process.pid


def find_thread(process: Process, thread: int) -> Thread:
    """Find a thread by its index or its tid.

    Raises:
        NotFoundError: There is none.
    """
    for each in process.threads:
        if thread in (each.index, each.tid):
            return each
    raise NotFoundError("thread", str(thread), hint="info threads lists them")
