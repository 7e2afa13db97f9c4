"""Instructions around an address, exactly as many as are asked for.

Instructions of x86 can be read forwards alone, so those before an address are found from where
the functions before it begin.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crabtrap.errors import MemoryFault

if TYPE_CHECKING:
    from crabtrap import Instruction
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.adapter import Adapter

_GAP = 64
"""Bytes between two functions that may be nothing but padding."""


def disassemble_around(
    adapter: Adapter, address: int, offset: int, count: int
) -> list[protocol.DisassembledInstruction]:
    """Describe ``count`` instructions, the first ``offset`` instructions after ``address``.

    Where there are none, rows say so, such that the instruction at ``address`` has its place.
    """
    found: list[Instruction | int] = []
    if offset < 0:
        found += _before(adapter, address, -offset)
    after = offset + count
    if after > 0:
        found += _after(adapter, address, after)[max(0, offset) :]
    return [_row(adapter, each) for each in found[:count]]


def _after(adapter: Adapter, address: int, count: int) -> list[Instruction | int]:
    """Return instructions from an address on; addresses stand for what cannot be read."""
    found: list[Instruction | int] = []
    with contextlib.suppress(MemoryFault):
        found += adapter.session.memory.disassemble(address, count=count)
    last = found[-1] if found else None
    end = address if last is None or isinstance(last, int) else last.address + last.size
    found += range(end, end + count - len(found))
    return found


def _before(adapter: Adapter, address: int, count: int) -> list[Instruction | int]:
    """Return the instructions before an address; addresses stand for what is not known."""
    found: list[Instruction] = []
    end = address
    while len(found) < count:
        start = _start_before(adapter, end)
        if start is None:
            break
        found[:0] = [each for each in _between(adapter, start, end) if each.address < end]
        end = start
    wanted = found[-count:]
    missing = count - len(wanted)
    first = wanted[0].address if wanted else address
    return [*(max(0, first - missing + n) for n in range(missing)), *wanted]


def _between(adapter: Adapter, start: int, end: int) -> tuple[Instruction, ...]:
    try:
        return adapter.session.memory.disassemble(start, end)
    except MemoryFault:
        return ()


def _start_before(adapter: Adapter, end: int) -> int | None:
    """Return from where on code before an address can be read, ``None`` if that is not known."""
    code = adapter.session.code
    for near in range(end - 1, max(0, end - _GAP), -1):
        found = code.code_at(near)
        if found is not None:
            starts = [low for low, high in found[1] if low <= near < high]
            # Between two functions there is padding, from the end of the first on.
            ends = [high for low, high in found[1] if low <= near < high]
            if near < end - 1 and ends:
                return ends[0]
            return starts[0] if starts else None
    return None


def _row(adapter: Adapter, found: Instruction | int) -> protocol.DisassembledInstruction:
    if isinstance(found, int):
        return {
            "address": f"{found:#x}",
            "instruction": "(unreadable)",
            "presentationHint": "invalid",
        }
    row: protocol.DisassembledInstruction = {
        "address": f"{found.address:#x}",
        "instruction": found.text,
        "instructionBytes": adapter.session.memory.read(found.address, found.size).hex(" "),
    }
    symbol = adapter.session.code.symbol_at(found.address)
    if symbol and "+" not in symbol:
        row["symbol"] = symbol
    place = adapter.session.code.line_at(found.address)
    if place is not None and place[1]:
        row["location"] = adapter.sources.describe(place[0], adapter.abilities)
        row["line"] = adapter.abilities.line_to_client(place[1])
    if found.flow == "invalid":
        row["presentationHint"] = "invalid"
    return row
