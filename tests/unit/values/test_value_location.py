"""Value locations: made from the pieces of a location description, and narrowed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from crabtrap.address import Address
from crabtrap.values.value_location import (
    Absent,
    Bytes,
    ImplicitPointer,
    Memory,
    Part,
    Pieces,
    Register,
    location_from_pieces,
    narrow,
)


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


def test_one_piece_for_the_whole_value_is_a_simple_location():
    assert location_from_pieces([Piece("memory", address=16)], 8) == Memory(16)
    assert location_from_pieces([Piece("absent", 8)], 8) == Absent("optimised out")


def test_bytes_without_a_piece_are_optimised_out():
    location = location_from_pieces([Piece("bytes", 4, data=b"1234")], 12)
    assert location == Pieces((Part(Bytes(b"1234"), 4), Part(Absent("optimised out"), 8)))


@pytest.mark.parametrize(
    ("location", "offset", "size", "expected"),
    [
        (Memory(Address(100)), 8, 4, Memory(Address(108))),
        (Register(3), 2, 1, Register(3, 2)),
        (Register(3, 1), 2, 1, Register(3, 3)),
        (Bytes(b"abcdef"), 2, 3, Bytes(b"cde")),
        (Absent("gone"), 2, 3, Absent("gone")),
        (ImplicitPointer(7, 0), 0, 8, ImplicitPointer(7, 0)),
        (Pieces((Part(Bytes(b"ab"), 2), Part(Register(0), 8))), 2, 8, Register(0)),
        (Pieces((Part(Bytes(b"ab"), 2), Part(Register(0), 8))), 4, 2, Register(0, 2)),
        (Pieces((Part(Bytes(b"ab"), 2), Part(Bytes(b"cd"), 2))), 1, 2,
         Pieces((Part(Bytes(b"b"), 1), Part(Bytes(b"c"), 1)))),
        (Pieces((Part(Bytes(b"ab"), 2),)), 5, 2, Absent("optimised out")),
    ],
)  # fmt: skip
def test_narrowing(location, offset, size, expected):
    assert narrow(location, offset, size) == expected
