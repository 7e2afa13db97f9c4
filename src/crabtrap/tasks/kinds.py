"""Kinds of tasks in a program: one for each vtable, with where the parts of such a task are.

All of it is in the program's files, and stays as it is from stop to stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import CrabtrapError
from crabtrap.lazy import lazy
from crabtrap.present.field_paths import each_layer, find_part, peel
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.tasks.combinators import WRAPPERS
from crabtrap.tasks.futures import future_name
from crabtrap.tasks.task_places import Place, find_place, type_at
from crabtrap.tasks.vtables import find_vtables, types_of_vtable
from crabtrap.values import Memory, Value, ValueContext
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.engine.inspect.process import Process
    from crabtrap.present.field_paths import Path
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type
    from crabtrap.tasks.layouts import TaskLayout
    from crabtrap.tasks.vtables import Parts


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
        kept = None if cell is None else find_place(cell, layout.kept_future)
        self.future = kept or _pointed(process, self, layout.future)
        self.output = _pointed(process, self, layout.output)

    @property
    def future_type(self) -> Type:
        """The type of the future that is spawned."""
        return self.parts[0]

    @lazy
    def root(self) -> str:
        """The name of the future that is spawned, without what libraries put around it."""
        return future_name(unwrapped_future(self.future_type))

    @lazy
    def other_roots(self) -> tuple[str, ...]:
        """What it may be as well."""
        return tuple(future_name(unwrapped_future(parts[0])) for parts in self.others)

    @property
    def size(self) -> int:
        """Bytes of such a task, as far as they are known."""
        if self.cell is not None:
            return self.cell.size or 0
        future = self.future
        return 0 if future is None else future.offset + (future.type.strip().size or 0)

    @property
    def is_unowned(self) -> bool:
        """Whether its tasks belong to nobody."""
        unowned = self.layout.unowned
        return bool(unowned) and self.future_type.path.startswith(f"{unowned}<")

    @property
    def tells_running(self) -> bool:
        """Whether the state of such a task tells that a thread polls it."""
        return bool(self.layout.flags.running)

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


def find_kinds(process: Process, module: Module, layout: TaskLayout) -> tuple[TaskKind, ...] | None:
    """Find the kinds of tasks of a runtime whose functions are in a module.

    Returns:
        ``None`` where there must be some whose vtables are not filled in yet: the loader does
        that at the program's start.
    """
    vtables = find_vtables(process, module, layout.vtable, layout.functions)
    if vtables is None:
        return None
    kinds = (TaskKind(process, layout, module, at, parts) for at, parts in vtables.items())
    return tuple(kind for kind in kinds if kind.is_complete)


def kind_at(process: Process, module: Module, layout: TaskLayout, vtable: int) -> TaskKind | None:
    """Find the kind of the tasks with a vtable of a module, without a search for others."""
    parts = types_of_vtable(process, module, layout.vtable, layout.functions, vtable)
    kind = TaskKind(process, layout, module, vtable, parts) if parts else None
    return kind if kind is not None and kind.is_complete else None


def _type_for(module: Module, path: str, parts: Parts) -> Type | None:
    """The type of a path that has ``{0}`` … where the types of a task's parts go."""
    if not path:
        return None
    try:
        return type_at(module, path.format(*(part.path for part in parts)))
    except IndexError:
        return None


def _pointed(process: Process, kind: TaskKind, part: tuple[str, Path]) -> Place | None:
    """Where a part is of which a handle has the type, and the vtable the place."""
    field, path = part
    handle = _type_for(kind.module, kind.layout.handle, kind.parts)
    vtable = type_at(kind.module, kind.layout.vtable)
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


def unwrapped_future(future: Type) -> Type:
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
