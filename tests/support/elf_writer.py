"""Writes ELF files that no linker would write; ``elf.py`` reads them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ALLOCATED, EXECUTABLE, WRITABLE, COMPRESSED = 2, 4, 1, 0x800
"""Flags of sections, see ``man elf``."""
PROGRAM_BITS, SYMBOL_TABLE, STRING_TABLE = 1, 2, 3
"""Types of sections."""

CODE, DATA = 0x40_1000, 0x40_2000
"""Addresses of the code and of the data that every file has."""
PAGE = 0x1000
_HEADER_SIZE, _SEGMENT_SIZE = 64, 56


@dataclass(frozen=True)
class Part:
    """A section to write.

    Attributes:
        hole: Zeros behind ``data``, which take no room on the disk.
        within: Offset in the file of bytes that are there already, in place of ``data``.
        claimed: Size to claim, if not the true one.
    """

    name: str
    data: bytes = b""
    type: int = PROGRAM_BITS
    flags: int = 0
    address: int = 0
    link: int = 0
    hole: int = 0
    within: int | None = None
    claimed: int | None = None

    @property
    def size(self) -> int:
        """Bytes, as its header says."""
        return len(self.data) + self.hole if self.claimed is None else self.claimed


@dataclass(frozen=True)
class Program:
    """A program header to write: type, offset in the file, address and size."""

    type: int
    offset: int
    address: int
    size: int
    flags: int = 4


def write_elf(
    path: Path,
    parts: Sequence[Part] = (),
    *,
    code: bytes = b"\xc3",
    data: bytes = b"",
    programs: Sequence[Program] = (),
) -> None:
    """Write an executable with one page of code and one of data, and these sections behind.

    Section numbers, which ``Part.link`` takes: 1 is ``.text``, 2 ``.data``, then come the parts.
    """
    text = Part(".text", code.ljust(PAGE, b"\xc3"), PROGRAM_BITS, ALLOCATED | EXECUTABLE, CODE)
    own = Part(".data", data.ljust(PAGE, b"\0"), PROGRAM_BITS, ALLOCATED | WRITABLE, DATA)
    sections = [text, own, *parts]
    names = b"\0" + b"\0".join(part.name.encode() for part in sections) + b"\0.shstrtab\0"
    sections.append(Part(".shstrtab", names, STRING_TABLE))
    loads = [Program(1, PAGE, CODE, PAGE, 5), Program(1, 2 * PAGE, DATA, PAGE, 6)]
    segments = [*loads, *programs]
    with path.open("wb") as file:
        file.seek(PAGE)
        rows = [bytes(64)]
        starts: dict[str, int] = {}
        for part in sections:
            offset = file.tell() if part.within is None else part.within
            starts.setdefault(part.name, offset)
            file.write(part.data)
            file.seek(part.hole, 1)
            name = names.index(b"\0" + part.name.encode() + b"\0") + 1
            rows.append(
                struct.pack(
                    "<IIQQQQIIQQ", name, part.type, part.flags, part.address, offset,
                    part.size, part.link, 0, 1, 24 if part.type == SYMBOL_TABLE else 0,
                )
            )  # fmt: skip
        table = file.tell()
        file.write(b"".join(rows))
        program_table = file.tell()
        file.write(b"".join(map(_program_row, segments)))
        file.seek(0)
        file.write(_header(program_table, len(segments), table, len(rows)))
    path.chmod(0o755)


def symbol(name: int, address: int, size: int = 16, *, kind: int = 2) -> bytes:
    """Encode a global symbol of ``.text`` whose name is at offset ``name``; 2 is a function."""
    return struct.pack("<IBBHQQ", name, 0x10 | kind, 0, 1, address, size)


def _header(programs: int, program_count: int, sections: int, section_count: int) -> bytes:
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    executable, x86_64, version = 2, 62, 1
    return identity + struct.pack(
        "<HHIQQQIHHHHHH", executable, x86_64, version, CODE, programs, sections, 0,
        _HEADER_SIZE, _SEGMENT_SIZE, program_count, 64, section_count, section_count - 1,
    )  # fmt: skip


def _program_row(program: Program) -> bytes:
    size = program.size
    return struct.pack(
        "<IIQQQQQQ", program.type, program.flags, program.offset, program.address,
        program.address, size, size, 1,
    )  # fmt: skip
