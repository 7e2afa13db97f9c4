"""Location expressions that do not end, grow, or ask for themselves."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.support.bombs.bomb import Bomb, collector
from tests.support.bombs.entries import in_module, write_entries
from tests.support.bombs.types import BYTE, WORD
from tests.support.dwarf import Entry, Expression, To, uleb
from tests.support.elf_writer import DATA

BOMBS: dict[str, Bomb] = {}
bomb = collector(BOMBS)

ADDRESS = b"\x03" + struct.pack("<Q", DATA)
DUP, SKIP, DROP, PIECE, CALL4 = b"\x12", b"\x2f", b"\x13", b"\x93", b"\x99"
PLUS, STACK_VALUE, DEREF_SIZE, ENTRY_VALUE = b"\x22", b"\x9f", b"\x94", b"\xa3"
LITERAL_1, IMPLICIT_VALUE = b"\x31", b"\x9e"


def write_expression(path: Path, expression: bytes) -> None:
    where = {"name": "BOMB", "type": To("word"), "location": Expression(expression)}
    write_entries(path, WORD, BYTE, in_module(Entry("variable", where)))


@bomb("")
def loop(path: Path) -> None:
    write_expression(path, ADDRESS + SKIP + struct.pack("<h", -3))


@bomb("")
def growing_loop(path: Path) -> None:
    write_expression(path, ADDRESS + DUP + SKIP + struct.pack("<h", -4))


@bomb("")
def many_values(path: Path) -> None:
    write_expression(path, ADDRESS + DUP * 5_000_000)


@bomb("")
def many_pieces(path: Path) -> None:
    write_expression(path, (ADDRESS + PIECE + b"\1") * 500_000)


@bomb("")
def huge_piece(path: Path) -> None:
    write_expression(path, ADDRESS + PIECE + uleb(1 << 40))


@bomb("")
def pieces_that_overflow(path: Path) -> None:
    write_expression(path, (ADDRESS + PIECE + uleb((1 << 63) - 1)) * 3)


@bomb("")
def wide_read(path: Path) -> None:
    write_expression(path, ADDRESS + DEREF_SIZE + b"\xff" + STACK_VALUE)


@bomb("")
def nested_entry_values(path: Path) -> None:
    inner = ADDRESS
    for _ in range(2000):
        inner = ENTRY_VALUE + uleb(len(inner)) + inner
    write_expression(path, inner)


@bomb("")
def large_constant(path: Path) -> None:
    write_expression(path, IMPLICIT_VALUE + uleb(20 << 20) + bytes(20 << 20))


@bomb("")
def calls_itself(path: Path) -> None:
    """Each call makes two: the entry's own offset follows the header and the root."""
    for at in range(0x0C, 0x40):
        call = CALL4 + struct.pack("<I", at)
        write_expression(path, call + call + ADDRESS)
        if _offset_of_variable(path) == at:
            return
    raise AssertionError("the entry was not found")


def _offset_of_variable(path: Path) -> int:
    data = path.read_bytes()
    start = data.index(struct.pack("<HBBI", 5, 1, 8, 0)) - 4
    return data.index(b"BOMB\0", start) - 1 - start


@bomb("")
def frame_base_of_itself(path: Path) -> None:
    """A static with the frame base of a function whose base is its own."""
    where = {"name": "BOMB", "type": To("word"), "location": Expression(b"\x91\0")}
    base = {"name": "f", "frame_base": Expression(b"\x91\0")}
    write_entries(path, WORD, in_module(Entry("subprogram", base, [Entry("variable", where)])))
