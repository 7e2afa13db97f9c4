"""The registers of a target, and their offsets in the reply to a ``g`` packet."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from crabtrap.errors import RemoteError
from crabtrap.lazy import lazy
from crabtrap.records import dataclass
from crabtrap.target.rsp.documents import parse_xml

if TYPE_CHECKING:
    from crabtrap._core import Registers

PROTOCOL_GENERAL = (
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"),
)
"""The general registers in the order of the protocol (gdb's ``64bit-core.xml``)."""

DWARF_GENERAL = (
    *("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp"),
    *("r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip"),
)
"""The same in the order of DWARF: System V ABI AMD64, figure 3.36; rip is 16."""

to_dwarf_order: Callable[[tuple[int, ...]], tuple[int, ...]] = itemgetter(
    *(PROTOCOL_GENERAL.index(name) for name in DWARF_GENERAL)
)
"""Reorder the 17 general registers from the protocol's order to that of DWARF."""

_UNPACK_GENERAL = struct.Struct("<17Q").unpack_from
_REGISTER_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class RegisterSlot:
    """One register of a target description.

    Attributes:
        number: Number in ``p`` packets and stop replies.
        bits: Width.
        offset: First byte in the reply to ``g``.
    """

    name: str
    number: int
    bits: int
    offset: int

    @property
    def size(self) -> int:
        """Bytes."""
        return (self.bits + 7) // 8


@dataclass(frozen=True)
class RegisterLayout:
    """All registers of a target, in the order of their numbers."""

    slots: tuple[RegisterSlot, ...]

    @lazy
    def by_name(self) -> dict[str, RegisterSlot]:
        """Every register by its name in the target description."""
        return {slot.name: slot for slot in self.slots}

    @lazy
    def general_first(self) -> bool:
        """Whether the first 17 are the general registers, 64 bits each, as in gdb's amd64."""
        return all(
            slot.name == name and slot.bits == 64 and slot.offset == 8 * index
            for index, (slot, name) in enumerate(
                zip(self.slots[: len(PROTOCOL_GENERAL)], PROTOCOL_GENERAL, strict=False)
            )
        ) and len(self.slots) >= len(PROTOCOL_GENERAL)

    def general(self, block: bytes) -> Registers:
        """Decode the 17 general registers of a reply to ``g``, in DWARF order."""
        if self.general_first and len(block) >= 8 * len(PROTOCOL_GENERAL):
            return to_dwarf_order(_UNPACK_GENERAL(block))
        return tuple(self._value(name, block) for name in DWARF_GENERAL)

    def _value(self, name: str, block: bytes) -> int | None:
        slot = self.by_name.get(name)
        if slot is None or slot.offset + slot.size > len(block):
            return None
        return int.from_bytes(block[slot.offset : slot.offset + slot.size], "little")


def parse_description(documents: Mapping[str, bytes]) -> RegisterLayout:
    """Parse a target description (GDB manual, "Target Descriptions").

    Args:
        documents: ``target.xml`` and everything it includes, by name.

    Raises:
        RemoteError: The description is malformed or of another architecture than x86-64.

    Example:
        >>> layout = parse_description({"target.xml": b'<target><feature name="f">'
        ...     b'<reg name="rax" bitsize="64"/><reg name="eflags" bitsize="32"/>'
        ...     b'</feature></target>'})
        >>> layout.by_name["eflags"]
        RegisterSlot(name='eflags', number=1, bits=32, offset=8)
    """
    found: list[tuple[int, str, int]] = []
    _collect("target.xml", documents, found, depth=0)
    slots: list[RegisterSlot] = []
    offset = 0
    for number, name, bits in sorted(found):
        slots.append(RegisterSlot(name, number, bits, offset))
        offset += (bits + 7) // 8
    return RegisterLayout(tuple(slots))


def included_documents(document: bytes) -> tuple[str, ...]:
    """List the names of the documents that a document of a target description includes."""
    return tuple(
        element.get("href", "")
        for element in parse_xml(document).iter()
        if element.tag.endswith("include")
    )


def _collect(
    name: str, documents: Mapping[str, bytes], found: list[tuple[int, str, int]], depth: int
) -> None:
    if depth > 8 or name not in documents:
        raise RemoteError(f"the target description lacks {name!r}")
    for element in parse_xml(documents[name]).iter():
        if element.tag == "architecture" and (element.text or "").strip() != "i386:x86-64":
            raise RemoteError(f"the program is for {element.text}, only x86-64 is supported")
        if element.tag.endswith("include"):
            _collect(element.get("href", ""), documents, found, depth + 1)
        elif element.tag == "reg":
            if len(found) >= _REGISTER_LIMIT:
                raise RemoteError("the target description has too many registers")
            found.append(_read_register(element, found))


def _read_register(
    element: ElementTree.Element, found: list[tuple[int, str, int]]
) -> tuple[int, str, int]:
    try:
        number = int(element.get("regnum") or (found[-1][0] + 1 if found else 0))
        bits = int(element.get("bitsize", ""))
    except ValueError:
        raise RemoteError("the target description has a malformed register") from None
    if not 0 < bits <= 65536 or number < 0:
        raise RemoteError("the target description has an implausible register")
    return number, element.get("name", ""), bits
