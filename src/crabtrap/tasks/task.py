"""One task, and the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import NotFoundError, RangeError
from crabtrap.lazy import lazy
from crabtrap.symbols.names import path_segments
from crabtrap.tasks.futures import FutureDecoder
from crabtrap.tasks.known import KnownOfTasks
from crabtrap.tasks.layouts import LAYOUTS, TaskState
from crabtrap.tasks.running_tasks import RunningTasks, frames_of_task
from crabtrap.tasks.scan import find_tasks
from crabtrap.tasks.task_frames import task_frames
from crabtrap.tasks.waits.graph import WaitGraph
from crabtrap.tasks.waits.wait_rules import WaitBook
from crabtrap.values import Invalid, Memory, Value, ValueContext
from crabtrap.values.decode import live_case

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.symbols.types import Case
    from crabtrap.tasks.futures import Await
    from crabtrap.tasks.kinds import Place
    from crabtrap.tasks.scan import Found
    from crabtrap.tasks.waits.wait import Wait

__all__ = ["KnownOfTasks", "Task", "TaskState", "Tasks"]


class Task:
    """A task of a runtime, at one stop."""

    def __init__(self, tasks: Tasks, found: Found) -> None:
        """Show a task as it was found; see ``Tasks``."""
        self._tasks = tasks
        self._found = found

    def __repr__(self) -> str:
        return f"<Task {self.number} {self.root} {self.state}>"

    @property
    def process(self) -> Process:
        """The program at that stop."""
        return self._tasks.process

    @property
    def runtime(self) -> str:
        """The runtime's name: ``tokio``."""
        return self._found.kind.layout.runtime

    @property
    def number(self) -> int | None:
        """The number that the runtime gave it; ``None`` where it counts none."""
        return self._found.number

    @property
    def address(self) -> Address:
        """Where it begins."""
        return self._found.address

    @property
    def root(self) -> str:
        """The name of the future that was spawned."""
        return self._found.kind.root

    @property
    def other_roots(self) -> tuple[str, ...]:
        """What the root may be as well: an optimiser has kept one code for several."""
        return self._found.kind.other_roots

    @property
    def references(self) -> int:
        """How often its runtime and handles refer to it."""
        return self._found.kind.layout.flags.count(self._found.state)

    @property
    def doubt(self) -> str:
        """Why it may be damaged, or no task at all; ``""`` where nothing says so."""
        if self._found.doubt:
            return self._found.doubt
        case = self._case
        return case.reason if isinstance(case, Invalid) else ""

    @property
    def state(self) -> TaskState:
        """Whether it waits, is to be polled, is being polled, or has ended."""
        return "unknown" if self.doubt else self._found.kind.layout.flags.name(self._found.state)

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
        return self._part("Running")

    @property
    def output(self) -> Value | None:
        """What it has returned, while nobody has taken it."""
        return self._part("Finished")

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
            level = level.next
        return tuple(found)

    @lazy
    def held(self) -> tuple[tuple[Await, str, Await], ...]:
        """Futures that it keeps and does not await: by which function, by which variable."""
        awaits = self.awaits
        return tuple(
            (level, name, future)
            for level in (awaits.levels() if awaits is not None else ())
            for name, future in self._tasks.decoder.held(level)
        )

    # -- its frames ------------------------------------------------------------------------
    @lazy
    def thread(self) -> Thread | None:
        """The thread that runs it now."""
        return self._tasks.thread_of(self) if self.state == "running" else None

    @lazy
    def _frames(self) -> tuple[StackFrame, ...]:
        if self.thread is not None:
            return frames_of_task(self.thread, self._found.kind.layout)
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

    @property
    def _case(self) -> Case | Invalid:
        """Which variant of its stage is live."""
        kind = self._found.kind
        assert kind.stage is not None  # such kinds are not complete
        cases = kind.stage.type.strip().cases
        if cases is None:
            return Invalid("its stage is not described")
        return live_case(cases, self._found.stage)

    def _part(self, variant: str) -> Value | None:
        case, stage = self._case, self._found.kind.stage
        if stage is None or isinstance(case, Invalid) or case.name != variant:
            return None
        inside = self._value(stage).at(case.type, case.offset)
        return inside.at_field(case.type.fields[0]) if case.type.fields else None

    def _value(self, place: Place) -> Value:
        whole = Memory(Address(self.address + place.offset))
        return Value(place.type, whole, self._tasks.context)


class Tasks:
    """All tasks of a program at one stop; read on first use."""

    def __init__(
        self,
        process: Process,
        wait_rules: WaitBook | None = None,
        known: KnownOfTasks | None = None,
    ) -> None:
        """Look at a program at one stop.

        Args:
            process: The program at that stop.
            wait_rules: What futures wait for; without any, the rules that come with us.
            known: What its files tell, from an earlier stop.
        """
        self.process = process
        self._known = known or KnownOfTasks()
        self._on_threads: dict[int, Task | None] = {}
        self.graph = WaitGraph(self, wait_rules or WaitBook())

    @lazy
    def context(self) -> ValueContext:
        """What values of tasks are read from."""
        return ValueContext(self.process.memory, self.process)

    @lazy
    def known(self) -> KnownOfTasks:
        """What the program's files tell of its tasks."""
        self._known.update(self.process)
        return self._known

    @lazy
    def decoder(self) -> FutureDecoder:
        """Decodes the program's futures."""
        return FutureDecoder(self.known.types, self.known.polls)

    @lazy
    def all(self) -> tuple[Task, ...]:
        """Every task, by number."""
        self.process.check()
        tasks = [Task(self, found) for found in find_tasks(self.process, self.known.kinds)]
        return tuple(sorted(tasks, key=lambda task: (task.number or 0, task.address)))

    def on_thread(self, thread: Thread) -> Task | None:
        """The task that a thread runs; all tasks need not be known for that."""
        if thread.tid not in self._on_threads:
            self._on_threads[thread.tid] = self._find_on(thread)
        return self._on_threads[thread.tid]

    def _find_on(self, thread: Thread) -> Task | None:
        for running in self._running:
            number = running.number(thread)
            for found in running.candidates(thread):
                task = Task(self, found)
                if task.state == "running" and number in (None, task.number):
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

    def find(self, label: str | int) -> Task:
        """Find a task by its number or its address.

        Raises:
            NotFoundError: There is none.
        """
        for task in self.all:
            if str(label) == task.label or (label == task.address and isinstance(label, int)):
                return task
        raise NotFoundError("task", str(label), hint="tasks lists them")
