"""How runtimes use threads, as data: names of functions, types and fields."""

from __future__ import annotations

from crabtrap.present.field_paths import Path
from crabtrap.records import dataclass
from crabtrap.tasks.layouts import THREAD_LOCAL_SLOTS


@dataclass(frozen=True, slots=True)
class RuntimeLayout:
    """How one runtime uses threads.

    Attributes:
        runtime: Its name, as in the layout of its tasks.
        worker: Pattern of the types of futures that are how it starts its threads.
        worker_loop, blocking_loop: Patterns of the functions that a worker runs in, and a thread
            of the pool for blocking calls.
        parks: Pattern of the functions in which a worker waits for work.
        scheduler: Path in the cell of a task to the pointer to its scheduler.
        entered: Path in the runtime's thread-local to the handle of the runtime that the thread
            is in: an ``Option`` of an enum, whose variants are the flavors.
        worker_count: Path in what a handle points to: the number of workers.
        blocking_threads, idle_blocking_threads, blocking_queue: Paths in what a handle points to:
            what is counted of the pool for blocking calls.
        rounds: Paths in the runtime's thread-local to a number that grows with each task that the
            thread polls, by flavor.
        blocking_calls: Path in what a handle points to: the queue of calls for that pool.
        blocking_task: Path in a call to the pointer to its task.
    """

    runtime: str
    worker: str
    worker_loop: str
    blocking_loop: str
    parks: str
    scheduler: Path
    entered: Path
    worker_count: Path
    blocking_threads: Path
    idle_blocking_threads: Path
    blocking_queue: Path
    rounds: tuple[Path, ...]
    blocking_calls: Path
    blocking_task: Path


_POOL = "data.blocking_spawner.inner.data"
_METRICS = f"{_POOL}.metrics"
_MULTI_THREAD = r"tokio::runtime::(?:scheduler::multi_thread|thread_pool)"

TOKIO_THREADS = RuntimeLayout(
    runtime="tokio",
    worker=rf"tokio::runtime::blocking::task::BlockingTask<{_MULTI_THREAD}::",
    worker_loop=rf"{_MULTI_THREAD}::worker::run\b",
    blocking_loop=r"tokio::runtime::blocking::pool::Inner\w*::run",
    parks=rf"{_MULTI_THREAD}::.*\bpark",
    scheduler="core.scheduler",
    entered=tuple(f"{slot}current.handle.value" for slot in THREAD_LOCAL_SLOTS),
    worker_count="data.shared.remotes.length",
    blocking_threads=f"{_METRICS}.num_threads",
    idle_blocking_threads=f"{_METRICS}.num_idle_threads",
    blocking_queue=f"{_METRICS}.queue_depth",
    rounds=tuple(
        tuple(
            f"{slot}scheduler.inner.{flavor}.0.core.value.Some.0.tick"
            for slot in THREAD_LOCAL_SLOTS
        )
        for flavor in ("MultiThread", "CurrentThread")
    ),
    blocking_calls=(f"{_POOL}.shared.data.queue", f"{_POOL}.inner_impl.Locked.0.mutex.data.queue"),
    blocking_task="task.raw.ptr",
)

RUNTIME_LAYOUTS = (TOKIO_THREADS,)
"""All that are known."""


def threads_of(runtime: str) -> RuntimeLayout | None:
    """How a runtime uses threads, ``None`` where nothing is known of that."""
    return next((each for each in RUNTIME_LAYOUTS if each.runtime == runtime), None)
