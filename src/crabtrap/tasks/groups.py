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
    from collections.abc import Callable, Iterable, Iterator, Sequence

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


@dataclass(frozen=True, slots=True)
class Alike:
    """Tasks that are decoded the same, of one kind.

    Attributes:
        tasks: All of them, the one that was decoded first.
        reads: What was read for that; ``()`` where it is the only one.
    """

    tasks: tuple[Task, ...]
    reads: tuple[_Read, ...] = ()

    @property
    def sample(self) -> Task:
        """The one that was decoded."""
        return self.tasks[0]

    def places_of(self, process: Process, address: int) -> list[int | None] | None:
        """Where all of them have what the sample has at an address.

        Args:
            process: The program.
            address: A place in the sample, or in what a pointer leads to that was read.

        Returns:
            A place for each task, ``None`` for those that cannot be read; ``None`` for all if it
            is not known from where it is counted.
        """
        values = [read.value if read.is_pointer else -1 for read in self.reads]
        base = _nearest(self.sample, values, address)
        if base is None:
            return None
        number, offset = base
        starts = self._pointers(process, number)
        return [None if start is None else start + offset for start in starts]

    def _pointers(self, process: Process, number: int) -> list[int | None]:
        """What all of them have at a read, a pointer; the tasks themselves for -1."""
        if number < 0:
            return [int(task.address) for task in self.tasks]
        read = self.reads[number]
        starts = self._pointers(process, read.base)
        places = [None if start is None else start + read.offset for start in starts]
        return read_at(process, places, read.size)


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
    found: dict[object, list[Task]] = {}
    for each in alike_tasks(process, tasks, record):
        key = (each.sample.state, signature(each.sample))
        found.setdefault(key, []).extend(each.tasks)
    groups = (TaskGroup(tuple(group)) for group in found.values())
    return tuple(sorted(groups, key=lambda group: -len(group.tasks)))


def alike_tasks(
    process: Process, tasks: Iterable[Task], record: Callable[[Task], list[tuple[int, bytes]]]
) -> Iterator[Alike]:
    """Divide tasks into those that are decoded the same; see ``group_tasks``."""
    by_kind: dict[tuple[object, str], list[Task]] = {}
    for task in tasks:
        by_kind.setdefault((task.kind, task.state), []).append(task)
    for (kind, state), each in by_kind.items():
        # What a task that runs has in memory is of its last wait.
        if kind is not None and state != "running":
            yield from _alike(process, each, record)
        else:
            yield from (Alike((one,)) for one in each)


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
) -> Iterator[Alike]:
    """Divide tasks of one kind into those that are decoded the same."""
    left = list(tasks)
    rounds = 0
    while left and rounds < _MOST_ROUNDS:
        sample, *others = left
        reads = _reads(process, sample, record(sample))
        same = _same(process, reads, others) if reads is not None else frozenset[int]()
        chosen = (task for at, task in enumerate(others) if at in same)
        yield Alike((sample, *chosen), tuple(reads or ()))
        left = [task for at, task in enumerate(others) if at not in same]
        rounds += 1
    yield from (Alike((task,)) for task in left)


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
    values = [int.from_bytes(data, "little") for _, data in places]
    bases: list[tuple[int, int]] = []
    for number, (address, _) in enumerate(places):
        base = _nearest(task, values[:number], address)
        if base is None:
            return None
        bases.append(base)
    pointers = {base for base, _ in bases}
    return [
        _Read(base, offset, len(data), value, number in pointers)
        for number, ((base, offset), (_, data), value) in enumerate(
            zip(bases, places, values, strict=True)
        )
    ]


def _nearest(task: Task, values: Sequence[int], address: int) -> tuple[int, int] | None:
    """From where an address is counted: the task, -1, or a pointer, by its place; and how far."""
    size = 0 if task.kind is None else task.kind.size
    if task.address <= address < task.address + size:
        return -1, address - task.address
    near = [
        (address - value, base) for base, value in enumerate(values) if 0 <= address - value < _NEAR
    ]
    if not near:
        return None
    offset, base = min(near)
    return base, offset


def read_at(process: Process, places: Sequence[int | None], size: int) -> list[int | None]:
    """Read a number at many places, those that are known and can be read."""
    known = [place for place in places if place is not None]
    found = iter(_core.read_numbers(process.target.memory, known, size, check_of(process)))
    return [None if place is None else next(found) for place in places]


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
