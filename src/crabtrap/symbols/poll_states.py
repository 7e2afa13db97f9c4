"""Where polls of a coroutine go on, by the state that the last one has left it in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import MemoryFault

if TYPE_CHECKING:
    from crabtrap.symbols.code_rows import Function

_POINTER_SIZE = 8
_LARGEST_FUNCTION = 1 << 18
"""Bytes of code that are looked at for one function."""
_FIRST_SUSPENDED = 3
"""After the states of coroutines that are not started, have returned, and have panicked."""


def read_code(function: Function) -> _core.FunctionCode | None:
    """Read a function's code; ``None`` where it is too much, or cannot be read."""
    module = function.module
    if sum(end - start for start, end in function.ranges) > _LARGEST_FUNCTION:
        return None
    try:
        parts = tuple(
            (int(start), module.read(start, end - start)) for start, end in function.ranges
        )
    except MemoryFault:
        return None
    pads = tuple(
        (int(pad.start), int(pad.end), int(pad.address))
        for start, _ in function.ranges
        for pad in module.landing_pads(start)
    )
    return parts, int(function.entry), pads


def state_entry(function: Function, code: _core.FunctionCode, state: int) -> Address | None:
    """Find the instruction at which a poll in a state leaves the head of the function.

    Args:
        function: A coroutine's body, out of line.
        code: Its code.
        state: The discriminant.

    Returns:
        ``None`` where the function does not begin with a table of jumps.
    """
    table = _core.dispatch_table(code)
    if table is None:
        return None
    address, size = table
    try:
        entry = function.module.read(Address(address + state * size), size)
    except MemoryFault:
        return None
    target = int.from_bytes(entry, "little", signed=True)
    target = Address(address + target if size < _POINTER_SIZE else target)
    return target if function.contains(target) else None


def resume_blocks(function: Function) -> frozenset[Address]:
    """Find the blocks that polls go on with after an await, and nothing else leads to.

    Args:
        function: Any function; there are none in those that are no coroutine's body.
    """
    places = _resume_places(function) if function.is_coroutine_body else frozenset[Address]()
    if not places:
        return places
    flow = function.module.flow_of(function)
    reached = Counter(each for following in flow.direct.values() for each in following)
    found: set[Address] = set()
    for place in places:
        block = flow.block_at(place)
        while block is not None and block not in found and reached[block] == (block != place):
            found.add(block)
            following = flow.direct.get(block, ())
            block = following[0] if len(following) == 1 else None
    return frozenset(found)


def _resume_places(function: Function) -> frozenset[Address]:
    die = function.module.image.captures_type(function.die)
    cases = function.module.types.type(die).cases if die is not None else None
    code = read_code(function) if cases is not None else None
    if cases is None or code is None:
        return frozenset()
    numbers = (low for case in cases.cases for low, _ in case.discriminants)
    entries = (state_entry(function, code, n) for n in numbers if n >= _FIRST_SUSPENDED)
    return frozenset(each for each in entries if each is not None)
