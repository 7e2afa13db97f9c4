"""One task, and the list of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crabtrap.errors import CrabtrapError
from crabtrap.lazy import lazy
from crabtrap.present.field_paths import part, peel
from crabtrap.tasks.future_types import FutureTypes
from crabtrap.tasks.futures import FutureDecoder, future_name
from crabtrap.tasks.layouts import LAYOUTS
from crabtrap.tasks.scan import find_candidates
from crabtrap.values import Invalid, Memory, Value, ValueContext

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.process import Process
    from crabtrap.tasks.futures import Await
    from crabtrap.tasks.layouts import TaskLayout
    from crabtrap.tasks.scan import Candidate

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


class Tasks:
    """All tasks of a program at one stop; read on first use."""

    def __init__(self, process: Process) -> None:
        """Look at a program at one stop."""
        self.process = process

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
                try:
                    task = Task(self, layout, candidate)
                except CrabtrapError:
                    continue  # left over from a task, or no task at all
                if 0 < task.references < _MOST_REFERENCES and task.number != 0:
                    found[task.address] = task
        return tuple(sorted(found.values(), key=lambda task: (task.number or 0, task.address)))


def _state_of(flags: int) -> TaskState:
    if flags & _COMPLETE:
        return "cancelled" if flags & _CANCELLED else "complete"
    if flags & _RUNNING:
        return "running"
    return "queued" if flags & _NOTIFIED else "idle"


def _number(cell: Value, layout: TaskLayout) -> int | None:
    try:
        value = peel(part(cell, layout.identity))
    except CrabtrapError:
        return None
    decoded = value.decoded()
    return None if isinstance(decoded, Invalid) else value.integer()
