"""Where a value is.  A place is data; nothing is read by making or narrowing one."""

from __future__ import annotations

from collections.abc import Sequence
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
    """Known by content only: computed by the location expression, or a constant."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ImplicitPointer:
    """A pointer the compiler removed; what it pointed to is still described.

    Attributes:
        die: Entry of the variable pointed to.
        offset: Bytes into that variable's value.
    """

    die: int
    offset: int


@dataclass(frozen=True, slots=True)
class Absent:
    """Nowhere; ``reason`` says why: "optimised out", "not in scope yet"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a value that is spread over several places.

    Attributes:
        size: Bytes.
        bit_offset: First bit inside ``place``.
    """

    location: SimpleLocation
    size: int
    bit_offset: int = 0


@dataclass(frozen=True, slots=True)
class Pieces:
    """Spread over several places, in order."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Synthetic:
    """Put together by the debugger; lives nowhere in the program.

    Attributes:
        content: A view of ``crabtrap.present.view``; opaque at this level.
    """

    content: object


SimpleLocation = Memory | Register | Bytes | ImplicitPointer | Absent
ValueLocation = SimpleLocation | Pieces | Synthetic

OPTIMISED_OUT = Absent("optimised out")


def location_from_pieces(pieces: Sequence[Piece], size: int | None) -> ValueLocation:
    """The place that ``_core.Image.locate`` described.

    Args:
        pieces: Never empty.
        size: Size of the value's type in bytes, for a piece that means all of it.
    """
    if len(pieces) == 1 and pieces[0].size in (0, size) and not pieces[0].bit_offset:
        return _simple(pieces[0])
    parts = [Part(_simple(piece), piece.size or size or 0, piece.bit_offset) for piece in pieces]
    missing = (size or 0) - sum(part.size for part in parts)
    if missing > 0:  # the compiler describes no more than it kept
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
    """The part of a place from byte ``offset`` on; ``size`` may be unknown in memory."""
    match location:
        case Memory(address):
            return Memory(Address((address + offset) & 0xFFFF_FFFF_FFFF_FFFF))
        case Register(number, start):
            return Register(number, start + offset)
        case Bytes(data):
            return Bytes(data[offset:] if size is None else data[offset : offset + size])
        case Pieces(parts):
            return _narrow_pieces(parts, offset, size)
        case ImplicitPointer():
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
            assert not isinstance(inner, Pieces | Synthetic)  # a part is a simple place
            found.append(Part(inner, high - low, part.bit_offset))
        start += part.size
    if not found:
        return OPTIMISED_OUT if size else Bytes(b"")
    if len(found) == 1 and not found[0].bit_offset:
        return found[0].location
    return Pieces(tuple(found))
