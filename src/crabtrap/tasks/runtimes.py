"""The runtimes of a program: found by what their threads and tasks refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.present.field_paths import find_part, peel
from crabtrap.records import dataclass
from crabtrap.tasks.blocking_pool import places_in_pool
from crabtrap.tasks.runtime_layouts import RUNTIME_LAYOUTS, threads_of
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.address import Address
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.present.field_paths import Path
    from crabtrap.tasks.running_tasks import RunningTasks
    from crabtrap.tasks.runtime_layouts import RuntimeLayout
    from crabtrap.tasks.task import Task, Tasks
    from crabtrap.tasks.waits.wait import QueuePlace
    from crabtrap.values import Value


@dataclass(frozen=True, slots=True)
class Runtime:
    """One runtime.

    Attributes:
        library: ``tokio``.
        flavor: What it is in the library's words: ``MultiThread``, ``CurrentThread``.
        address: Of its handle.
        worker_count: How many workers it has; ``None`` where it has none of its own.
        workers: Threads that are its workers.
        threads: Threads that have entered it, its workers among them.
        tasks: Its tasks, without those of the blocking pool.
        blocking_threads: Threads of its blocking pool, its workers among them; ``None`` where
            unknown.
        idle_blocking_threads: Those of them that wait for work.
        blocking_queue: Calls that wait for a thread of the pool.
    """

    library: str
    flavor: str
    address: Address
    worker_count: int | None
    workers: tuple[Thread, ...]
    threads: tuple[Thread, ...]
    tasks: tuple[Task, ...]
    blocking_threads: int | None
    idle_blocking_threads: int | None
    blocking_queue: int | None


class _Found:
    """What refers to one runtime."""

    def __init__(self, flavor: str, handle: Value) -> None:
        self.flavor, self.handle = flavor, handle
        self.threads: list[Thread] = []
        self.tasks: list[Task] = []


def find_runtimes(tasks: Tasks) -> tuple[Runtime, ...]:
    """Find the runtimes that a thread has entered or that have a task."""
    return tuple(
        _runtime(tasks, layout, address, found)
        for running in tasks.running
        for layout in RUNTIME_LAYOUTS
        if layout.runtime == running.layout.runtime
        for address, found in _found(tasks, running, layout).items()
    )


def places_in_pools(tasks: Tasks) -> dict[Address, QueuePlace]:
    """Find the places of calls that wait for a thread of their runtime's pool, by their tasks."""
    return {
        address: place
        for running in tasks.running
        if (layout := threads_of(running.layout.runtime)) is not None
        for found in _found(tasks, running, layout).values()
        for address, place in places_in_pool(layout, found.handle, len(tasks.all)).items()
    }


def _found(tasks: Tasks, running: RunningTasks, layout: RuntimeLayout) -> dict[Address, _Found]:
    """Everything that refers to runtimes of one library, by the address of their handles."""
    known: dict[Address, _Found] = {}
    for thread in tasks.process.threads:
        for flavor, handle in _of_thread(running, layout, thread):
            known.setdefault(handle.pointer_address(), _Found(flavor, handle)).threads.append(
                thread
            )
    for task in tasks.all:
        if task.runtime == layout.runtime and task.scheduler is not None:
            flavor, handle = _of_scheduler(task.scheduler)
            if handle is not None:
                address = handle.pointer_address()
                known.setdefault(address, _Found(flavor, handle)).tasks.append(task)
    return known


def _of_thread(
    running: RunningTasks, layout: RuntimeLayout, thread: Thread
) -> Iterator[tuple[str, Value]]:
    """The runtime that a thread has entered, if it has."""
    context = running.context(thread)
    try:
        option = None if context is None else find_part(context, layout.entered)
        if option is None:
            return
        case, inside = peel(option).variant()
        if case.name == "None":
            return
        flavor, handle = peel(inside).variant()
        pointer = _pointer(peel(handle))
        if pointer is not None:
            yield flavor.name, pointer
    except CrabtrapError as error:
        why_unreadable(error)


def _of_scheduler(scheduler: Value) -> tuple[str, Value | None]:
    """The flavor and handle of the scheduler that a task keeps: an ``Arc``, named by its module."""
    pointer = _pointer(scheduler)
    if pointer is None:
        return "", None
    segments = scheduler.shape.path.partition("<")[2].split("::")
    module = segments[segments.index("scheduler") + 1] if "scheduler" in segments else "local_set"
    return "".join(word.capitalize() for word in module.split("_")), pointer


def _pointer(value: Value) -> Value | None:
    inner = peel(value)
    return inner if inner.is_pointer else None


def _runtime(tasks: Tasks, layout: RuntimeLayout, address: Address, found: _Found) -> Runtime:
    roles = {thread.tid: tasks.role_of(thread) for thread in found.threads}
    workers = tuple(each for each in found.threads if roles[each.tid].endswith("worker"))
    return Runtime(
        library=layout.runtime,
        flavor=found.flavor,
        address=address,
        worker_count=_count(found.handle, layout.worker_count),
        workers=workers,
        threads=tuple(found.threads),
        tasks=tuple(found.tasks),
        blocking_threads=_count(found.handle, layout.blocking_threads),
        idle_blocking_threads=_count(found.handle, layout.idle_blocking_threads),
        blocking_queue=_count(found.handle, layout.blocking_queue),
    )


def _count(handle: Value, path: Path) -> int | None:
    try:
        found = find_part(handle, path)
        return None if found is None else peel(found).integer()
    except CrabtrapError as error:
        why_unreadable(error)
        return None
