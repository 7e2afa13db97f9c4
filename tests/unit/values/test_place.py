"""Places from what the debug information says."""

from __future__ import annotations

from dataclasses import dataclass

from crabtrap.values.value_location import Absent, Bytes, Memory, Part, Pieces, location_from_pieces


@dataclass(frozen=True)
class Piece:
    kind: str
    size: int = 0
    bit_offset: int = 0
    address: int = 0
    register: int = 0
    data: bytes = b""
    die: int = 0
    offset: int = 0
    reason: str | None = None


def test_one_piece_of_everything_is_a_plain_place():
    assert location_from_pieces([Piece("memory", address=16)], 8) == Memory(16)
    assert location_from_pieces([Piece("absent", 8)], 8) == Absent("optimised out")


def test_what_no_piece_describes_is_optimised_out():
    location = location_from_pieces([Piece("bytes", 4, data=b"1234")], 12)
    assert location == Pieces((Part(Bytes(b"1234"), 4), Part(Absent("optimised out"), 8)))
