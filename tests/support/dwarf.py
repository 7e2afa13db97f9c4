"""An assembler of debug information, for files that no compiler would write.

An entry is a tag, attributes and children; the form of an attribute follows from the Python
type of its value (DWARF 5, section 7.5.6).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

TAGS = {
    "array_type": 0x01,
    "enumeration_type": 0x04,
    "formal_parameter": 0x05,
    "lexical_block": 0x0B,
    "member": 0x0D,
    "pointer_type": 0x0F,
    "compile_unit": 0x11,
    "structure_type": 0x13,
    "subroutine_type": 0x15,
    "typedef": 0x16,
    "union_type": 0x17,
    "variant": 0x19,
    "inlined_subroutine": 0x1D,
    "subrange_type": 0x21,
    "base_type": 0x24,
    "const_type": 0x26,
    "enumerator": 0x28,
    "subprogram": 0x2E,
    "template_type_parameter": 0x2F,
    "variant_part": 0x33,
    "variable": 0x34,
    "volatile_type": 0x35,
    "namespace": 0x39,
    "skeleton_unit": 0x4A,
}
"""DWARF 5, section 7.5.3."""

ATTRIBUTES = {
    "sibling": 0x01,
    "location": 0x02,
    "name": 0x03,
    "byte_size": 0x0B,
    "stmt_list": 0x10,
    "low_pc": 0x11,
    "high_pc": 0x12,
    "language": 0x13,
    "discr": 0x15,
    "discr_value": 0x16,
    "comp_dir": 0x1B,
    "const_value": 0x1C,
    "inline": 0x20,
    "producer": 0x25,
    "upper_bound": 0x2F,
    "abstract_origin": 0x31,
    "count": 0x37,
    "data_member_location": 0x38,
    "decl_file": 0x3A,
    "decl_line": 0x3B,
    "encoding": 0x3E,
    "external": 0x3F,
    "frame_base": 0x40,
    "specification": 0x47,
    "type": 0x49,
    "ranges": 0x55,
    "call_file": 0x58,
    "call_line": 0x59,
    "linkage_name": 0x6E,
    "str_offsets_base": 0x72,
    "rnglists_base": 0x74,
    "dwo_name": 0x76,
}
"""DWARF 5, section 7.5.4."""

FORMS = {
    "addr": 0x01,
    "string": 0x08,
    "strp": 0x0E,
    "udata": 0x0F,
    "ref4": 0x13,
    "sec_offset": 0x17,
    "exprloc": 0x18,
    "flag_present": 0x19,
}
"""DWARF 5, section 7.5.6."""

UNIT, SKELETON = 1, 4
"""Types of units (DWARF 5, section 7.5.1)."""


class Address(int):
    """``DW_FORM_addr``."""


class Offset(int):
    """``DW_FORM_sec_offset``."""


class StringOffset(int):
    """``DW_FORM_strp``."""


class Expression(bytes):
    """``DW_FORM_exprloc``."""


class To(NamedTuple):
    """``DW_FORM_ref4`` to the entry with this label, in the same unit."""

    label: str


AttributeValue = bool | int | str | bytes | Address | Offset | StringOffset | Expression | To


@dataclass(frozen=True)
class Entry:
    """One debugging information entry.

    Attributes:
        label: What ``To`` calls it.
    """

    tag: str
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict[str, AttributeValue])
    children: Sequence[Entry] = ()
    label: str = ""


def uleb(number: int) -> bytes:
    """Encode an unsigned number (DWARF 5, section 7.6).

    Example:
        >>> uleb(300).hex()
        'ac02'
    """
    out = bytearray()
    while number > 0x7F:
        out.append(0x80 | number & 0x7F)
        number >>= 7
    out.append(number)
    return bytes(out)


def abbreviation(
    code: int, tag: str, specifications: Sequence[tuple[str, str]] = (), *, parent: bool = False
) -> bytes:
    """Declare one kind of entry: its tag, whether it has children, names and forms."""
    pairs = [uleb(ATTRIBUTES[name]) + uleb(FORMS[form]) for name, form in specifications]
    return uleb(code) + uleb(TAGS[tag]) + bytes([parent]) + b"".join(pairs) + bytes(2)


def unit_header(size: int, table: int = 0, *, kind: int = UNIT, identity: bytes = b"") -> bytes:
    """Begin a unit of DWARF 5 whose entries have ``size`` bytes.

    Args:
        size: Bytes of all that follows the header.
        table: Offset of its abbreviations in ``.debug_abbrev``.
        kind: Of unit.
        identity: The identifier of a skeleton.
    """
    rest = struct.pack("<HBBI", 5, kind, 8, table) + identity
    length = len(rest) + size
    # A length that does not fit takes the 64-bit format (section 7.4).
    if length < 0xFFFF_FFF0:
        return struct.pack("<I", length) + rest
    rest = struct.pack("<HBBQ", 5, kind, 8, table) + identity
    return struct.pack("<IQ", 0xFFFF_FFFF, len(rest) + size) + rest


class Unit:
    """The bytes of one unit: ``.debug_info`` and its part of ``.debug_abbrev``."""

    def __init__(self, root: Entry, table: int = 0) -> None:
        """Assemble a unit whose abbreviations will be at offset ``table``."""
        self._kinds: dict[bytes, int] = {}
        self._labels: dict[str, int] = {}
        self._uses: list[tuple[int, str]] = []
        self._body = bytearray()
        self._header_size = len(unit_header(0))
        self._add(root)
        for at, label in self._uses:
            struct.pack_into("<I", self._body, at, self._labels[label])
        self.info = unit_header(len(self._body), table) + bytes(self._body)
        self.abbreviations = b"".join(
            uleb(code) + declared for declared, code in self._kinds.items()
        ) + bytes(1)

    def _add(self, entry: Entry) -> None:
        if entry.label:
            self._labels[entry.label] = self._header_size + len(self._body)
        encoded = [(name, *_encode(value)) for name, value in entry.attributes.items()]
        pairs = [(name, form) for name, form, _ in encoded]
        declared = abbreviation(0, entry.tag, pairs, parent=bool(entry.children))[1:]
        code = self._kinds.setdefault(declared, len(self._kinds) + 1)
        self._body += uleb(code)
        for (_, form, data), value in zip(encoded, entry.attributes.values(), strict=True):
            if form == "ref4" and isinstance(value, To):
                self._uses.append((len(self._body), value.label))
            self._body += data
        for child in entry.children:
            self._add(child)
        if entry.children:
            self._body += bytes(1)


def _encode(value: AttributeValue) -> tuple[str, bytes]:
    match value:
        case True:
            return "flag_present", b""
        case Address():
            return "addr", struct.pack("<Q", value)
        case Offset():
            return "sec_offset", struct.pack("<I", value)
        case StringOffset():
            return "strp", struct.pack("<I", value)
        case Expression() | bytes():
            return "exprloc", uleb(len(value)) + bytes(value)
        case str():
            return "string", value.encode() + bytes(1)
        case To():
            return "ref4", bytes(4)
        case int():
            return "udata", uleb(value)
