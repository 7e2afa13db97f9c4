"""Whether there is a task at an address: by what its header points to, without a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.lazy import lazy
from crabtrap.tasks.scan import Candidate

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type
    from crabtrap.tasks.layouts import TaskLayout

_WORD = 8


class Headers:
    """Recognises the tasks of one runtime, at one stop."""

    def __init__(self, process: Process, layout: TaskLayout) -> None:
        """Look at a program whose tasks are laid out so."""
        self._process, self._layout = process, layout
        self._kinds: dict[int, tuple[Type, Type, Module] | None] = {}

    def at(self, address: Address) -> Candidate | None:
        """Return what may be a task that begins at an address, ``None`` for anything else."""
        offset = self._pointer_offset
        vtable = None if offset is None else self._word(address + offset)
        if not vtable:
            return None
        if vtable not in self._kinds:
            self._kinds[vtable] = self._kind(vtable)
        kind = self._kinds[vtable]
        return None if kind is None else Candidate(address, *kind)

    def _kind(self, vtable: int) -> tuple[Type, Type, Module] | None:
        """The types of the tasks with a vtable: of a whole one, and of its future."""
        if self._poll_offset is None or self._process.modules.find(Address(vtable)) is None:
            return None
        entry = self._word(vtable + self._poll_offset)
        function = self._process.modules.function_at(Address(entry)) if entry else None
        if function is None or function.entry != entry:
            return None
        if not function.name.startswith(f"{self._layout.poll}<"):
            return None
        future, scheduler = self._process.function_arguments(function.entry)
        path = self._layout.cell.format(future=future.path, scheduler=scheduler.path)
        module = function.module
        cells = [type_ for type_ in module.types.find(path) if type_.path == path]
        return (cells[0], future, module) if cells else None

    @lazy
    def _pointer_offset(self) -> int | None:
        return self._offset(self._layout.header, self._layout.vtable_field)

    @lazy
    def _poll_offset(self) -> int | None:
        return self._offset(self._layout.vtable, self._layout.poll_field)

    def _offset(self, path: str, name: str) -> int | None:
        for module in self._process.modules:
            for type_ in module.types.find(path):
                field = type_.strip().field(name)
                if field is not None:
                    return field.offset
        return None

    def _word(self, address: int) -> int | None:
        try:
            data = self._process.memory.read(Address(address), _WORD)
        except MemoryFault:
            return None
        return int.from_bytes(data, "little")
