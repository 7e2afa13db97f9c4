"""Where polls of a coroutine go on, by the state that the last one has left it in."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import MemoryFault

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from crabtrap.symbols.code_rows import Function

_POINTER_SIZE = 8
_LARGEST_FUNCTION = 1 << 18
"""Bytes of code that are looked at for one function."""
_LONGEST_INSTRUCTION = 15
_LONGEST_END = 32
"""Instructions between the last statement of a function and its return."""
_WRITES = re.compile(r"(?!cmp|test|lea|nop)\w+ (?:\w+ ptr )?(?:fs:|gs:)?\[")
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


def first_arrivals(
    function: Function, state: int, arrivals: Collection[Address]
) -> frozenset[Address]:
    """Find those of some places that a poll in a state may come to first.

    Args:
        function: The function that a coroutine's poll begins with: its body, or what that is
            inlined into.
        state: The discriminant.
        arrivals: Places where statements of the body begin.

    Returns:
        Their addresses; empty where that is not known.
    """
    code = read_code(function)
    entry = None if code is None else state_entry(function, code, state)
    flow = function.module.flow_of(function)
    first = None if entry is None else flow.block_at(entry)
    seen: set[Address] = set()
    found: set[Address] = set()
    queue = [] if first is None else [first]
    while queue:
        block = queue.pop()
        if block in arrivals:
            found.add(block)
        elif block not in seen:
            seen.add(block)
            queue += flow.direct.get(block, ())
    return frozenset(found)


class PollCode:
    """The code of a coroutine's body, as far as polls begin and end there.

    Optimisers give code that several awaits had in common the line of any of them, so that not
    every statement at the line of an await is one where a thread arrives at it.
    """

    def __init__(self, function: Function) -> None:
        """Look at a function; in one that is no coroutine's body every statement is an arrival."""
        places = _resume_places(function) if function.is_coroutine_body else {}
        self._function = function
        self._flow = function.module.flow_of(function)
        self._lines = frozenset(places.values())
        self._awaits = dict(self._polled_again(places))

    def is_arrival(self, address: Address, line: int) -> bool:
        """Whether a thread that comes to a statement at a line arrives there.

        It does not where a later poll goes on with an await, or where nothing is left of the
        poll but its end.
        """
        block = self._flow.block_at(address)
        if block is None or not self._lines:
            return True
        if block in self._awaits:
            return self._awaits[block] == line
        return line not in self._lines or not self._only_returns(address)

    def _polled_again(self, places: Mapping[Address, int]) -> Iterator[tuple[Address, int]]:
        """Yield the blocks up to what depends on the outcome of an await that goes on.

        Each with the line at which a thread may arrive in it: that of the await where its first
        poll comes there as well, else 0.
        """
        direct = self._flow.direct
        reached = Counter(each for following in direct.values() for each in following)
        for place, line in places.items():
            block, shared = self._flow.block_at(place), False
            seen: set[Address] = set()
            while block is not None and block not in seen:
                seen.add(block)
                shared = shared or reached[block] != (block != place)
                yield block, line if shared else 0
                block = self._only_next(block)

    def _only_returns(self, address: Address) -> bool:
        """Whether nothing follows but the function's end: no branch, call or write to memory.

        An await that is not ready at once writes the state before the poll ends.
        """
        module = self._function.module
        for _ in range(_LONGEST_END):
            try:
                code = module.read(address, _LONGEST_INSTRUCTION)
            except MemoryFault:
                return False
            (each,) = _core.disassemble(code, address, 1)
            if each.flow == "return":
                return True
            if each.flow == "jump" and each.target is not None:
                address = Address(each.target)
            elif each.flow == "next" and not _WRITES.match(each.text):
                address = Address(address + each.size)
            else:
                return False
        return False

    def _only_next(self, block: Address) -> Address | None:
        following = self._flow.direct.get(block, ())
        return following[0] if len(following) == 1 else None


def _resume_places(function: Function) -> dict[Address, int]:
    """The lines of awaits by where polls go on with them."""
    die = function.module.image.captures_type(function.die)
    cases = function.module.types.type(die).cases if die is not None else None
    code = read_code(function) if cases is not None else None
    if cases is None or code is None:
        return {}
    states = [(low, case.line) for case in cases.cases for low, _ in case.discriminants]
    entries = {state_entry(function, code, n): line for n, line in states if n >= _FIRST_SUSPENDED}
    return {place: line for place, line in entries.items() if place is not None}
