"""Where a variable is stored at a code address, found before any thread stops there.

``_core`` evaluates DWARF location expressions for given register values.  Evaluating one
for two invented sets of them shows what the result depends on: one that is the same both
times is absolute, one that moves by as much as a register does is relative to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import Storage
from crabtrap.values.value_location import (
    Absent,
    Bytes,
    ImplicitPointer,
    Memory,
    Pieces,
    Register,
    SimpleLocation,
    Synthetic,
    location_from_pieces,
)

if TYPE_CHECKING:
    from crabtrap._core import Piece, Registers

Locate = Callable[["Registers"], "Sequence[Piece]"]
"""``Image.locate`` with everything bound but the registers; memory must refuse reads."""

_COUNT = 17
_FIRST: tuple[int, ...] = tuple((index + 1) << 40 for index in range(_COUNT))
_SECOND: tuple[int, ...] = tuple((index * index + 3) << 41 for index in range(_COUNT))
_REACH = 1 << 38
"""Offsets from a register stay below this; the invented values are further apart."""


def probe_storage(locate: Locate, size: int | None) -> Storage:
    """Find where a variable is stored, in terms of registers; ``Nowhere`` says why not."""
    first = location_from_pieces(locate(_FIRST), size)
    second = location_from_pieces(locate(_SECOND), size)
    if isinstance(first, Pieces) and isinstance(second, Pieces):
        return _split(first, second)
    if isinstance(first, Pieces) or isinstance(second, Pieces):
        return asm.Nowhere("its location depends on registers")
    assert not isinstance(first, Synthetic)  # DWARF describes none
    assert not isinstance(second, Synthetic)
    return _simple(first, second)


def _split(first: Pieces, second: Pieces) -> Storage:
    if [p.size for p in first.parts] != [p.size for p in second.parts]:
        return asm.Nowhere("its location depends on registers")
    if any(p.bit_offset for p in first.parts):
        return asm.Nowhere("it is spread over bits")
    return asm.SplitStorage(
        tuple(
            (a.size, _simple(a.location, b.location))
            for a, b in zip(first.parts, second.parts, strict=True)
        )
    )


def _simple(first: SimpleLocation, second: SimpleLocation) -> Storage:
    match first, second:
        case Memory(a), Memory(b):
            return _relative(a, b)
        case Register(number, offset), Register() if first == second and number < _COUNT:
            return asm.InRegister(number, offset)
        case Bytes(data), Bytes() if first == second:
            return asm.Known(data)
        case Absent(reason), _:
            return asm.Nowhere(reason)
        case ImplicitPointer(), _:
            return asm.Nowhere("its pointer was optimised away")
        case _:
            return asm.Nowhere("its location is calculated")


def _relative(a: int, b: int) -> Storage:
    if a == b:
        return asm.InMemory((asm.constant(a),))
    for number in range(_COUNT):
        offset = a - _FIRST[number]
        if abs(offset) < _REACH and b - _SECOND[number] == offset:
            return asm.InMemory((asm.register(number),), offset)
    return asm.Nowhere("its address is calculated")
