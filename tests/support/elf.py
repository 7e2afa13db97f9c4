"""Sections and symbols of a 64-bit ELF file.

Read here, so that tests need no binutils and do not ask the reader that is under test.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

_SHT_SYMTAB = 2
_SHN_UNDEF = 0
_STT_SECTION, _STT_FILE = 3, 4


class Section(NamedTuple):
    """A section header; its numbers as ``man elf`` has them."""

    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry_size: int


def read_sections(program: str | Path) -> tuple[Section, ...]:
    """Return all sections of a file, in its order."""
    return _parse_sections(Path(program).read_bytes())


def read_symbols(program: str | Path) -> dict[str, int]:
    """Return what ``.symtab`` defines: mangled name to file address."""
    data = Path(program).read_bytes()
    sections = _parse_sections(data)
    found: dict[str, int] = {}
    for table in sections:
        if table.type != _SHT_SYMTAB:
            continue
        names = sections[table.link].offset
        rows = data[table.offset : table.offset + table.size]
        for name, info, _, section, value, _ in struct.iter_unpack("<IBBHQQ", rows):
            if section != _SHN_UNDEF and info & 15 not in (_STT_SECTION, _STT_FILE):
                found[_text(data, names + name)] = value
    return found


def _parse_sections(data: bytes) -> tuple[Section, ...]:
    if data[:5] != b"\x7fELF\x02":
        raise ValueError("not an ELF file of 64 bits")
    (start,) = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    rows = list(struct.iter_unpack("<IIQQQQIIQQ", data[start : start + size * count]))
    return tuple(Section(_text(data, rows[names][4] + row[0]), *row[1:]) for row in rows)


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(0, start)].decode()


def minimal_elf() -> bytes:
    """Return an x86-64 executable that is nothing but a header (gABI, chapter 4)."""
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    executable, x86_64, version = 2, 62, 1
    return identity + struct.pack(
        "<HHIQQQIHHHHHH", executable, x86_64, version, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0
    )
