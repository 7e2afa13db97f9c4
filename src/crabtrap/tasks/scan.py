"""Finds tasks in memory, by pointers to their vtables.

A vtable is a constant that points to the function that polls tasks of one type; a word that
points to the vtable is in the header of such a task, or what is left of one.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crabtrap.engine.inspect.process import Process
    from crabtrap.tasks.kinds import TaskKind
    from crabtrap.tasks.task_places import Place

MOST_CANDIDATES = 1 << 21
"""The most headers that are looked at."""
_MOST_REFERENCES = 1 << 20
_STACK_POINTER = 7


@dataclass(frozen=True, slots=True)
class Found:
    """A task as it was found.

    Attributes:
        kind: Which tasks it is one of.
        address: Where it begins.
        state: Its flags.
        number: Its number, ``None`` where its runtime counts none.
        stage: The number that tells its future from its output.
        doubt: Why it may be no task, or a damaged one; ``""`` where nothing says so.
    """

    kind: TaskKind
    address: Address
    state: int
    number: int | None
    stage: int | None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where tasks may begin.

    Attributes:
        by_kind: The addresses, by what they are tasks of.
        is_complete: There is no more; else only the first ``MOST_CANDIDATES`` were looked at.
    """

    by_kind: dict[TaskKind, list[int]]
    is_complete: bool = True


def find_tasks(process: Process, kinds: Sequence[TaskKind], places: Places) -> list[Found]:
    """Find all tasks of some kinds, in the order of their addresses within a kind.

    Args:
        process: The program.
        kinds: Which tasks are wanted.
        places: Where to look.
    """
    writable = writable_memory(process)
    found: list[Found] = []
    for kind in kinds:
        inside = _within(sorted(places.by_kind.get(kind, ())), writable)
        found += read_tasks(process, kind, inside)
    return found


def find_places(
    process: Process,
    kinds: Sequence[TaskKind],
    ranges: list[tuple[int, int]] | None = None,
    most: int = MOST_CANDIDATES,
) -> Places:
    """Find where tasks may begin; the program may run meanwhile.

    Args:
        process: The program.
        kinds: Which tasks are wanted.
        ranges: Where to look; in all memory that can be written, stacks included, without any.
        most: How many words are looked at that may be of tasks.
    """
    by_vtable = {kind.vtable: kind for kind in kinds}
    places: dict[TaskKind, list[int]] = {}
    if ranges is None:
        ranges = [(m.start, m.end) for m in process.mappings if m.permissions.startswith("rw")]
    words = find_words(process, ranges, list(by_vtable), most)
    for at, vtable in words:
        kind = by_vtable[vtable]
        address = at - kind.pointer_offset
        if address >= 0 and address % kind.alignment == 0:
            places.setdefault(kind, []).append(address)
    return Places(places, is_complete=len(words) < most)


def _within(places: Sequence[int], ranges: Sequence[tuple[int, int]]) -> list[int]:
    """Those of some places that are in one of the ranges; both in ascending order."""
    starts = [start for start, _ in ranges]
    found: list[int] = []
    for place in places:
        at = bisect_right(starts, place) - 1
        if at >= 0 and place < ranges[at][1]:
            found.append(place)
    return found


def read_tasks(process: Process, kind: TaskKind, places: Sequence[int]) -> Iterator[Found]:
    """Read what may be tasks of one kind, and leave out what is none any more.

    Args:
        process: The program.
        kind: Which tasks it is about.
        places: Where they may begin, in ascending order.
    """
    flags = kind.layout.flags
    states = read_column(process, places, kind.state)
    numbers = read_column(process, places, kind.number)
    owners = read_column(process, places, kind.owner)
    stages = read_column(process, places, kind.stage_tag)
    needs_owner = kind.owner is not None and not kind.is_unowned
    for place, state, number, owner, stage in zip(
        places, states, numbers, owners, stages, strict=True
    ):
        if state is None or not flags.count(state) or (needs_owner and not owner):
            continue
        doubt = ""
        if flags.count(state) >= _MOST_REFERENCES:
            doubt = f"implausible state {state:#x}"
        elif number == 0:
            doubt = "it has no number"
        yield Found(kind, Address(place), state, number, stage, doubt)


def read_column(
    process: Process, places: Sequence[int], part: Place | None
) -> Sequence[int | None]:
    """Read the same part, a number, of what begins at many places; ``None`` where unreadable."""
    if part is None or not part.size:
        return [None] * len(places)
    at = [place + part.offset for place in places]
    return _core.read_numbers(process.target.memory, at, part.size, check_of(process))


def find_words(
    process: Process, ranges: list[tuple[int, int]], wanted: list[int], most: int = MOST_CANDIDATES
) -> list[tuple[int, int]]:
    """Find the words in memory that have one of some values, each with its address.

    Returns:
        The first ``most`` of them.
    """
    return _core.find_words(process.target.memory, ranges, wanted, most, check_of(process))


def check_of(process: Process) -> Callable[[int, int], None] | None:
    """What a long search calls now and then."""
    door = process.clock.door
    return door.follow if door is not None else None


def writable_memory(process: Process) -> list[tuple[int, int]]:
    """Where tasks may be: memory that can be written and is no thread's stack.

    A task is built on the stack and then moved; copies stay there.
    """
    stacks = set(_stack_pointers(process))
    return [
        (mapping.start, mapping.end)
        for mapping in process.mappings
        if mapping.permissions.startswith("rw")
        and not any(mapping.start <= sp < mapping.end for sp in stacks)
    ]


def _stack_pointers(process: Process) -> Iterator[int]:
    for thread in process.threads:
        sp = thread.registers[_STACK_POINTER]
        if sp is not None:
            yield sp
