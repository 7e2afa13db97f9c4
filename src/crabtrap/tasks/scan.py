"""Finds tasks in memory, by pointers to their vtables.

A vtable is a constant that points to the function that polls tasks of one type; a word that
points to the vtable is in the header of such a task, or what is left of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type
    from crabtrap.tasks.layouts import TaskLayout

MOST_CANDIDATES = 1 << 21
"""The most headers that are looked at."""
_STACK_POINTER = 7


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be a task.

    Attributes:
        address: Of its header.
        cell: The type it has if it is one.
        future: The type of its future.
        module: Whose types these are.
    """

    address: Address
    cell: Type
    future: Type
    module: Module


@dataclass(frozen=True, slots=True)
class _Kind:
    """Tasks with one vtable.

    Attributes:
        cell: The type of a whole task.
        future: The type of its future.
        module: Whose types these are.
        pointer_offset: Bytes from the beginning of a task to its pointer to the vtable.
    """

    cell: Type
    future: Type
    module: Module
    pointer_offset: int


def find_candidates(process: Process, layout: TaskLayout) -> list[Candidate]:
    """Find everything in memory that looks like a task of a runtime."""
    kinds: dict[int, _Kind] = {}
    for module in process.modules:
        kinds |= _find_vtables(process, module, layout)
    found: list[Candidate] = []
    for at, vtable in _find(process, _writable(process), list(kinds)):
        kind = kinds[vtable]
        address = at - kind.pointer_offset
        if address % max(kind.cell.alignment, 1) == 0:
            found.append(Candidate(Address(address), kind.cell, kind.future, kind.module))
    return found


def _find_vtables(process: Process, module: Module, layout: TaskLayout) -> dict[int, _Kind]:
    """The vtables of tasks in a module, by address."""
    pointer = _field_offset(module, layout.header, layout.vtable_field)
    poll = _field_offset(module, layout.vtable, layout.poll_field)
    if pointer is None or poll is None:
        return {}
    polled = _polled_types(process, module, layout)
    return {
        at - poll: _Kind(*polled[function], module, pointer)
        for at, function in _find(process, _constants(process, module), list(polled))
    }


def _find(
    process: Process, ranges: list[tuple[int, int]], wanted: list[int]
) -> list[tuple[int, int]]:
    door = process.clock.door
    check = door.follow if door is not None else None
    return _core.find_words(process.target.memory, ranges, wanted, MOST_CANDIDATES, check)


def _field_offset(module: Module, path: str, name: str) -> int | None:
    for type_ in module.types.find(path):
        field = type_.strip().field(name)
        if field is not None:
            return field.offset
    return None


def _polled_types(
    process: Process, module: Module, layout: TaskLayout
) -> dict[int, tuple[Type, Type]]:
    """The types of tasks, each a whole one and its future's, by the function that polls it."""
    found: dict[int, tuple[Type, Type]] = {}
    for function in module.find_code(layout.poll):
        arguments = process.function_arguments(function.entry)
        if len(arguments) != 2:  # a future and a scheduler
            continue
        future, scheduler = arguments
        path = layout.cell.format(future=future.path, scheduler=scheduler.path)
        cells = [type_ for type_ in module.types.find(path) if type_.path == path]
        if cells:
            found[int(function.entry)] = (cells[0], future)
    return found


def _constants(process: Process, module: Module) -> list[tuple[int, int]]:
    """Where constants of a module are: whatever of it is mapped and is no code."""
    return [
        (mapping.start, mapping.end)
        for mapping in process.mappings
        if "x" not in mapping.permissions
        and any(start < mapping.end and mapping.start < end for start, end in module.ranges)
    ]


def _writable(process: Process) -> list[tuple[int, int]]:
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
