"""Kinds of tasks in a program: one for each vtable, with where the parts of such a task are.

All of it is in the program's files, and stays as it is from stop to stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import CrabtrapError
from crabtrap.lazy import lazy
from crabtrap.present.field_paths import each_layer, find_part, peel
from crabtrap.records import dataclass
from crabtrap.symbols.names import path_segments
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.tasks.combinators import WRAPPERS
from crabtrap.tasks.futures import future_name
from crabtrap.tasks.merged import resolve_merged
from crabtrap.values import Memory, Value, ValueContext
from crabtrap.values.decode import why_unreadable
from crabtrap.values.value_context import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.engine.inspect.process import Process
    from crabtrap.present.field_paths import Path
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type
    from crabtrap.tasks.layouts import TaskLayout

MOST_VTABLES = 1 << 16
"""The most vtables that are looked for."""

Parts = tuple["Type", ...]
"""The types that a task is made of, its future's first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of a task is: its type, and bytes from where the task begins."""

    type: Type
    offset: int

    @property
    def size(self) -> int:
        """Bytes, as many as a number has."""
        return min(self.type.strip().size or 0, 8)


class TaskKind:
    """Tasks with one vtable.

    Attributes:
        layout: How their runtime keeps them.
        module: Whose types these are.
        vtable: The vtable's address.
        parts: The types that such a task is made of, its future's first.
        others: What the parts may be as well: other kinds have the very same functions.
        cell: The type of a whole task; ``None`` where nothing describes one.
        pointer_offset: Bytes from the beginning of a task to its pointer to the vtable.
        alignment: Bytes.
        state: Where its state is.
        number: Where its number is.
        owner: Where it says whom it belongs to.
        stage: Where an enum has its future or output.
        future: Where its future is, in those without such an enum.
        output: Where its output is once it has ended, in those.
    """

    def __init__(
        self,
        process: Process,
        layout: TaskLayout,
        module: Module,
        vtable: int,
        possible: Sequence[Parts],
    ) -> None:
        """Find where the parts of such tasks are; see ``find_kinds``."""
        parts, *others = possible
        self.layout = layout
        self.module = module
        self.vtable = vtable
        self.parts = parts
        self.others = tuple(others)
        header = _type_for(module, layout.header, parts)
        cell = _type_for(module, layout.cell, parts)
        self.cell = cell
        self.alignment = 8 if cell is None else max(cell.alignment, 1)
        pointer = None if header is None else find_place(header, layout.vtable_field)
        self.pointer_offset = 0 if pointer is None else pointer.offset
        self.state = None if header is None else find_place(header, layout.state)
        self.number = None if cell is None else find_place(cell, layout.identity)
        self.owner = None if cell is None else find_place(cell, layout.owner, inside=False)
        self.stage = None if cell is None else find_place(cell, layout.stage)
        self.future = _pointed(process, self, layout.future)
        self.output = _pointed(process, self, layout.output)

    @property
    def future_type(self) -> Type:
        """The type of the future that is spawned."""
        return self.parts[0]

    @lazy
    def root(self) -> str:
        """The name of the future that is spawned, without what libraries put around it."""
        return future_name(_unwrapped(self.future_type))

    @lazy
    def other_roots(self) -> tuple[str, ...]:
        """What it may be as well."""
        return tuple(future_name(_unwrapped(parts[0])) for parts in self.others)

    @property
    def is_unowned(self) -> bool:
        """Whether its tasks belong to nobody."""
        unowned = self.layout.unowned
        return bool(unowned) and self.future_type.path.startswith(f"{unowned}<")

    @property
    def is_complete(self) -> bool:
        """Whether all is known that is needed to read such a task."""
        return self.state is not None and (self.stage is not None or self.future is not None)

    @lazy
    def stage_tag(self) -> Place | None:
        """Where the number is that tells the future from the output."""
        cases = None if self.stage is None else self.stage.type.strip().cases
        if self.stage is None or cases is None or cases.discriminant is None:
            return None
        field = cases.discriminant
        return Place(field.type, self.stage.offset + field.offset)


def find_place(whole: Type, path: Path, *, inside: bool = True) -> Place | None:
    """Find where a part is in every value of a type; ``None`` where it has none.

    Args:
        whole: The type.
        path: Where the part is; no pointers or variants may be on the way.
        inside: Look into the newtypes around the part.
    """
    if not path:
        return None
    found = find_part(Value(whole, Memory(Address(0)), NOWHERE), path)
    found = peel(found) if found is not None and inside else found
    if found is None or found.address is None:
        return None
    return Place(found.type, int(found.address))


def find_kinds(process: Process, module: Module, layout: TaskLayout) -> tuple[TaskKind, ...] | None:
    """Find the kinds of tasks of a runtime whose functions are in a module.

    Returns:
        ``None`` where there must be some whose vtables are not filled in yet: the loader does
        that at the program's start.
    """
    vtable = _type_at(module, layout.vtable)
    if vtable is None:
        return ()
    slots = [(find_place(vtable, field), path) for field, path in layout.functions]
    found = [(slot.offset, _functions(module, path)) for slot, path in slots if slot]
    if not found or not found[0][1]:
        return ()
    first, functions = found[0]
    vtables = [at - first for at in _pointers_to(process, module, list(functions))]
    if not vtables:
        return None
    claims: list[list[frozenset[Parts]]] = [[] for _ in vtables]
    for offset, functions in found:
        words = _core.read_numbers(process.target.memory, [at + offset for at in vtables], 8)
        for claim, word in zip(claims, words, strict=True):
            claim.append(functions.get(word or 0, frozenset()))
    kinds = (
        TaskKind(process, layout, module, at, parts)
        for at, parts in resolve_merged(dict(zip(vtables, claims, strict=True))).items()
    )
    return tuple(kind for kind in kinds if kind.is_complete)


def kind_at(process: Process, module: Module, layout: TaskLayout, vtable: int) -> TaskKind | None:
    """Find the kind of the tasks with a vtable of a module, without a search for others."""
    type_ = _type_at(module, layout.vtable)
    claims: list[frozenset[Parts]] = []
    for field, path in layout.functions if type_ is not None else ():
        slot = find_place(type_, field) if type_ is not None else None
        if slot is not None:
            (word,) = _core.read_numbers(process.target.memory, [vtable + slot.offset], 8)
            function = module.function_at(Address(word)) if word else None
            if function is not None and function.entry == word:
                names = (each.partition("<")[0] for each in path_segments(function.name))
                is_instance = "::".join(names) == path
                claims.append(frozenset([_arguments(module, function)] if is_instance else ()))
    parts = resolve_merged({vtable: claims}).get(vtable)
    kind = TaskKind(process, layout, module, vtable, parts) if parts else None
    return kind if kind is not None and kind.is_complete else None


def _functions(module: Module, path: str) -> dict[int, frozenset[Parts]]:
    """The types that instances of a generic function are for, by its entry."""
    found: dict[int, set[Parts]] = {}
    for function in module.find_code(path):
        parts = _arguments(module, function)
        if parts:
            found.setdefault(int(function.entry), set()).add(parts)
    return {entry: frozenset(parts) for entry, parts in found.items()}


def _arguments(module: Module, function: Function) -> Parts:
    arguments = module.image.template_arguments(function.die)
    return tuple(module.types.type(die) for _, die in arguments)


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


def _type_at(module: Module, path: str) -> Type | None:
    """The type of exactly this path, the module's first."""
    return next(
        (type_ for type_ in module.types.find(path) if type_.path == path and type_.fields), None
    )


def _type_for(module: Module, path: str, parts: Parts) -> Type | None:
    """The type of a path that has ``{0}`` … where the types of a task's parts go."""
    if not path:
        return None
    try:
        return _type_at(module, path.format(*(part.path for part in parts)))
    except IndexError:
        return None


def _pointed(process: Process, kind: TaskKind, part: tuple[str, Path]) -> Place | None:
    """Where a part is of which a handle has the type, and the vtable the place."""
    field, path = part
    handle = _type_for(kind.module, kind.layout.handle, kind.parts)
    vtable = _type_at(kind.module, kind.layout.vtable)
    pointer = None if handle is None else handle.field(field)
    target = None if pointer is None else pointer.type.strip().target
    if target is None or vtable is None:
        return None
    context = ValueContext(process.memory, process)
    try:
        found = find_part(Value(vtable, Memory(Address(kind.vtable)), context), path)
        return None if found is None else Place(target, peel(found).integer())
    except CrabtrapError as error:
        why_unreadable(error)
        return None


def _unwrapped(future: Type) -> Type:
    """The future inside what spawning puts around it."""

    def inner(layer: Type) -> Type | None:
        head = parse_type_path(layer.path).head
        if head in WRAPPERS:
            field = layer.field(WRAPPERS[head])
            return None if field is None else field.type.strip()
        if layer.row.name.startswith(("alloc::boxed::Box<", "Box<")) and layer.leads_to_value:
            return layer.target.strip() if layer.target is not None else None
        return None

    *_, found = each_layer(future.strip(), inner)
    return found
