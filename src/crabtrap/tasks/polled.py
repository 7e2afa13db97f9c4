"""Which futures threads are polling, as their stacks alone tell.

Executors that nobody has described note nowhere which task they run; what such a task keeps in
memory dates from before it was polled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.coroutines import find_coroutine
from crabtrap.errors import CrabtrapError
from crabtrap.tasks.running_tasks import is_coroutine_name
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread


def find_polled(process: Process) -> dict[int, Thread]:
    """Find the futures of async functions and blocks that threads are in, by address."""
    found: dict[int, Thread] = {}
    for thread in process.threads:
        try:
            found.update(dict.fromkeys(_polled_by(thread), thread))
        except CrabtrapError as error:
            why_unreadable(error)
            continue  # the thread has ended meanwhile
    return found


def _polled_by(thread: Thread) -> Iterator[int]:
    for frame in thread.frames():
        if frame.code is not None and is_coroutine_name(frame.code.name):
            coroutine = find_coroutine(frame)
            if coroutine is not None:
                yield int(coroutine.address)
