"""Which futures threads are polling, as their stacks alone tell.

Executors that nobody has described note nowhere which task they run; what such a task keeps in
memory dates from before it was polled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.tasks.running_tasks import polled_by
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread


def find_polled(process: Process) -> dict[int, Thread]:
    """Find the futures of async functions and blocks that threads are in, by address."""
    found: dict[int, Thread] = {}
    for thread in process.threads:
        try:
            found.update(dict.fromkeys(polled_by(thread), thread))
        except CrabtrapError as error:
            why_unreadable(error)
            continue  # the thread has ended meanwhile
    return found
