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
            bias, name, dynamic, following = struct.unpack(
                "<4Q", memory.read_memory(Address(address), 32)
            )
            yield LinkMap(Address(address), bias, Address(name), Address(dynamic))
            address = following
    except MemoryFault:
        return


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
