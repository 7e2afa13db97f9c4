"""Units: too many, too large, too deep, or sharing what is read once for each."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from tests.support.bombs.bomb import Bomb, collector
from tests.support.dwarf import SKELETON, abbreviation, uleb, unit_header
from tests.support.elf_writer import Part, write_elf

BOMBS: dict[str, Bomb] = {}
bomb = collector(BOMBS)

ROOT, CHILD = b"\1", b"\2"
PLAIN_ROOT = abbreviation(1, "compile_unit", parent=True)


def write_unit(path: Path, kinds: bytes, body: bytes, *others: Part, hole: int = 0) -> None:
    """Write a file with one unit of these bytes, and zeros behind them."""
    info = unit_header(len(body) + hole) + body
    parts = [Part(".debug_abbrev", kinds + b"\0"), Part(".debug_info", info, hole=hole), *others]
    write_elf(path, parts)


def write_units(path: Path, kinds: bytes, units: bytes, *others: Part) -> None:
    """Write a file with these units."""
    write_elf(path, [Part(".debug_abbrev", kinds), Part(".debug_info", units), *others])


@bomb(r"\.debug_info")
def zeros(path: Path) -> None:
    write_elf(path, [Part(".debug_info", hole=2 << 30)])


@bomb("")
def one_unit_of_zeros(path: Path) -> None:
    """Two gigabytes in one unit, whose root entry ends at once."""
    write_unit(path, PLAIN_ROOT, ROOT, hole=2 << 30)


@bomb(r"more memory")
def tiny_units(path: Path) -> None:
    kinds = abbreviation(1, "compile_unit") + b"\0"
    write_units(path, kinds, (unit_header(1) + ROOT) * 8_000_000)


@bomb(r"more memory")
def tiny_entries(path: Path) -> None:
    """Fifteen million types without a name to speak of, two bytes each."""
    kinds = PLAIN_ROOT + abbreviation(2, "base_type", [("name", "string")])
    write_unit(path, kinds, ROOT + (CHILD + b"\0") * 15_000_000)


@bomb(r"more memory")
def tiny_functions(path: Path) -> None:
    kinds = PLAIN_ROOT + abbreviation(2, "subprogram")
    write_unit(path, kinds, ROOT + CHILD * 90_000_000)


@bomb(r"nested")
def nesting(path: Path) -> None:
    kinds = PLAIN_ROOT + abbreviation(2, "namespace", parent=True)
    write_unit(path, kinds, ROOT + CHILD * 60_000_000)


@bomb(r"more memory")
def shared_abbreviations(path: Path) -> None:
    """A table of many kinds of entries, read for each of a hundred thousand units."""
    kinds = abbreviation(1, "compile_unit") + b"".join(
        abbreviation(code, "base_type", [("name", "udata")]) for code in range(2, 100_000)
    )
    write_units(path, kinds + b"\0", (unit_header(1) + ROOT) * 100_000)


@bomb(r"more memory")
def sliding_abbreviations(path: Path) -> None:
    """The same with tables that are each the tail of another one."""
    kinds, units = bytearray(), bytearray()
    for code in range(1 << 16, 1 << 17):  # of three bytes each
        units += unit_header(3, len(kinds)) + uleb(code)
        kinds += abbreviation(code, "compile_unit")
    write_units(path, bytes(kinds) + b"\0", bytes(units))


@bomb(r"attributes")
def attributes_of_no_size(path: Path) -> None:
    """Entries with a million flags each, which take no room."""
    flags = [("external", "flag_present")] * 1_000_000
    kinds = PLAIN_ROOT + abbreviation(2, "structure_type", flags)
    write_unit(path, kinds, ROOT + CHILD * 1_000_000)


@bomb(r"more memory")
def shared_ranges(path: Path) -> None:
    """Fifty thousand functions whose code is the same list of half a million ranges."""
    kinds = PLAIN_ROOT + abbreviation(2, "subprogram", [("ranges", "sec_offset")])
    use = CHILD + struct.pack("<I", 12)
    write_unit(path, kinds, ROOT + use * 50_000, range_lists(500_000))


@bomb(r"ranges")
def shared_ranges_inlined(path: Path) -> None:
    """The same for functions inlined into the only one with code."""
    function = [("name", "string"), ("low_pc", "addr"), ("high_pc", "udata")]
    kinds = (
        PLAIN_ROOT
        + abbreviation(2, "subprogram", function, parent=True)
        + abbreviation(3, "inlined_subroutine", [("ranges", "sec_offset")])
    )
    outer = CHILD + b"outer\0" + struct.pack("<Q", 0x40_1000) + b"\x40"
    use = b"\3" + struct.pack("<I", 12)
    body = ROOT + outer + use * 100_000 + b"\0\0"
    write_unit(path, kinds, body, range_lists(500_000))


def range_lists(count: int) -> Part:
    """One list: a base address, and pairs of offsets from it (DWARF 5, section 7.25)."""
    base = b"\5" + struct.pack("<Q", 0x40_1000)
    header = struct.pack("<IHBBI", 8 + len(base) + 3 * count + 1, 5, 8, 0, 0)
    return Part(".debug_rnglists", header + base + b"\4\1\2" * count + b"\0")


@bomb("split debug information")
def split_files(path: Path) -> None:
    """Units that are said to be in this very file, in a pipe, and in a device."""
    pipe = path.with_name("pipe.dwo")
    if not pipe.exists():
        os.mkfifo(pipe)
    kinds = abbreviation(1, "skeleton_unit", [("dwo_name", "string")]) + b"\0"
    names = [str(path), str(pipe), "/dev/zero", "/proc/self/mem", "/"]
    bodies = [ROOT + name.encode() + b"\0" for name in names]
    identity = (1).to_bytes(8, "little")
    units = [unit_header(len(body), kind=SKELETON, identity=identity) + body for body in bodies]
    write_units(path, kinds, b"".join(units) * 10_000)
