"""The selected thread and frame of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.causes.panics import find_user_frame
from crabtrap.engine.inspect.frame import Frame
from crabtrap.engine.machine import Stopped, require
from crabtrap.errors import NotFoundError, RangeError, StateError
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
from crabtrap.records import dataclass, replace

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import CallStack, StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.events import StopEvent
    from crabtrap.session.core import Core
    from crabtrap.tasks.task import Task

_ENDS_OF_PLANS = (StepDone, FrameUnwound, CoroutineEnded)


class Selection:
    """The selected thread, task and frame; every stop selects its own.

    A thread is always selected as long as there is a program; it is what runs.  Where a task
    is selected beside it, that is what is looked at.

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
        self._task: _TaskChoice | None = None

    @property
    def thread(self) -> Thread:
        """The selected thread.

        Raises:
            StateError: The program is not stopped.
        """
        require(self._core.state, Stopped, to="look at a thread")
        return self._core.process.thread(self.tid)

    @property
    def is_of_task(self) -> bool:
        """Whether a task is looked at, and not a thread."""
        return self._task is not None

    @property
    def task(self) -> Task | None:
        """The selected task, ``None`` where a thread is looked at.

        Raises:
            StateError: The program is not stopped.
            NotFoundError: The debugger has let the program go on without it.
        """
        return None if self._task is None else self._core.tasks.at_stop.at(self._task.address)

    @property
    def stack(self) -> CallStack:
        """The selected task, or else the selected thread."""
        return self.task or self.thread

    @property
    def frame(self) -> StackFrame:
        """The selected frame of the selected task, or else of the selected thread."""
        task = self.task
        if task is None or self._task is None:
            return self.thread.frame(self.index)
        return task.frame(self._task.index)

    @property
    def thread_frame(self) -> Frame:
        """The selected frame, for what runs it.

        Raises:
            StateError: It is that of a task that waits.
        """
        frame = self.frame
        if isinstance(frame, Frame):
            return frame
        raise StateError(
            f"{frame.stack.title} waits: no thread runs this frame",
            hint=f"thread {self.thread.index}",
        )

    def clear(self) -> None:
        """Select nothing: there is no program any more."""
        self.tid = self.index = 0
        self._task = None

    def follow(self, event: StopEvent) -> None:
        """Select the thread and frame that a stop is about."""
        self.tid, self.index, self._task = event.thread, 0, None
        self.index = self._frame_to_show(event)

    def select_thread(self, thread: int) -> Thread:
        """Select a thread by index or tid, and its innermost frame.

        Raises:
            NotFoundError: There is no such thread.
        """
        found = find_thread(self._core.process, thread)
        self._select(found.tid, 0, None)
        return found

    def select_task(self, task: Task) -> Task:
        """Select a task, and its innermost frame that is the user's.

        The thread that runs it is selected with it, so that steps are those of the task.
        """
        own = next((frame.index for frame in task.frames() if frame.is_user), 0)
        tid, index = (task.thread.tid, own) if task.thread is not None else (self.tid, self.index)
        self._select(tid, index, _TaskChoice(task.address, task.label, own))
        return task

    def select_frame(self, index: int) -> StackFrame:
        """Select a frame of the selected task or thread.

        Raises:
            RangeError: The stack has no such frame.
        """
        frame = self.stack.frame(index)
        own = index if frame.thread is not None else self.index
        task = None if self._task is None else replace(self._task, index=index)
        self._select(self.tid, own, task)
        return frame

    def _select(self, tid: int, index: int, task: _TaskChoice | None) -> None:
        if (tid, index, task) == (self.tid, self.index, self._task):
            return
        self.tid, self.index, self._task = tid, index, task
        label, shown = ("", index) if task is None else (task.label, task.index)
        self._core.events.publish(SelectionChanged(self._client, tid, shown, label))

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


@dataclass(frozen=True, slots=True)
class _TaskChoice:
    """A task and a frame of it, for one stop; the task itself is looked up each time."""

    address: Address
    label: str
    index: int


def find_thread(process: Process, thread: int) -> Thread:
    """Find a thread by its index or its tid.

    Raises:
        NotFoundError: There is none.
    """
    for each in process.threads:
        if thread in (each.index, each.tid):
            return each
    raise NotFoundError("thread", str(thread), hint="info threads lists them")
