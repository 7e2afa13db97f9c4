"""Libraries that stay loaded as long as the program runs: those that it needs by itself.

The dynamic loader never unloads what the main program names in its ``DT_NEEDED`` entries
(``elf(5)``), nor what these need in their turn.  All else may be unloaded.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.modules.link_map import find_r_debug, read_link_maps, read_path
from crabtrap.errors import MemoryFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.modules.link_map import LinkMap, MemoryReader
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable

_DT_NULL, _DT_NEEDED, _DT_STRTAB = 0, 1, 5
_ENTRY = struct.Struct("<QQ")
_MOST_ENTRIES = 1024


def find_lasting(memory: MemoryReader, modules: ModuleTable) -> frozenset[Module]:
    """Find the main program and the libraries that are loaded as long as it is.

    Where that cannot be read, a library is not among them.

    Args:
        memory: The program's memory.
        modules: The modules that it has loaded now.
    """
    entries = list(read_link_maps(memory, find_r_debug(modules)))
    by_name = {os.path.basename(read_path(memory, each.name_address)): each for each in entries}
    found: dict[int, LinkMap] = {}
    waiting = entries[:1]
    while waiting:
        entry = waiting.pop()
        if entry.address in found:
            continue
        found[entry.address] = entry
        needed = map(by_name.get, _needed_names(memory, entry))
        waiting += [each for each in needed if each is not None]
    biases = {entry.bias for entry in found.values()}
    return frozenset(module for module in modules if module.bias in biases)


def _needed_names(memory: MemoryReader, entry: LinkMap) -> Iterator[str]:
    strings = 0
    offsets: list[int] = []
    try:
        for index in range(_MOST_ENTRIES):
            at = Address(entry.dynamic + index * _ENTRY.size)
            tag, value = _ENTRY.unpack(memory.read_memory(at, _ENTRY.size))
            if tag == _DT_NULL:
                break
            if tag == _DT_NEEDED:
                offsets.append(value)
            elif tag == _DT_STRTAB:
                strings = value
    except MemoryFault:
        return
    # glibc has replaced the file address by the run-time one; others have not.
    if strings < entry.bias:
        strings += entry.bias
    for offset in offsets:
        yield os.path.basename(read_path(memory, Address(strings + offset)))
