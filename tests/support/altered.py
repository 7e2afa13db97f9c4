"""A stopped program whose memory is served altered: its tasks, as damage leaves them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crabtrap import Session, _core
from crabtrap.address import Address
from crabtrap.engine.inspect.process import Process
from crabtrap.tasks.task import KnownOfTasks, Task, Tasks

MOST_TASKS = 1000
"""More than any damage to a few bytes makes of some thirty tasks."""


class AlteredTarget:
    """A target with some bytes of its memory changed; all else is the real one's."""

    def __init__(self, process: Process, changes: Mapping[int, int]) -> None:
        """Serve a program's memory with other bytes at some addresses."""
        self._target, self._changes = process.target, sorted(changes.items())
        self.memory = _core.CallbackMemory(self._read)

    def __getattr__(self, name: str) -> object:
        return getattr(self._target, name)

    def read_memory(self, address: Address, size: int) -> bytes:
        """Read exactly ``size`` bytes."""
        return self.memory.read(address, size)

    def _read(self, address: int, size: int) -> bytes:
        data = bytearray(self._target.memory.read_partial(address, size))
        for place, byte in self._changes:
            if address <= place < address + len(data):
                data[place - address] = byte
        return bytes(data)


def altered_tasks(session: Session, changes: Mapping[int, int]) -> Tasks:
    """The tasks of a stopped program as they are with some bytes changed."""
    process = session.process
    target = AlteredTarget(process, changes)
    altered = Process(target, process.modules, process.clock, process.settings)  # type: ignore[arg-type]  # by delegation
    return Tasks(altered, known=KnownOfTasks())


@dataclass(frozen=True, slots=True)
class Toll:
    """What looking at damaged tasks took.

    Attributes:
        flips: Bytes that were changed.
        marked: Tasks that were listed with a doubt, or with a problem in what they await.
        slowest: Seconds of processor time for one look at all tasks.
    """

    flips: int
    marked: int
    slowest: float


def flip_and_look(session: Session, seed: int, rounds: int, flips: int) -> Toll:
    """Flip random bits where tasks are and all around, and ask everything about all tasks.

    Raises:
        AssertionError: There are more tasks than damage can make.
    """
    chance = random.Random(seed)
    places = _places(session)
    marked, slowest = 0, 0.0
    for _ in range(rounds):
        changes: dict[int, int] = {}
        for _ in range(flips):
            start, size = chance.choice(places)
            place = start + chance.randrange(size)
            byte = session.process.target.memory.read(place, 1)[0]
            changes[place] = byte ^ 1 << chance.randrange(8)
        began = time.process_time()
        tasks = altered_tasks(session, changes).all
        assert len(tasks) < MOST_TASKS
        marked += sum(map(_is_marked, tasks))
        slowest = max(slowest, time.process_time() - began)
    return Toll(rounds * flips, marked, slowest)


def _places(session: Session) -> list[tuple[int, int]]:
    """Where bits are flipped: in tasks, and in the memory that they are in."""
    tasks = [task for task in session.tasks if task.kind is not None]
    cells = [(int(task.address), task.kind.size) for task in tasks if task.kind is not None]
    heaps = [
        (mapping.start, mapping.end - mapping.start)
        for mapping in session.process.mappings
        if any(mapping.start <= start < mapping.end for start, _ in cells)
    ]
    return cells + heaps * (len(cells) // (4 * len(heaps)))


def _is_marked(task: Task) -> bool:
    """Ask everything of a task, and say whether something is told to be wrong."""
    problems: Iterable[str] = ()
    _ = task.state, task.root, task.output, task.held, task.references
    if task.awaits is not None:
        problems = [level.problem for level in task.awaits.levels()]
        assert task.stack[0] is task.awaits
    return bool(task.doubt) or any(problems)
