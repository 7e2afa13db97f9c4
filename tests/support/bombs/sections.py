"""Sections, segments and notes that claim to be more than there is, or are used again and again."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tests.support.bombs.bomb import Bomb, collector
from tests.support.elf_writer import (
    COMPRESSED,
    PAGE,
    STRING_TABLE,
    SYMBOL_TABLE,
    Part,
    Program,
    symbol,
    write_elf,
)

BOMBS: dict[str, Bomb] = {}
bomb = collector(BOMBS)

ZLIB, ZSTD = 1, 2
MIB = 1 << 20


def zeros(mebibytes: int) -> bytes:
    """Compress zeros by zlib, at its highest ratio, without making them."""
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    header, _ = first[:2], first[2:]
    raw = zlib.compressobj(9, wbits=-15)
    block = raw.compress(bytes(MIB)) + raw.flush(zlib.Z_FULL_FLUSH)
    # Adler-32 of zeros (RFC 1950): the low half stays 1, the high half counts them.
    check = ((mebibytes * MIB) % 65521) << 16 | 1
    return header + block * mebibytes + b"\x03\x00" + struct.pack(">I", check)


def zstd_zeros(mebibytes: int) -> bytes:
    """Zeros as blocks of one repeated byte (RFC 8878, section 3.1.1.2.2)."""
    block = ((128 << 10) << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    last = (0 << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"\0"
    return bytes.fromhex("28b52ffd0058") + block * (8 * mebibytes) + last


def compressed(name: str, body: bytes, size: int, kind: int = ZLIB) -> Part:
    header = struct.pack("<IIQQ", kind, 0, size, 1)
    return Part(name, header + body, flags=COMPRESSED)


@bomb(r"\.debug_info .*3145728000 bytes")
def zlib_zeros(path: Path) -> None:
    write_elf(path, [compressed(".debug_info", zeros(3000), 3000 * MIB)])


@bomb(r"\.debug_str .*3145728000 bytes")
def zlib_zeros_as_strings(path: Path) -> None:
    write_elf(path, [compressed(".debug_str", zeros(3000), 3000 * MIB)])


@bomb(r"\.zdebug_info .*3145728000 bytes")
def gnu_zeros(path: Path) -> None:
    body = b"ZLIB" + struct.pack(">Q", 3000 * MIB) + zeros(3000)
    write_elf(path, [Part(".zdebug_info", body)])


@bomb(r"\.debug_info .*3145728000 bytes")
def zstd_zeros_3_gb(path: Path) -> None:
    write_elf(path, [compressed(".debug_info", zstd_zeros(3000), 3000 * MIB, ZSTD)])


@bomb(r"\.debug_info .*1152921504606846976 bytes")
def impossible_claim(path: Path) -> None:
    write_elf(path, [compressed(".debug_info", zeros(1), 1 << 60)])


@bomb(r"\.debug_info .*longer than it claims")
def modest_claim(path: Path) -> None:
    write_elf(path, [compressed(".debug_info", zeros(3000), 100)])


@bomb(r"\.debug_info cannot be decompressed")
def zstd_window(path: Path) -> None:
    window = 0xF8  # 2^41 bytes (RFC 8878, section 3.1.1.1.2)
    body = bytes.fromhex("28b52ffd00") + bytes([window, 1 << 1 | 1, 0, 0, 0])
    write_elf(path, [compressed(".debug_info", body, 100, ZSTD)])


@bomb(r"\.debug_\w+ .*more memory")
def many_compressed(path: Path) -> None:
    names = ("abbrev", "addr", "aranges", "info", "line", "line_str", "loc", "loclists", "ranges",
             "rnglists", "str", "str_offsets", "types")  # fmt: skip
    body = zeros(200)
    write_elf(path, [compressed(f".debug_{name}", body, 200 * MIB) for name in names])


@bomb("section headers")
def section_headers(path: Path) -> None:
    """Eight million section headers, all zero but the first (gABI, chapter 4, on ``e_shnum``)."""
    write_elf(path)
    with path.open("r+b") as file:
        file.seek(0, 2)
        table = file.tell()
        file.write(struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 8_000_000, 1, 0, 0, 0))
        file.truncate(table + 64 * 8_000_000)
        file.seek(0x28)
        file.write(struct.pack("<Q", table))
        file.seek(0x3C)
        file.write(struct.pack("<HH", 0, 0xFFFF))


@bomb("")
def section_names(path: Path) -> None:
    """Sixty thousand sections with one name of ten megabytes."""
    write_elf(path)
    with path.open("r+b") as file:
        file.seek(0, 2)
        names = file.tell()
        file.write(b"\0" + b"n" * (10 * MIB) + b"\0")
        table = file.tell()
        count = 60_000
        row = struct.pack("<IIQQQQIIQQ", 1, 1, 0, 0, PAGE, 1, 0, 0, 1, 0)
        own = struct.pack("<IIQQQQIIQQ", 1, 3, 0, 0, names, 10 * MIB + 2, 0, 0, 1, 0)
        file.write(bytes(64) + row * (count - 2) + own)
        file.seek(0x28)
        file.write(struct.pack("<Q", table))
        file.seek(0x3C)
        file.write(struct.pack("<HH", count, count - 1))


@bomb("")
def notes(path: Path) -> None:
    """Many segments, each of which is the same million notes."""
    note = struct.pack("<III", 4, 0, 99) + b"ABC\0"
    part = Part(".note", note * 1_000_000)
    offset = PAGE * 3
    write_elf(path, [part], programs=[Program(4, offset, 0, part.size)] * 60_000)


@bomb("")
def interpreter(path: Path) -> None:
    part = Part(".interp", b"/" * (100 * MIB))
    write_elf(path, [part], programs=[Program(3, PAGE * 3, 0, part.size)])


@bomb("")
def one_long_symbol_name(path: Path) -> None:
    """A million symbols that share one name of sixty kilobytes."""
    names = b"\0" + b"s" * 60_000 + b"\0"
    rows = bytes(24) + b"".join(symbol(1, 0x40_1000 + index % 4096) for index in range(1_000_000))
    table = Part(".symtab", rows, SYMBOL_TABLE, link=4)
    write_elf(path, [table, Part(".strtab", names, STRING_TABLE)])


@bomb("")
def endless_symbol_names(path: Path) -> None:
    """Names of megabytes, of which each is the tail of another one."""
    names = b"\0" + b"_ZN" + b"1a" * (20 * MIB) + b"\0"
    rows = bytes(24) + b"".join(
        symbol(1 + 2 * index, 0x40_1000 + index % 4096) for index in range(100_000)
    )
    table = Part(".symtab", rows, SYMBOL_TABLE, link=4)
    write_elf(path, [table, Part(".strtab", names, STRING_TABLE)])


@bomb(r"\.debug_info")
def overlapping(path: Path) -> None:
    """Every debug section is the whole file."""
    names = ("abbrev", "addr", "aranges", "info", "line", "line_str", "loc", "loclists", "ranges",
             "rnglists", "str", "str_offsets", "types", "frame")  # fmt: skip
    parts = [Part(f".debug_{name}", within=0, claimed=50 * MIB) for name in names]
    frame = Part(".eh_frame", within=0, claimed=50 * MIB, flags=2, address=0x50_0000)
    write_elf(path, [*parts, frame, Part(".filling", hole=50 * MIB)])
