"""Tasks that keep the threads that poll them, and with these all others that wait for a poll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.present.field_paths import find_part, peel
from crabtrap.tasks.runtime_layouts import threads_of
from crabtrap.tasks.waits.diagnosis import Diagnosis, Link
from crabtrap.tasks.waits.kernel.processor_time import processor_time
from crabtrap.tasks.waits.kernel.system_calls import interrupted_call
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.tasks.task import Task
    from crabtrap.tasks.waits.graph import WaitGraph

_LONG_POLL = 1.0
"""Seconds of processor time after which a poll is said to be long: most take microseconds."""


def kept_workers(graph: WaitGraph) -> Iterator[Diagnosis]:
    """Find the tasks that have blocked the threads that poll them, or compute for long."""
    for task in graph.tasks:
        thread = task.thread if task.state == "running" else None
        if thread is None or task.is_blocking_call:
            continue
        call = interrupted_call(thread)
        if call is not None:
            detail = f"thread {thread.index} is in the system call {call.name}"
            yield Diagnosis("blocked worker", (_link(task),), detail=detail)
            continue
        seconds = _time_in_poll(graph, task, thread)
        if seconds is not None and seconds >= _LONG_POLL:
            detail = f"thread {thread.index} has computed for {seconds:.1f} s at least in this poll"
            yield Diagnosis("busy worker", (_link(task),), detail=detail + _where(task))


def _link(task: Task) -> Link:
    return Link(task, task.waits, ())


def _where(task: Task) -> str:
    """The function of the user's that it is in."""
    own = next((frame for frame in task.frames() if frame.is_user and frame.path), None)
    return "" if own is None else f", now in {own.function}"


def _time_in_poll(graph: WaitGraph, task: Task, thread: Thread) -> float | None:
    """How long a thread has computed in one poll, as far as it was seen in it at earlier stops.

    A worker counts what it does; while that number is the same, it has not come back.
    """
    count = _round(graph, task, thread)
    used = None if count is None else processor_time(thread)
    if count is None or used is None:
        return None
    return graph.observations.time_in_poll(thread.tid, task.address, count, used)


def _round(graph: WaitGraph, task: Task, thread: Thread) -> int | None:
    layout, context = threads_of(task.runtime), graph.context_of(thread, task.runtime)
    if layout is None or context is None:
        return None
    for path in layout.rounds:
        try:
            found = find_part(context, path)
            if found is not None:
                return peel(found).integer()
        except CrabtrapError as error:
            why_unreadable(error)  # it is another flavor's, or between two tasks
    return None
