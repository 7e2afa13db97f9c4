"""Tasks that wait at the same place: one of each group is decoded, the others are compared.

What decoding one task has read (states of coroutines, pointers to boxed ones) is read of all
others at once, from the same places.  Those where it is the same, but for what pointers say, are
decoded the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.records import dataclass
from crabtrap.tasks.scan import check_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crabtrap.engine.inspect.process import Process
    from crabtrap.tasks.futures import Await
    from crabtrap.tasks.task import Task
    from crabtrap.values.readers import Reader

_MOST_ROUNDS = 64
"""How many different tasks of a kind are compared with all others; the rest are decoded."""
_MOST_READS = 1000
_NEAR = 1 << 16
"""Bytes behind a pointer that belong to what it points to, at most."""
_WORD = 8

Signature = tuple[tuple[str, str, str, int], ...]


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """Tasks that do the same, at the same place.

    Attributes:
        tasks: All of them, the one that was decoded first.
    """

    tasks: tuple[Task, ...]

    @property
    def sample(self) -> Task:
        """One of them."""
        return self.tasks[0]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read while a task was decoded.

    Attributes:
        base: Which earlier read has the pointer that it is counted from; -1 for the task itself.
        offset: Bytes from there.
        size: Bytes.
        value: What it was.
        is_pointer: Later reads are counted from it.
    """

    base: int
    offset: int
    size: int
    value: int
    is_pointer: bool


class RecordingReader:
    """Reads memory, and notes what was read."""

    def __init__(self, source: Reader) -> None:
        """Read from a source."""
        self._source = source
        self.reads: list[tuple[int, bytes]] = []

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes; see ``Reader``."""
        data = self._source.read(address, size)
        self.reads.append((address, data))
        return data


def group_tasks(
    process: Process, tasks: Iterable[Task], record: Callable[[Task], list[tuple[int, bytes]]]
) -> tuple[TaskGroup, ...]:
    """Group tasks by what they do and where, the largest group first.

    Args:
        process: The program.
        tasks: The tasks.
        record: Decodes a task anew and returns what was read for that, by address.
    """
    by_kind: dict[tuple[object, str], list[Task]] = {}
    for task in tasks:
        by_kind.setdefault((task.kind, task.state), []).append(task)
    found: dict[object, list[Task]] = {}
    for (kind, state), each in by_kind.items():
        # What a task that runs has in memory is of its last wait.
        is_compared = kind is not None and state != "running"
        for group in _alike(process, each, record) if is_compared else [[one] for one in each]:
            found.setdefault((state, signature(group[0])), []).extend(group)
    groups = (TaskGroup(tuple(group)) for group in found.values())
    return tuple(sorted(groups, key=lambda group: -len(group.tasks)))


def signature(task: Task) -> Signature:
    """Say what a task does: its futures, each with state and await."""
    awaits = task.awaits
    levels: Iterable[Await] = awaits.levels() if awaits is not None else ()
    found = tuple((each.name, each.state, each.path or "", each.line) for each in levels)
    return found or ((task.root, task.state, "", 0),)


def _alike(
    process: Process,
    tasks: Sequence[Task],
    record: Callable[[Task], list[tuple[int, bytes]]],
) -> list[list[Task]]:
    """Divide tasks of one kind into those that are decoded the same."""
    left = list(tasks)
    groups: list[list[Task]] = []
    while left and len(groups) < _MOST_ROUNDS:
        sample, *others = left
        reads = _reads(process, sample, record(sample))
        same = _same(process, reads, others) if reads is not None else frozenset[int]()
        groups.append([sample, *(task for at, task in enumerate(others) if at in same)])
        left = [task for at, task in enumerate(others) if at not in same]
    return [*groups, *([task] for task in left)]


def _reads(process: Process, task: Task, recorded: list[tuple[int, bytes]]) -> list[_Read] | None:
    """Say of what was read from where it is counted; ``None`` where that is not known."""
    once = {(address, len(data)): data for address, data in recorded}
    places = [
        (address, data)
        for (address, _), data in once.items()
        if process.modules.find(type(task.address)(address)) is None  # constants are the same
    ]
    if len(places) > _MOST_READS or any(len(data) > _WORD for _, data in places):
        return None
    size = 0 if task.kind is None else task.kind.size
    values = [int.from_bytes(data, "little") for _, data in places]
    bases: list[tuple[int, int]] = []
    for number, (address, _) in enumerate(places):
        if task.address <= address < task.address + size:
            bases.append((-1, address - task.address))
            continue
        near = [
            (address - value, base)
            for base, value in enumerate(values[:number])
            if 0 <= address - value < _NEAR
        ]
        if not near:
            return None
        offset, base = min(near)
        bases.append((base, offset))
    pointers = {base for base, _ in bases}
    return [
        _Read(base, offset, len(data), value, number in pointers)
        for number, ((base, offset), (_, data), value) in enumerate(
            zip(bases, places, values, strict=True)
        )
    ]


def _same(process: Process, reads: list[_Read], tasks: Sequence[Task]) -> frozenset[int]:
    """Which tasks have the same where a sample was read, by their positions."""
    left = list(range(len(tasks)))
    pointers: dict[int, dict[int, int]] = {-1: {at: int(tasks[at].address) for at in left}}
    for number, read in enumerate(reads):
        start = pointers[read.base]
        found = _core.read_numbers(
            process.target.memory,
            [start[at] + read.offset for at in left],
            read.size,
            check_of(process),
        )
        pairs = list(zip(left, found, strict=True))
        if read.is_pointer:
            pointers[number] = {at: value for at, value in pairs if value}
            left = [at for at, value in pairs if value]
        else:
            left = [at for at, value in pairs if value == read.value]
    return frozenset(left)
