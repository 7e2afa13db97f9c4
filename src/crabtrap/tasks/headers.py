"""Whether there is a task at an address: by what its header points to, without a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.lazy import lazy
from crabtrap.tasks.kinds import kind_at
from crabtrap.tasks.scan import read_tasks
from crabtrap.tasks.task_places import find_place

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.tasks.kinds import TaskKind
    from crabtrap.tasks.layouts import TaskLayout
    from crabtrap.tasks.scan import Found

_WORD = 8


class Headers:
    """Recognises the tasks of one runtime, at one stop."""

    def __init__(self, process: Process, layout: TaskLayout) -> None:
        """Look at a program whose tasks are laid out so."""
        self._process, self._layout = process, layout
        self._kinds: dict[int, TaskKind | None] = {}

    def at(self, address: Address) -> Found | None:
        """Return the task that begins at an address, ``None`` for anything else."""
        offset = self._pointer_offset
        vtable = None if offset is None else self._word(address + offset)
        if not vtable:
            return None
        if vtable not in self._kinds:
            self._kinds[vtable] = self._kind(vtable)
        kind = self._kinds[vtable]
        return None if kind is None else next(read_tasks(self._process, kind, [address]), None)

    def _kind(self, vtable: int) -> TaskKind | None:
        module = self._process.modules.find(Address(vtable))
        return None if module is None else kind_at(self._process, module, self._layout, vtable)

    @lazy
    def _pointer_offset(self) -> int | None:
        for module in self._process.modules:
            for type_ in module.types.find(self._layout.header.partition("<")[0]):
                place = find_place(type_, self._layout.vtable_field)
                if place is not None:
                    return place.offset
        return None

    def _word(self, address: int) -> int | None:
        try:
            data = self._process.memory.read(Address(address), _WORD)
        except MemoryFault:
            return None
        return int.from_bytes(data, "little")
