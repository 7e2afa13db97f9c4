"""Value locations: where a value is.  Making or narrowing one reads nothing.

They are the evaluated location descriptions of DWARF 5, section 2.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from crabtrap.address import Address
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap._core import Piece


@dataclass(frozen=True, slots=True)
class Memory:
    """In the program's memory, from run-time ``address`` on."""

    address: Address


@dataclass(frozen=True, slots=True)
class Register:
    """In a register of the frame.

    Attributes:
        number: DWARF number: 0-16 general registers, 17-32 xmm0-15.
        offset: First byte inside the register.
    """

    number: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Bytes:
    """No location, but known bytes: a computed value or a constant.

    Attributes:
        origin: Where they were found, for users, if not in the program: "from the source".
    """

    data: bytes
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ImplicitPointer:
    """A pointer that was optimised out, to a variable that is still described.

    See ``DW_OP_implicit_pointer``, DWARF 5, section 2.6.1.1.

    Attributes:
        die: Entry of the variable pointed to.
        offset: Bytes into that variable's value.
    """

    die: int
    offset: int


@dataclass(frozen=True, slots=True)
class PointerTo:
    """A pointer that is not there itself; what it points to is, or parts of that are.

    Closures capture ``self.hits`` without the reference ``self``.
    """

    pointee: ValueLocation


@dataclass(frozen=True, slots=True)
class Absent:
    """No location; ``reason`` says why: "optimised out", "not in scope yet"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a value (``DW_OP_piece``, ``DW_OP_bit_piece``).

    Attributes:
        size: Bytes.
        bit_offset: First bit inside ``location``.
    """

    location: SimpleLocation
    size: int
    bit_offset: int = 0


@dataclass(frozen=True, slots=True)
class Pieces:
    """A composite location: pieces in order (DWARF 5, section 2.6.1.2)."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Synthetic:
    """No location: the value was synthesised by the debugger.

    Attributes:
        content: A view of ``crabtrap.present``; opaque at this level.
        origin: As in ``Bytes``.
    """

    content: object
    origin: str = ""


SimpleLocation = Memory | Register | Bytes | ImplicitPointer | PointerTo | Absent
ValueLocation = SimpleLocation | Pieces | Synthetic

OPTIMISED_OUT = Absent("optimised out")


def location_from_pieces(
    pieces: Sequence[Piece], size: int | None, gone: Mapping[int, Absent] | None = None
) -> ValueLocation:
    """Convert the result of ``_core.Image.locate`` to a location.

    Args:
        pieces: At least one; a size of 0 means the whole value.
        size: Size of the value's type in bytes, ``None`` where unknown.
        gone: The pieces that are not to be relied on, by index, with the reason.
    """
    known = gone or {}
    found = [known.get(index) or _simple(piece) for index, piece in enumerate(pieces)]
    if len(pieces) == 1 and pieces[0].size in (0, size) and not pieces[0].bit_offset:
        return found[0]
    parts = [
        Part(location, piece.size or size or 0, piece.bit_offset)
        for location, piece in zip(found, pieces, strict=True)
    ]
    missing = (size or 0) - sum(part.size for part in parts)
    if missing > 0:  # the compiler may leave out trailing pieces that it optimised out
        parts.append(Part(Absent("optimised out"), missing))
    return Pieces(tuple(parts))


def _simple(piece: Piece) -> SimpleLocation:
    match piece.kind:
        case "memory":
            return Memory(Address(piece.address))
        case "register":
            return Register(piece.register)
        case "bytes":
            return Bytes(piece.data)
        case "implicit_pointer":
            return ImplicitPointer(piece.die, piece.offset)
        case "absent":
            return Absent(piece.reason or "optimised out")
        case unknown:
            assert_never(unknown)


def narrow(location: ValueLocation, offset: int, size: int | None) -> ValueLocation:
    """Return the location of ``size`` bytes at byte ``offset``; the size may be unknown."""
    match location:
        case Memory(address):
            return Memory(Address((address + offset) & 0xFFFF_FFFF_FFFF_FFFF))
        case Register(number, start):
            return Register(number, start + offset)
        case Bytes(data):
            return Bytes(data[offset:] if size is None else data[offset : offset + size])
        case Pieces(parts):
            return _narrow_pieces(parts, offset, size)
        case ImplicitPointer() | PointerTo():
            return location if offset == 0 else Absent("part of a pointer that was optimised away")
        case Absent():
            return location
        case Synthetic():
            return Absent("not part of the program")
        case unknown:
            assert_never(unknown)


def _narrow_pieces(parts: tuple[Part, ...], offset: int, size: int | None) -> ValueLocation:
    found: list[Part] = []
    start = 0
    end = sum(part.size for part in parts) if size is None else offset + size
    for part in parts:
        low, high = max(start, offset), min(start + part.size, end)
        if low < high:
            inner = narrow(part.location, low - start, high - low)
            assert not isinstance(inner, Pieces | Synthetic)  # parts are simple locations
            found.append(Part(inner, high - low, part.bit_offset))
        start += part.size
    if not found:
        return OPTIMISED_OUT if size else Bytes(b"")
    if len(found) == 1 and not found[0].bit_offset:
        return found[0].location
    return Pieces(tuple(found))
