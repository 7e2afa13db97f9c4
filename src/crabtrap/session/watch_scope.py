"""The scope of a watchpoint's condition: names as they are where it was set.

The program may write to the watched bytes anywhere, so only what lies at one address, all
the time that the frame lives, can be named in a condition that the target evaluates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.engine.breakpoints.watched import split_watched
from crabtrap.engine.inspect.hygiene import variables_at
from crabtrap.engine.inspect.statics import choose_static
from crabtrap.engine.inspect.variables import find_binding
from crabtrap.expr.agent.changes import WatchedPiece
from crabtrap.target import agent_code as asm
from crabtrap.values.value_location import Absent, Bytes, Memory, location_from_pieces

if TYPE_CHECKING:
    from crabtrap.engine.breakpoints.stoppoints import Watchpoint
    from crabtrap.engine.inspect.frame_place import FramePlace
    from crabtrap.symbols.types import Type
    from crabtrap.target.agent_code import Storage

_NO_MEMORY = _core.CallbackMemory(lambda _address, _size: b"")
"""Memory without bytes: it changes, and where a variable is must not."""


class WatchScope:
    """The variables of the frame that a watchpoint was set in, and its module's statics."""

    def __init__(self, place: FramePlace | None) -> None:
        """Look names up in ``place``; without one there are none."""
        self._place = place

    def lookup(self, name: str) -> tuple[Type, Storage] | None:
        """Find a variable or static: its type, and where it always is."""
        place = self._place
        if place is None:
            return None
        entry = find_binding(variables_at(place.function, place.pc), name)
        if entry is not None:
            return self._found(place, entry.variable)
        path = name.removeprefix("crate::")
        statics = tuple((place.module, v) for v in place.module.image.find_statics(path))
        chosen = choose_static(statics, path, place.function.name)
        return self._found(place, chosen[1]) if chosen is not None else None

    def find_type(self, text: str) -> Type | None:
        """Find a type by any trailing path."""
        found = self._place.module.types.find(text) if self._place is not None else ()
        return found[0] if found else None

    def _found(self, place: FramePlace, variable: _core.Variable) -> tuple[Type, Storage] | None:
        if variable.type is None:
            return None
        type_ = place.module.types.type(variable.type)
        return type_, _storage(place, variable, type_.strip().size)


def _storage(place: FramePlace, variable: _core.Variable, size: int | None) -> Storage:
    if variable.constant is not None:
        return asm.Known(variable.constant)
    if variable.kind != "static" and not variable.in_slot:
        return asm.Nowhere(f"{variable.name} is not always at the same place")
    pieces = place.module.locate(
        variable.die,
        pc=place.pc,
        registers=place.registers,
        cfa=place.cfa if variable.kind != "static" else None,
        memory=_NO_MEMORY,
    )
    match location_from_pieces(pieces, size):
        case Memory(address):
            return asm.InMemory((asm.constant(address),))
        case Bytes(data):
            return asm.Known(data)
        case Absent(reason):
            return asm.Nowhere(reason)
        case _:
            return asm.Nowhere(f"{variable.name} is not in memory")


def watched_pieces(item: Watchpoint) -> tuple[WatchedPiece, ...]:
    """Return what each debug register of a watchpoint watches, with its variables."""
    return tuple(
        WatchedPiece(address, size, item.state + 2 * index, item.state + 2 * index + 1)
        for index, (address, size) in enumerate(split_watched(item.address, item.size))
    )
