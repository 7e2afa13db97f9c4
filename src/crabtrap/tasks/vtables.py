"""Finds vtables that runtimes fill with functions of their own, and which types those are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.symbols.names import path_segments
from crabtrap.tasks.merged import resolve_merged
from crabtrap.tasks.task_places import find_place, type_at

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type

MOST_VTABLES = 1 << 16
"""The most vtables that are looked for."""

Parts = tuple["Type", ...]
"""The types that a generic function is for."""

Functions = tuple[tuple[str, str], ...]
"""Generic functions in a vtable, each by the path of its field."""


def find_vtables(
    process: Process, module: Module, path: str, functions: Functions
) -> dict[int, tuple[Parts, ...]] | None:
    """Find the vtables of a type that have functions of a module.

    Args:
        process: The program.
        module: The module.
        path: The type of the vtables; ``""`` where the functions themselves are pointed to.
        functions: What is in each, the first in all of them.

    Returns:
        By address, the types that its functions are for; several where nothing tells which.
        ``None`` where there must be some that are not filled in yet: the loader does that at the
        program's start.
    """
    if not path:
        ((_, name),) = functions
        known = _functions(module, name, _SameTypes(module))
        return resolve_merged({entry: [claim] for entry, claim in known.items()})
    vtable = type_at(module, path)
    if vtable is None:
        return {}
    slots = [(find_place(vtable, field), name) for field, name in functions]
    same = _SameTypes(module)
    found = [(slot.offset, _functions(module, name, same)) for slot, name in slots if slot]
    if not found or not found[0][1]:
        return {}
    first, known = found[0]
    vtables = [at - first for at in _pointers_to(process, module, list(known))]
    if not vtables:
        return None
    claims: list[list[frozenset[Parts]]] = [[] for _ in vtables]
    for offset, known in found:
        words = _core.read_numbers(process.target.memory, [at + offset for at in vtables], 8)
        for claim, word in zip(claims, words, strict=True):
            claim.append(known.get(word or 0, frozenset()))
    return resolve_merged(dict(zip(vtables, claims, strict=True)))


def types_of_vtable(
    process: Process, module: Module, path: str, functions: Functions, vtable: int
) -> tuple[Parts, ...]:
    """Find the types that one vtable of a module is for, without a search for others."""
    type_, same = type_at(module, path) if path else None, _SameTypes(module)
    claims: list[frozenset[Parts]] = []
    for field, name in functions:
        slot = find_place(type_, field) if type_ is not None else None
        if slot is not None:
            (word,) = _core.read_numbers(process.target.memory, [vtable + slot.offset], 8)
        else:
            word = None if path else vtable
        function = module.function_at(Address(word)) if word else None
        if function is not None and function.entry == word:
            names = (each.partition("<")[0] for each in path_segments(function.name))
            is_instance = "::".join(names) == name
            claims.append(frozenset([same.arguments(function)] if is_instance else ()))
    return resolve_merged({vtable: claims}).get(vtable, ())


class _SameTypes:
    """The arguments of generic functions, a type that several units describe being one."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._known: dict[tuple[tuple[str, int | None], ...], Parts] = {}

    def arguments(self, function: Function) -> Parts:
        """The types that an instance of a generic function is for."""
        arguments = self._module.image.template_arguments(function.die)
        parts = tuple(self._module.types.type(die) for _, die in arguments)
        return self._known.setdefault(tuple((each.path, each.size) for each in parts), parts)


def _functions(module: Module, path: str, same: _SameTypes) -> dict[int, frozenset[Parts]]:
    """The types that instances of a generic function are for, by its entry."""
    found: dict[int, set[Parts]] = {}
    for function in module.find_code(path):
        parts = same.arguments(function)
        if parts:
            found.setdefault(int(function.entry), set()).add(parts)
    return {entry: frozenset(parts) for entry, parts in found.items()}


def _pointers_to(process: Process, module: Module, wanted: list[int]) -> list[int]:
    """Where constants of a module point to functions."""
    door = process.clock.door
    check = door.follow if door is not None else None
    ranges = _constants(process, module)
    found = _core.find_words(process.target.memory, ranges, wanted, MOST_VTABLES, check)
    return [at for at, _ in found]


def _constants(process: Process, module: Module) -> list[tuple[int, int]]:
    """Where constants of a module are: whatever of it is mapped and is no code."""
    return [
        (mapping.start, mapping.end)
        for mapping in process.mappings
        if "x" not in mapping.permissions
        and any(start < mapping.end and mapping.start < end for start, end in module.ranges)
    ]
