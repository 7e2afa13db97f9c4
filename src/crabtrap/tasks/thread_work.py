"""What a thread does for a runtime: runs a task, waits for one, or belongs to the runtime."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from crabtrap.records import dataclass
from crabtrap.tasks.runtime_layouts import RUNTIME_LAYOUTS

if TYPE_CHECKING:
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.tasks.task import Task

WorkKind = Literal["task", "block_on", "worker", "idle worker", "idle blocking thread", ""]


@dataclass(frozen=True, slots=True)
class ThreadWork:
    """What a thread does.

    Attributes:
        kind: ``task`` runs one, ``block_on`` waits until one has ended, ``worker`` is between
            tasks; ``""`` for what has nothing to do with a runtime, as far as is known.
        task: The task that is run or waited for.
    """

    kind: WorkKind = ""
    task: Task | None = None


def role_of(thread: Thread) -> WorkKind:
    """What a thread is to its runtime, by the functions on its stack."""
    is_parked = False
    for frame in thread.frames():
        name = frame.code.name if frame.code is not None else ""
        for layout in RUNTIME_LAYOUTS:
            if re.match(layout.parks, name):
                is_parked = True
            elif re.match(layout.worker_loop, name):
                return "idle worker" if is_parked else "worker"
            elif re.match(layout.blocking_loop, name):
                return "idle blocking thread"
    return ""
