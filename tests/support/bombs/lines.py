"""Line tables: rows from single bytes, and tables that many units share."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.support.bombs.bomb import Bomb, collector
from tests.support.dwarf import abbreviation, uleb, unit_header
from tests.support.elf_writer import CODE, Part, write_elf

BOMBS: dict[str, Bomb] = {}
bomb = collector(BOMBS)

SET_CODE = b"\x00\x09\x02" + struct.pack("<Q", CODE)
END = b"\x00\x01\x01"
STRING, UDATA = 0x08, 0x0F
PATH, DIRECTORY = 1, 2


def table(program: bytes, *, directories: bytes = b"", files: bytes = b"", line_range: int = 14,
          opcode_base: int = 13) -> bytes:  # fmt: skip
    """Assemble one line table of DWARF 5 (section 6.2.4); the lists come encoded."""
    directories = directories or bytes([1, PATH, STRING]) + b"\1src\0"
    files = files or bytes([2, PATH, STRING, DIRECTORY, UDATA]) + b"\1bomb.rs\0\0"
    lengths = bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
    fields = struct.pack("<BBBbBB", 1, 1, 1, -5, line_range, opcode_base)
    header = fields + lengths + directories + files
    rest = struct.pack("<HBBI", 5, 8, 0, len(header)) + header + program
    return struct.pack("<I", len(rest)) + rest


def write_lines(path: Path, line: bytes, *, units: int = 1, directory: str = "/") -> None:
    """Write a file with this line table, used by some units."""
    names = [("stmt_list", "sec_offset"), ("comp_dir", "strp"), ("low_pc", "addr"),
             ("high_pc", "udata")]  # fmt: skip
    kinds = abbreviation(1, "compile_unit", names) + b"\0"
    root = b"\1" + bytes(4) + bytes(4) + struct.pack("<Q", CODE) + uleb(64)
    info = (unit_header(len(root)) + root) * units
    write_elf(
        path,
        [Part(".debug_abbrev", kinds), Part(".debug_info", info), Part(".debug_line", line),
         Part(".debug_str", directory.encode() + b"\0")],
    )  # fmt: skip


@bomb(r"line table .*more memory")
def rows(path: Path) -> None:
    """Sixty million rows of a byte each."""
    write_lines(path, table(SET_CODE + b"\x14" * 60_000_000 + b"\x02\x40" + END))


@bomb(r"more memory")
def shared_program(path: Path) -> None:
    body = (SET_CODE + b"\x21" * 60 + b"\x02\x01" + END) * 10_000
    write_lines(path, table(body), units=100_000)


@bomb(r"more memory")
def program_without_rows(path: Path) -> None:
    """Megabytes that make no row, run for each of many units."""
    write_lines(path, table(b"\x06" * 20_000_000), units=100_000)


@bomb(r"more memory")
def files(path: Path) -> None:
    """Sixty thousand files, each in a directory whose name is a megabyte."""
    names = b"".join(b"f%d\0\0" % number for number in range(60_000))
    listed = bytes([2, PATH, STRING, DIRECTORY, UDATA]) + uleb(60_000) + names
    write_lines(path, table(b"", files=listed), units=3, directory="/" + "d" * (1 << 20))


@bomb(r"more memory")
def shared_files(path: Path) -> None:
    """A hundred thousand units that name the same thirty thousand files."""
    names = b"".join(b"f%d\0\0" % number for number in range(30_000))
    listed = bytes([2, PATH, STRING, DIRECTORY, UDATA]) + uleb(30_000) + names
    write_lines(path, table(b"", files=listed), units=100_000)


@bomb(r"unit at 0x0 is skipped")
def files_without_end(path: Path) -> None:
    """Files by the trillion, each of which takes no byte: its path is a flag."""
    listed = bytes([1, PATH, 0x19]) + uleb(1 << 40)
    write_lines(path, table(b"", files=listed))


@bomb(r"unit at 0x0 is skipped")
def directories_without_end(path: Path) -> None:
    listed = bytes([1, PATH, 0x19]) + uleb(1 << 40)
    write_lines(path, table(b"", directories=listed))


@bomb(r"unit at 0x0 is skipped")
def no_line_range(path: Path) -> None:
    """A division by zero, if done."""
    write_lines(path, table(SET_CODE + b"\x20" * 100 + END, line_range=0))


@bomb("")
def far_advances(path: Path) -> None:
    step = b"\x02" + uleb((1 << 63) + 1) + b"\x01" + b"\x03" + uleb((1 << 64) - 1) + b"\x01"
    write_lines(path, table(SET_CODE + step * 100_000 + END))
