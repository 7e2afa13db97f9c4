"""One task, and the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import NotFoundError, RangeError
from crabtrap.lazy import lazy
from crabtrap.symbols.names import path_segments
from crabtrap.tasks.cells import CellTask, starts_thread
from crabtrap.tasks.futures import FutureDecoder
from crabtrap.tasks.groups import RecordingReader, TaskGroup, alike_tasks, group_tasks
from crabtrap.tasks.known import KnownOfTasks
from crabtrap.tasks.layouts import LAYOUTS, TaskState
from crabtrap.tasks.polled import find_polled
from crabtrap.tasks.roots import find_roots, find_running_root
from crabtrap.tasks.running_tasks import RunningTasks, frames_of_task
from crabtrap.tasks.runtimes import Runtime, find_runtimes, places_in_pools
from crabtrap.tasks.scan import MOST_CANDIDATES, find_places, find_tasks, writable_memory
from crabtrap.tasks.task_frames import task_frames
from crabtrap.tasks.thread_work import ThreadWork, WorkKind, role_of
from crabtrap.tasks.waits.graph import WaitGraph
from crabtrap.tasks.waits.observations import Observations
from crabtrap.tasks.waits.wait_book import WaitBook
from crabtrap.tasks.wakers import find_waker_tasks
from crabtrap.values import Value, ValueContext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crabtrap.address import Address
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.tasks.futures import Await
    from crabtrap.tasks.groups import Alike
    from crabtrap.tasks.kinds import TaskKind
    from crabtrap.tasks.scan import Found, Places
    from crabtrap.tasks.task_source import TaskSource
    from crabtrap.tasks.waits.wait import QueuePlace, Wait

_TOO_MANY = f"more than {MOST_CANDIDATES:,} places look like tasks; the others are not looked at"

__all__ = ["KnownOfTasks", "Task", "TaskState", "Tasks"]


class Task:
    """A task of a runtime at one stop, or the future that a thread is blocked on."""

    def __init__(self, tasks: Tasks, source: TaskSource) -> None:
        """Show a task as it was found; see ``Tasks``."""
        self._tasks, self._source = tasks, source

    def __repr__(self) -> str:
        return f"<Task {self.number} {self.root} {self.state}>"

    @property
    def process(self) -> Process:
        """The program at that stop."""
        return self._tasks.process

    @property
    def kind(self) -> TaskKind | None:
        """Which tasks it is one of; ``None`` where a runtime keeps it in no cell."""
        return self._source.kind

    @property
    def runtime(self) -> str:
        """The runtime's name: ``tokio``."""
        return self._source.runtime

    @property
    def label(self) -> str:
        """What it is selected by: its number, ``block_on#1``, or else its address."""
        return self._source.label

    @property
    def number(self) -> int | None:
        """The number that the runtime gave it; ``None`` where it counts none."""
        return self._source.number

    @property
    def address(self) -> Address:
        """Where it begins."""
        return self._source.address

    @property
    def root(self) -> str:
        """The name of the future that was spawned."""
        return self._source.root

    @property
    def other_roots(self) -> tuple[str, ...]:
        """What the root may be as well: an optimiser has kept one code for several."""
        return self._source.other_roots

    @property
    def references(self) -> int:
        """How often its runtime and handles refer to it."""
        return self._source.references

    @property
    def doubt(self) -> str:
        """Why it may be damaged, or no task at all; ``""`` where nothing says so."""
        return self._source.doubt

    @property
    def state(self) -> TaskState:
        """Whether it waits, is to be polled, is being polled, or has ended."""
        return self._source.state

    def _repr_html_(self) -> str:
        """Its stack, for notebooks."""
        return self.process.settings.language.html(self)

    @lazy
    def name(self) -> str:
        """The outermost async function or block of the user's; ``root``, where there is none."""
        own = [frame for frame in self.frames() if frame.is_user and frame.path]
        return (own[-1].function or self.root) if own else self.root

    @property
    def short_name(self) -> str:
        """The name without the modules around it: ``handle``, ``serve::{async_block#0}``."""
        segments = path_segments(self.name)
        named = [place for place, each in enumerate(segments) if not each.startswith("{")]
        return "::".join(segments[named[-1] if named else 0 :])

    @property
    def title(self) -> str:
        """What messages call it: ``task 7``, ``block_on#1``."""
        return self.label if self.blocked_thread is not None else f"task {self.label}"

    @property
    def future(self) -> Value | None:
        """The future that was spawned; ``None`` once it has ended."""
        return self._source.future

    @property
    def output(self) -> Value | None:
        """What it has returned, while nobody has taken it."""
        return self._source.output

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

    @property
    def is_blocking_call(self) -> bool:
        """Whether it is a function for a thread of its own, as of ``spawn_blocking``."""
        return self.kind is not None and self.kind.is_unowned

    @property
    def place(self) -> QueuePlace | None:
        """Of a blocking call that no thread has begun: its place in the queue for one."""
        if self.state != "queued" or not self.is_blocking_call:
            return None
        return self._tasks.places_in_pools.get(self.address)

    def check(self) -> None:
        """Refuse use after the program was resumed.

        Raises:
            StaleError: It was.
        """
        self.process.clock.check(self.process.epoch, "task")

    # -- its frames ------------------------------------------------------------------------
    @lazy
    def thread(self) -> Thread | None:
        """The thread that runs it now."""
        return self._tasks.thread_of(self) if self.state == "running" else None

    @property
    def scheduler(self) -> Value | None:
        """The pointer to what schedules it, as its runtime keeps it."""
        return self._source.scheduler

    @property
    def blocked_thread(self) -> Thread | None:
        """The thread that a ``block_on`` holds up until this has ended."""
        return self._source.blocked

    @lazy
    def _frames(self) -> tuple[StackFrame, ...]:
        if self.thread is not None:
            return frames_of_task(self.thread, self._source.polls)
        awaits = self.awaits
        return task_frames(self, self.process, awaits) if awaits is not None else ()

    def frame(self, index: int) -> StackFrame:
        """Return frame ``index``, 0 being the innermost.

        Raises:
            RangeError: There is no such frame; a task that has ended has none.
            StaleError: The program was resumed.
        """
        self.check()
        if not 0 <= index < len(self._frames):
            ended = "" if self._frames else f": it is {self.state}"
            raise RangeError(f"{self.title} has no frame {index}{ended}")
        return self._frames[index]

    def frames(self, start: int = 0, count: int | None = None) -> tuple[StackFrame, ...]:
        """Return frames ``[start, start + count)``: what it awaits, innermost first.

        Raises:
            StaleError: The program was resumed.
        """
        self.check()
        return self._frames[start : None if count is None else start + count]

    @property
    def backtrace_end_reason(self) -> str:
        """Reason why what it awaits is not known, ``""`` where it is."""
        return next((level.problem for level in reversed(self.stack) if level.problem), "")

    @lazy
    def waits(self) -> tuple[Wait, ...]:
        """What it waits for: one thing, or several of which one or all must come."""
        return self._tasks.graph.waits_of(self)


def kinds_of_tasks(known: KnownOfTasks) -> list[TaskKind]:
    """The kinds of tasks that are not just how a runtime starts threads of its own."""
    return [kind for kind in known.kinds if not starts_thread(kind)]


class Tasks:
    """All tasks of a program at one stop; read on first use."""

    def __init__(
        self,
        process: Process,
        wait_rules: WaitBook | None = None,
        known: KnownOfTasks | None = None,
        places: Places | None = None,
        observations: Observations | None = None,
    ) -> None:
        """Look at a program at one stop.

        Args:
            process: The program at that stop.
            wait_rules: What futures wait for; without any, the rules that come with us.
            known: What its files tell, from an earlier stop.
            places: Where its tasks are, from a search of a moment ago.
            observations: What was seen of them at earlier stops.
        """
        self.process = process
        self._known = known or KnownOfTasks()
        self._places = places
        self._on_threads: dict[int, Task | None] = {}
        self._roles: dict[int, WorkKind] = {}
        self.graph = WaitGraph(self, wait_rules or WaitBook(), observations or Observations())

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
        kinds = kinds_of_tasks(self.known)
        found = find_tasks(self.process, kinds, self._searched)
        found.sort(key=_order)
        return (*map(self._of_cell, found), *self._woken(found), *self.roots)

    @lazy
    def _searched(self) -> Places:
        if self._places is not None:
            return self._places
        kinds = kinds_of_tasks(self.known)
        return find_places(self.process, kinds, writable_memory(self.process))

    @property
    def problems(self) -> tuple[str, ...]:
        """Why there may be tasks that are not found, in words."""
        cut = () if self._searched.is_complete else (_TOO_MANY,)
        return (*self.known.problems, *cut)

    def _woken(self, known: Sequence[Found]) -> Iterator[Task]:
        """Tasks of executors that are not described, by their wakers."""
        wakers = self.known.wakers
        addresses = {int(each.address) for each in known} if wakers else set[int]()
        polled = self._polled if wakers else {}
        for source in find_waker_tasks(self.process, wakers, self.decoder, addresses, polled):
            yield Task(self, source)

    def _of_cell(self, found: Found) -> Task:
        is_polled = not found.kind.tells_running and int(found.address) in self._untold
        return Task(self, CellTask(found, self.context, is_polled=is_polled))

    @lazy
    def _polled(self) -> dict[int, Thread]:
        """The futures that threads are in."""
        return find_polled(self.process)

    @lazy
    def _untold(self) -> frozenset[int]:
        """The tasks that threads run, of runtimes that note it nowhere."""
        tasks = (self.on_thread(thread) for thread in self.process.threads)
        return frozenset(int(task.address) for task in tasks if task is not None)

    def group(self, tasks: Iterable[Task]) -> tuple[TaskGroup, ...]:
        """Put tasks together that do the same at the same place, the largest group first."""
        return group_tasks(self.process, tasks, self._record)

    def alike(self, tasks: Iterable[Task]) -> Iterator[Alike]:
        """Divide tasks into those that are decoded the same, of each of which one is decoded."""
        return alike_tasks(self.process, tasks, self._record)

    def _record(self, task: Task) -> list[tuple[int, bytes]]:
        """What is read when a task is decoded."""
        future = task.future
        if future is None:
            return []
        reader = RecordingReader(self.process.memory)
        context = ValueContext(reader, self.process)
        self.decoder.decode(Value(future.type, future.location, context))
        return reader.reads

    @lazy
    def roots(self) -> tuple[Task, ...]:
        """The futures that threads are blocked on, by thread."""
        return tuple(Task(self, root) for root in find_roots(self.process, self.decoder))

    def on_thread(self, thread: Thread) -> Task | None:
        """The task that a thread runs; all tasks need not be known for that."""
        if thread.tid not in self._on_threads:
            self._on_threads[thread.tid] = self._find_on(thread)
        return self._on_threads[thread.tid]

    def _find_on(self, thread: Thread) -> Task | None:
        for running in self.running:
            number = running.number(thread)
            for found in running.candidates(thread):
                task = Task(self, CellTask(found, self.context, is_polled=True))
                if task.state == "running" and number in (None, task.number):
                    return None if starts_thread(found.kind) else task
        return self._root_on(thread) if self._is_linked else None

    @property
    def _is_linked(self) -> bool:
        return any(running.is_linked for running in self.running)

    def _root_on(self, thread: Thread) -> Task | None:
        """The future that a thread is blocked on, if it polls that now."""
        found = find_running_root(thread)
        return None if found is None else Task(self, found)

    def thread_of(self, task: Task) -> Thread | None:
        """The thread that runs a task."""
        if task.blocked_thread is not None:
            return task.blocked_thread
        if task.kind is None:
            return self._polling(task)
        for thread in self.process.threads:
            found = self.on_thread(thread)
            if found is not None and found.address == task.address:
                return thread
        return None

    def _polling(self, task: Task) -> Thread | None:
        """The thread that is in a future of a task that is in no cell."""
        levels = (level for level in task.stack if level.is_coroutine)
        first = next(levels, None)
        address = None if first is None else first.value.address
        return None if address is None else self._polled.get(int(address))

    def role_of(self, thread: Thread) -> WorkKind:
        """What a thread is to its runtime: a worker, one for blocking calls."""
        if thread.tid not in self._roles:
            self._roles[thread.tid] = role_of(thread) if self._is_linked else ""
        return self._roles[thread.tid]

    def work_of(self, thread: Thread) -> ThreadWork:
        """What a thread does for a runtime."""
        task = self.on_thread(thread)
        if task is not None:
            return ThreadWork("task", task)
        if not self._is_linked:
            return ThreadWork()
        role = self.role_of(thread)
        root = next((each for each in self.roots if each.blocked_thread is thread), None)
        return ThreadWork("block_on", root) if root is not None else ThreadWork(role)

    @lazy
    def runtimes(self) -> tuple[Runtime, ...]:
        """The runtimes that a thread has entered or that have a task."""
        return find_runtimes(self)

    @lazy
    def places_in_pools(self) -> dict[Address, QueuePlace]:
        """The places of blocking calls that wait for a thread, by their addresses."""
        return places_in_pools(self)

    @lazy
    def running(self) -> tuple[RunningTasks, ...]:
        """Which tasks threads run, for each kind of runtime."""
        return tuple(RunningTasks(self.process, layout) for layout in LAYOUTS)

    def at(self, address: Address) -> Task:
        """Find the task that begins at an address.

        Raises:
            NotFoundError: There is none.
        """
        for task in self.all:
            if task.address == address:
                return task
        raise NotFoundError("task", f"{address:#x}", hint="tasks lists them")

    def find(self, label: str | int) -> Task:
        """Find a task by its label.

        Raises:
            NotFoundError: There is none.
        """
        for task in self.all:
            if str(label) == task.label:
                return task
        raise NotFoundError("task", str(label), hint="tasks lists them")


def _order(found: Found) -> tuple[int, int]:
    return found.number or 0, found.address
