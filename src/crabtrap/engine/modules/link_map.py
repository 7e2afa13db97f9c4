"""The dynamic loader's list of loaded files, read from the program itself.

The loader keeps ``struct r_debug`` for debuggers (``link.h``): version, first
``struct link_map``, ...; a link map begins with ``l_addr``, ``l_name``, ``l_ld``,
``l_next``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Protocol

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crabtrap.symbols.module import Module

_MAX_FILES = 65_536
"""A longer list is circular: the loader is changing it, or it is damaged."""
_PATH_LIMIT = 4096
_ENTRY = struct.Struct("<4Q")
_PAGE = 4096


class MemoryReader(Protocol):
    """The part of a target or process that reads memory."""

    def read_memory(self, address: Address, size: int) -> bytes:
        """Read exactly ``size`` bytes or raise ``MemoryFault``."""
        ...


@dataclass(frozen=True, slots=True)
class LinkMap:
    """One entry of the list.

    Attributes:
        address: Address of the ``struct link_map`` itself.
        bias: ``l_addr``.
        name_address: ``l_name``, address of a path that is empty for the main program.
        dynamic: ``l_ld``, address of the dynamic section.
    """

    address: Address
    bias: int
    name_address: Address
    dynamic: Address


def find_r_debug(modules: Iterable[Module]) -> Address | None:
    """Find ``struct r_debug`` by the symbol of the loader, which is one of the modules."""
    return next((s.address for m in modules for s in m.symbols_named("_r_debug")), None)


def read_link_maps(memory: MemoryReader, debug: Address | None) -> Iterator[LinkMap]:
    """Read the list, main program first; it ends early where memory cannot be read.

    Args:
        memory: The program's memory.
        debug: Where ``struct r_debug`` is; ``None`` for no list.
    """
    if debug is None:
        return
    try:
        address = _word(memory, debug + 8)
        for _ in range(_MAX_FILES):
            if address == 0:
                return
            data = memory.read_memory(Address(address), _ENTRY.size)
            bias, name, dynamic, following = _ENTRY.unpack(data)
            yield LinkMap(Address(address), bias, Address(name), Address(dynamic))
            address = following
    except MemoryFault:
        return


class LinkMapList:
    """The list as it was read: whether it still is so takes a few reads, not one for each file.

    The entries of one kind lie together, as the loader allocates them one after the other.
    """

    __slots__ = ("_entries", "_parts")

    def __init__(self, memory: MemoryReader, debug: Address | None) -> None:
        """Read the list that begins at ``debug``, where ``struct r_debug`` is, if anywhere."""
        self._entries = tuple(read_link_maps(memory, debug))
        # One word, and the entries: ``l_next`` of each says that the next one is in the list.
        spans = [] if debug is None else [(debug + 8, 8)]
        spans += [(entry.address, _ENTRY.size) for entry in self._entries]
        self._parts = [_Part(memory, together) for together in _group(sorted(spans))]

    def is_current(self, memory: MemoryReader) -> bool:
        """Whether the list is what it was."""
        return all(part.is_current(memory) for part in self._parts)


class _Part:
    """Bytes that lie near each other, and what they were."""

    __slots__ = ("_content", "_size", "_slices", "_start")

    def __init__(self, memory: MemoryReader, spans: list[tuple[int, int]]) -> None:
        start, end = spans[0][0], sum(spans[-1])
        self._start, self._size = Address(start), end - start
        self._slices = [slice(at - start, at - start + size) for at, size in spans]
        self._content = self._read(memory)

    def is_current(self, memory: MemoryReader) -> bool:
        return self._read(memory) == self._content

    def _read(self, memory: MemoryReader) -> list[bytes] | None:
        try:
            data = memory.read_memory(self._start, self._size)
        except MemoryFault:
            return None
        return [data[each] for each in self._slices]


def _group(spans: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Divide sorted spans into groups that one read takes, with no page of others in between."""
    groups: list[list[tuple[int, int]]] = []
    for span in spans:
        if groups and span[0] - sum(groups[-1][-1]) < _PAGE:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def read_path(memory: MemoryReader, address: Address) -> str:
    """Read a NUL-terminated path, ``""`` where it cannot be read."""
    data = b""
    while b"\0" not in data and len(data) < _PATH_LIMIT:
        at = address + len(data)
        try:
            # Up to the end of a page only: the next one may not be mapped.
            data += memory.read_memory(Address(at), min(256, 4096 - at % 4096))
        except MemoryFault:
            break
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _word(memory: MemoryReader, address: int) -> int:
    return int.from_bytes(memory.read_memory(Address(address), 8), "little")
