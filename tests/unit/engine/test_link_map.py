"""The loader's list of files: what it says, and whether it still does."""

from __future__ import annotations

import struct

import pytest

from crabtrap.address import Address
from crabtrap.engine.modules.link_map import LinkMap, LinkMapList, read_link_maps
from crabtrap.errors import MemoryFault

DEBUG = Address(0x7000)
# The first two near each other, the third across the end of a page, the last far away.
ENTRIES = (0x10000, 0x10400, 0x10FF0, 0x90000)


class Pages:
    """Memory in pages, of which those that were written to are there."""

    def __init__(self) -> None:
        self.pages: dict[int, bytearray] = {}
        self.reads = 0

    def write(self, address: int, *words: int) -> None:
        for offset, byte in enumerate(struct.pack(f"<{len(words)}Q", *words)):
            page, at = divmod(address + offset, 4096)
            self.pages.setdefault(page, bytearray(4096))[at] = byte

    def read_memory(self, address: Address, size: int) -> bytes:
        self.reads += 1
        try:
            found = (divmod(at, 4096) for at in range(address, address + size))
            return bytes(self.pages[page][at] for page, at in found)
        except KeyError:
            raise MemoryFault(address, size) from None


def chain(memory: Pages, addresses: tuple[int, ...]) -> None:
    """Write a list; every bias is 0x1000 times the entry's number, and so on."""
    links = (*addresses, 0)
    memory.write(DEBUG + 8, links[0])
    for index, address in enumerate(addresses):
        number = index + 1
        memory.write(address, 0x1000 * number, 0x2000 * number, 0x3000 * number, links[number])


@pytest.fixture
def memory() -> Pages:
    made = Pages()
    chain(made, ENTRIES)
    return made


def test_the_list_is_read_in_its_order(memory: Pages) -> None:
    found = list(read_link_maps(memory, DEBUG))
    assert [entry.address for entry in found] == list(ENTRIES)
    assert found[1] == LinkMap(Address(ENTRIES[1]), 0x2000, Address(0x4000), Address(0x6000))


def test_what_has_not_changed_is_current_after_few_reads(memory: Pages) -> None:
    known = LinkMapList(memory, DEBUG)
    memory.reads = 0
    assert known.is_current(memory)
    assert memory.reads == 3
    memory.write(ENTRIES[0] + 64, 7)  # of the loader, and none of the list's
    assert known.is_current(memory)


@pytest.mark.parametrize(
    "changed", [ENTRIES[:3], (*ENTRIES, 0x90400), ENTRIES[1:], (*ENTRIES[:1], *ENTRIES[2:]), ()]
)
def test_what_has_changed_is_not(memory: Pages, changed: tuple[int, ...]) -> None:
    known = LinkMapList(memory, DEBUG)
    chain(memory, changed)
    assert not known.is_current(memory)
    assert LinkMapList(memory, DEBUG).is_current(memory)


def test_an_entry_that_is_gone_is_a_change(memory: Pages) -> None:
    known = LinkMapList(memory, DEBUG)
    del memory.pages[ENTRIES[3] // 4096]
    assert not known.is_current(memory)
    assert LinkMapList(memory, DEBUG).is_current(memory)


@pytest.mark.parametrize("debug", [None, Address(0x5000)], ids=["none", "not-mapped"])
def test_no_list_is_none_as_long_as_there_is_none(memory: Pages, debug: Address | None) -> None:
    assert LinkMapList(memory, debug).is_current(memory)
