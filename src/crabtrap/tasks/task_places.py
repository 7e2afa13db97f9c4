"""Where parts of values are, by the types alone: field paths as offsets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.present.field_paths import find_part, peel
from crabtrap.records import dataclass
from crabtrap.values import Memory, Value
from crabtrap.values.value_context import NOWHERE

if TYPE_CHECKING:
    from crabtrap.present.field_paths import Path
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of a task is: its type, and bytes from where the task begins."""

    type: Type
    offset: int

    @property
    def size(self) -> int:
        """Bytes, as many as a number has."""
        return min(self.type.strip().size or 0, 8)


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


def type_at(module: Module, path: str) -> Type | None:
    """The type of exactly this path, the module's first."""
    return next(
        (type_ for type_ in module.types.find(path) if type_.path == path and type_.fields), None
    )
