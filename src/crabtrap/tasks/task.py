"""One task, and the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crabtrap.errors import CrabtrapError, NotFoundError, RangeError
from crabtrap.lazy import lazy
from crabtrap.present.field_paths import part, peel
from crabtrap.symbols.names import path_segments
from crabtrap.tasks.future_types import FutureTypes
from crabtrap.tasks.futures import FutureDecoder, future_name
from crabtrap.tasks.layouts import LAYOUTS
from crabtrap.tasks.running_tasks import RunningTasks, frames_of_task
from crabtrap.tasks.scan import find_candidates
from crabtrap.tasks.task_frames import task_frames
from crabtrap.tasks.waits.graph import WaitGraph
from crabtrap.tasks.waits.wait_rules import WaitBook
from crabtrap.values import Invalid, Memory, Value, ValueContext
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.tasks.futures import Await
    from crabtrap.tasks.layouts import TaskLayout
    from crabtrap.tasks.scan import Candidate
    from crabtrap.tasks.waits.wait import Wait

TaskState = Literal["idle", "queued", "running", "complete", "cancelled"]

_RUNNING, _COMPLETE, _NOTIFIED, _CANCELLED = 1, 2, 4, 32
_MOST_REFERENCES = 1 << 20


class Task:
    """A task of a runtime, at one stop.

    Attributes:
        process: The program at that stop.
        runtime: The runtime's name: ``tokio``.
        number: The number that the runtime gave it; ``None`` where it counts none.
        address: Where it begins.
        state: Whether it waits, is to be polled, is being polled, or has ended.
        root: The name of the future that was spawned.
    """

    def __init__(self, tasks: Tasks, layout: TaskLayout, candidate: Candidate) -> None:
        """Read a task; see ``Tasks``.

        Raises:
            CrabtrapError: It is none.
        """
        self.process = tasks.process
        self.runtime = layout.runtime
        self._layout = layout
        self.address = candidate.address
        self.root = future_name(candidate.future)
        self._tasks = tasks
        context = ValueContext(self.process.memory, self.process)
        cell = Value(candidate.cell, Memory(candidate.address), context)
        flags = peel(part(cell, layout.state)).integer()
        self.references = flags >> layout.references
        self.state = _state_of(flags)
        self.number = _number(cell, layout)
        self._stage = peel(part(cell, layout.stage))
        self._case, self._inside = self._stage.variant()

    def __repr__(self) -> str:
        return f"<Task {self.number} {self.root} {self.state}>"

    def _repr_html_(self) -> str:
        """Its stack, for notebooks."""
        return self.process.settings.language.html(self)

    @property
    def name(self) -> str:
        """The outermost future that has a name of its own: ``root``, if that is no ``dyn``."""
        outermost = self.frames()[-1:]
        return (outermost[0].function or self.root) if outermost else self.root

    @property
    def short_name(self) -> str:
        """The name without the modules around it: ``handle``, ``serve::{async_block#0}``."""
        segments = path_segments(self.name)
        named = [place for place, each in enumerate(segments) if not each.startswith("{")]
        return "::".join(segments[named[-1] if named else 0 :])

    @property
    def label(self) -> str:
        """What it is selected by: its number, or its address where it has none."""
        return f"{self.address:#x}" if self.number is None else str(self.number)

    @property
    def title(self) -> str:
        """What messages call it: ``task 7``."""
        return f"task {self.label}"

    @property
    def future(self) -> Value | None:
        """The future that was spawned; ``None`` once it has ended."""
        return self._inside.fields()[0][1] if self._case.name == "Running" else None

    @property
    def output(self) -> Value | None:
        """What it has returned, while nobody has taken it."""
        return self._inside.fields()[0][1] if self._case.name == "Finished" else None

    @lazy
    def awaits(self) -> Await | None:
        """What it awaits; ``None`` once it has ended."""
        future = self.future
        return None if future is None else self._tasks.decoder.decode(future)

    @property
    def stack(self) -> tuple[Await, ...]:
        """What it awaits, from the future that was spawned to where there are several or none."""
        found: list[Await] = []
        level = self.awaits
        while level is not None:
            found.append(level)
            level = level.children[0][1] if len(level.children) == 1 else None
        return tuple(found)

    # -- its frames ------------------------------------------------------------------------
    @lazy
    def thread(self) -> Thread | None:
        """The thread that runs it now."""
        return self._tasks.thread_of(self) if self.state == "running" else None

    @lazy
    def _frames(self) -> tuple[StackFrame, ...]:
        if self.thread is not None:
            return frames_of_task(self.thread, self._layout)
        awaits = self.awaits
        return task_frames(self, self.process, awaits) if awaits is not None else ()

    def frame(self, index: int) -> StackFrame:
        """Return frame ``index``, 0 being the innermost.

        Raises:
            RangeError: There is no such frame; a task that has ended has none.
        """
        if not 0 <= index < len(self._frames):
            ended = "" if self._frames else f": it is {self.state}"
            raise RangeError(f"{self.title} has no frame {index}{ended}")
        return self._frames[index]

    def frames(self, start: int = 0, count: int | None = None) -> tuple[StackFrame, ...]:
        """Return frames ``[start, start + count)``: what it awaits, innermost first."""
        return self._frames[start : None if count is None else start + count]

    @property
    def backtrace_end_reason(self) -> str:
        """Reason why what it awaits is not known, ``""`` where it is."""
        return next((level.problem for level in reversed(self.stack) if level.problem), "")

    @lazy
    def waits(self) -> tuple[Wait, ...]:
        """What it waits for: one thing, or several of which one or all must come."""
        return self._tasks.graph.waits_of(self)


class Tasks:
    """All tasks of a program at one stop; read on first use."""

    def __init__(self, process: Process, wait_rules: WaitBook | None = None) -> None:
        """Look at a program at one stop.

        Args:
            process: The program at that stop.
            wait_rules: What futures wait for; without any, the rules that come with us.
        """
        self.process = process
        self._on_threads: dict[int, Task | None] = {}
        self.graph = WaitGraph(self, wait_rules or WaitBook())

    @lazy
    def decoder(self) -> FutureDecoder:
        """Decodes the program's futures."""
        return FutureDecoder(FutureTypes(self.process))

    @lazy
    def all(self) -> tuple[Task, ...]:
        """Every task, by number."""
        self.process.check()
        found: dict[Address, Task] = {}
        for layout in LAYOUTS:
            for candidate in find_candidates(self.process, layout):
                task = self._task(layout, candidate)
                if task is not None:
                    found[task.address] = task
        return tuple(sorted(found.values(), key=lambda task: (task.number or 0, task.address)))

    def on_thread(self, thread: Thread) -> Task | None:
        """The task that a thread runs; all tasks need not be known for that."""
        if thread.tid not in self._on_threads:
            self._on_threads[thread.tid] = self._find_on(thread)
        return self._on_threads[thread.tid]

    def _find_on(self, thread: Thread) -> Task | None:
        for running in self._running:
            number = running.number(thread)
            for candidate in running.candidates(thread):
                task = self._task(running.layout, candidate)
                if task is not None and task.state == "running" and number in (None, task.number):
                    return task
        return None

    def thread_of(self, task: Task) -> Thread | None:
        """The thread that runs a task."""
        for thread in self.process.threads:
            found = self.on_thread(thread)
            if found is not None and found.address == task.address:
                return thread
        return None

    @lazy
    def _running(self) -> tuple[RunningTasks, ...]:
        return tuple(RunningTasks(self.process, layout) for layout in LAYOUTS)

    def _task(self, layout: TaskLayout, candidate: Candidate) -> Task | None:
        """The task at an address, ``None`` for what is left of one, or is none at all."""
        try:
            task = Task(self, layout, candidate)
        except CrabtrapError as error:
            why_unreadable(error)
            return None
        is_alive = 0 < task.references < _MOST_REFERENCES and task.number != 0
        return task if is_alive else None

    def find(self, label: str | int) -> Task:
        """Find a task by its number or its address.

        Raises:
            NotFoundError: There is none.
        """
        for task in self.all:
            if str(label) == task.label or (label == task.address and isinstance(label, int)):
                return task
        raise NotFoundError("task", str(label), hint="tasks lists them")


def _state_of(flags: int) -> TaskState:
    if flags & _COMPLETE:
        return "cancelled" if flags & _CANCELLED else "complete"
    if flags & _RUNNING:
        return "running"
    return "queued" if flags & _NOTIFIED else "idle"


def _number(cell: Value, layout: TaskLayout) -> int | None:
    try:
        value = peel(part(cell, layout.identity))
    except CrabtrapError as error:
        why_unreadable(error)
        return None
    decoded = value.decoded()
    return None if isinstance(decoded, Invalid) else value.integer()
