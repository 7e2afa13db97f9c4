"""Entries: too many under one, too long, or leading in a circle."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.support.bombs.bomb import Bomb, collector
from tests.support.bombs.units import CHILD, PLAIN_ROOT, ROOT, write_unit
from tests.support.dwarf import Address, Entry, Expression, To, Unit, abbreviation
from tests.support.elf_writer import CODE, DATA, Part, write_elf

BOMBS: dict[str, Bomb] = {}
bomb = collector(BOMBS)

AT_DATA = Expression(b"\x03" + struct.pack("<Q", DATA))
"""The location of a static: the start of ``.data``."""


def write_entries(path: Path, *entries: Entry, language: int = 0x1C) -> None:
    """Write a file with one unit, in Rust, that has these entries."""
    unit = Unit(Entry("compile_unit", {"language": language, "name": "bomb.rs"}, entries))
    parts = [Part(".debug_abbrev", unit.abbreviations), Part(".debug_info", unit.info)]
    write_elf(path, parts, data=bytes(range(256)))


def static(kind: str, name: str = "BOMB") -> Entry:
    """A static of the type with this label."""
    return in_module(Entry("variable", {"name": name, "type": To(kind), "location": AT_DATA}))


def in_module(entry: Entry) -> Entry:
    """Put an entry where its path tells which one is meant: a bare name has to be in scope."""
    return Entry("namespace", {"name": "bomb"}, [entry])


def function(name: str, *children: Entry, label: str = "") -> Entry:
    """A function that has some code."""
    where = {"name": name, "low_pc": Address(CODE), "high_pc": 64}
    return Entry("subprogram", where, children, label)


def flood(path: Path, parent: str, child: str, attributes: list[tuple[str, str]], body: bytes,
          count: int) -> None:  # fmt: skip
    """Write a static whose type has ``count`` children with these bytes."""
    kinds = (
        PLAIN_ROOT
        + abbreviation(2, parent, [("name", "string"), ("byte_size", "udata")], parent=True)
        + abbreviation(3, child, attributes)
        + abbreviation(4, "variable", [("name", "string"), ("type", "ref4"),
                                       ("location", "exprloc")])
        + abbreviation(5, "namespace", [("name", "string")], parent=True)
    )  # fmt: skip
    crowd = CHILD + b"Crowd\0" + b"\x08" + (b"\3" + body) * count + b"\0"
    kind = struct.pack("<I", 13)  # behind the header and the root
    use = b"\5bomb\0\4BOMB\0" + kind + bytes([len(AT_DATA)]) + AT_DATA + b"\0\0"
    write_unit(path, kinds, ROOT + crowd + use)


@bomb("children")
def members(path: Path) -> None:
    attributes = [("name", "string"), ("data_member_location", "udata")]
    flood(path, "structure_type", "member", attributes, b"m\0\0", 5_000_000)


@bomb("children")
def enumerators(path: Path) -> None:
    attributes = [("name", "string"), ("const_value", "udata")]
    flood(path, "enumeration_type", "enumerator", attributes, b"e\0\1", 5_000_000)


@bomb("generic arguments")
def template_arguments(path: Path) -> None:
    attributes = [("name", "string"), ("type", "ref4")]
    body = b"T\0" + struct.pack("<I", 13)
    flood(path, "structure_type", "template_type_parameter", attributes, body, 2_000_000)


@bomb("")
def origins_in_a_circle(path: Path) -> None:
    one = Entry("subprogram", {"abstract_origin": To("two"), "low_pc": Address(CODE),
                               "high_pc": 32}, label="one")  # fmt: skip
    two = Entry("subprogram", {"specification": To("one")}, label="two")
    own = Entry("subprogram", {"specification": To("own"), "low_pc": Address(CODE + 32),
                               "high_pc": 32}, label="own")  # fmt: skip
    write_entries(path, one, two, own)


@bomb("")
def inlined_into_itself(path: Path) -> None:
    use = Entry("inlined_subroutine", {"abstract_origin": To("it"), "low_pc": Address(CODE),
                                       "high_pc": 8})  # fmt: skip
    write_entries(path, function("it", use, label="it"))


@bomb("")
def endless_scope_path(path: Path) -> None:
    """Namespaces within each other, each with a long name."""
    depth = 3000
    kinds = (
        PLAIN_ROOT
        + abbreviation(2, "namespace", [("name", "strp")], parent=True)
        + abbreviation(3, "structure_type", [("name", "strp"), ("byte_size", "udata")])
    )
    nest = (CHILD + bytes(4)) * depth + (b"\3" + bytes(4) + b"\x08") * 1000 + bytes(depth + 1)
    write_unit(path, kinds, ROOT + nest, Part(".debug_str", b"n" * 60_000 + b"\0"))


@bomb("")
def endless_names(path: Path) -> None:
    """A hundred thousand types with one name of fifty megabytes."""
    kinds = PLAIN_ROOT + abbreviation(2, "structure_type", [("name", "strp")])
    names = Part(".debug_str", b"n" * (50 << 20) + b"\0")
    write_unit(path, kinds, ROOT + (CHILD + bytes(4)) * 100_000 + b"\0", names)


@bomb("variables")
def variables(path: Path) -> None:
    """A function with millions of variables."""
    where = [("name", "string"), ("low_pc", "addr"), ("high_pc", "udata")]
    kinds = (
        PLAIN_ROOT
        + abbreviation(2, "subprogram", where, parent=True)
        + abbreviation(3, "variable", [("name", "string")])
    )
    head = CHILD + b"crowded\0" + struct.pack("<Q", CODE) + b"\x40"
    write_unit(path, kinds, ROOT + head + b"\3v\0" * 5_000_000 + b"\0\0")
