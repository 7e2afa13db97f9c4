"""How control flows through a function: its basic blocks, and what only unwinding reaches.

Edges are what the code says, and where a call may unwind to.  Targets of computed jumps
are not read: the blocks that nothing else leads to are taken for them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from crabtrap.symbols.code_rows import Function, LandingPad
    from crabtrap.symbols.module import Module

_NOP = re.compile(r"\bnop\b|^xchg ax, ax$")
_DEEPEST = 3
"""Limit on the jumps from function to function that are followed."""
_LARGEST_DIVERGING = 4096
"""Limit on the size of functions that are searched for a return, in bytes."""

Edges = dict[Address, tuple[Address, ...]]


@dataclass(frozen=True, slots=True)
class CodeFlow:
    """The basic blocks of an out-of-line function, each known by its first address.

    Attributes:
        entry: The block that the function begins with.
        starts: All blocks, by address.
        direct: What the code says can follow each block.
        successors: The same, with the landing pads of its calls and what computed jumps in
            it may lead to.
        predecessors: ``successors`` the other way round.
        cleanup: Blocks that are reached by unwinding alone, and do not end it: they drop
            what the function owns, or abort.
    """

    entry: Address
    starts: tuple[Address, ...]
    direct: Edges
    successors: Edges
    predecessors: Edges
    cleanup: frozenset[Address] = field(default_factory=frozenset[Address])

    def block_at(self, address: Address) -> Address | None:
        """Return the beginning of the block around ``address``, ``None`` before the first."""
        index = bisect_right(self.starts, address) - 1
        return self.starts[index] if index >= 0 else None

    def is_cleanup(self, address: Address | None) -> bool:
        """Whether ``address`` is in code that only unwinding reaches."""
        if address is None or not self.cleanup:
            return False
        return self.block_at(address) in self.cleanup

    def leads_over(self, block: Address, address: Address) -> bool:
        """Whether every way from the entry to the block around ``address`` passes ``block``."""
        goal = self.block_at(address)
        if block not in self.direct or goal is None:
            return False
        return block == goal or not self.reaches((self.entry,), goal, (block,))

    def reached_around(self, around: Collection[Address]) -> frozenset[Address]:
        """Return the blocks that control can come to from the entry without one of ``around``."""
        seen: set[Address] = set()
        queue = [self.entry]
        while queue:
            block = queue.pop()
            if block not in seen and block not in around:
                seen.add(block)
                queue += self.successors[block]
        return frozenset(seen)

    def reaches(self, start: Iterable[Address], goal: Address, around: Collection[Address]) -> bool:
        """Whether control can come from ``start`` to ``goal`` without a block of ``around``.

        Args:
            start: The first blocks; they may be in ``around``, unless they are the goal.
            goal: The block to be reached.
            around: Blocks that may not be passed.
        """
        seen: set[Address] = set()
        queue = [block for block in start if block not in around]
        while queue:
            block = queue.pop()
            if block == goal:
                return True
            if block not in seen:
                seen.add(block)
                queue += (each for each in self.successors[block] if each not in around)
        return False


def read_flow(function: Function) -> CodeFlow:
    """Decode an out-of-line function; one whose code cannot be read is taken for straight."""
    module = function.module
    low, high = function.ranges[0][0], max(end for _, end in function.ranges)
    pads = [pad for start, _ in function.ranges for pad in module.landing_pads(start)]
    leaders = {function.entry, *(pad.address for pad in pads)}
    for start, end in function.ranges:
        leaders.update(row.address for row in module.rows_between(start, end))
    try:
        code = module.read(low, high - low)
    except MemoryFault:
        return _straight(function, sorted(filter(function.contains, leaders)))
    blocks = _core.basic_blocks(code, low, function.ranges, sorted(leaders))
    blocks = _without_padding(blocks, code, low, {function.entry, *(p.address for p in pads)})
    # Hand-written code may jump over the prefix of an instruction, to where no block begins.
    starts = {block.start for block in blocks}
    direct = {
        Address(block.start): ()
        if _ends_in_divergence(module, block)
        else tuple(Address(to) for to in block.successors if to in starts)
        for block in blocks
    }
    return _joined(function, blocks, direct, [pad for pad in pads if pad.address in direct])


def _ends_in_divergence(module: Module, block: _core.Block) -> bool:
    """Whether a block calls a function that never returns, such as ``panic!``'s.

    What lies behind such a call is other code, which is reached otherwise.
    """
    callee = None if block.callee is None else Address(block.callee)
    if block.callee_slot is not None:
        callee = module.relocated_pointer(Address(block.callee_slot))
    return callee is not None and module.diverges(callee)


def never_returns(module: Module, address: Address, depth: int = _DEEPEST) -> bool:
    """Whether the function at ``address`` has no return and jumps to no function that does.

    Where its code is not known it is taken for one that returns.
    """
    symbol = module.symbol_at(address)
    if symbol is None or symbol.address != address or not 0 < symbol.size <= _LARGEST_DIVERGING:
        return False
    try:
        code = module.read(address, symbol.size)
    except MemoryFault:
        return False
    end = Address(address + symbol.size)
    found = _core.step_targets(code, address, [(address, end)])
    if found.returns or found.indirect_jumps or found.syscalls:
        return False
    exits = set(found.exits)
    if found.calls and _core.disassemble(code, address)[-1].address == found.calls[-1][0]:
        exits.discard(end)  # a compiler lets no control run out of a function
    return all(depth and never_returns(module, Address(to), depth - 1) for to in exits)


def _straight(function: Function, starts: list[Address]) -> CodeFlow:
    following = [*((each,) for each in starts[1:]), ()]
    successors: Edges = dict(zip(starts, following, strict=True))
    return CodeFlow(function.entry, tuple(starts), successors, successors, _reversed(successors))


def _joined(
    function: Function,
    blocks: tuple[_core.Block, ...],
    direct: Edges,
    pads: list[LandingPad],
) -> CodeFlow:
    unwinds = _edges_of_unwinding(blocks, pads)
    successors = {block: (*direct[block], *unwinds[block]) for block in direct}
    unknown = _without_predecessor(function.entry, successors)
    for block in blocks:
        if block.is_indirect:
            successors[Address(block.start)] += unknown
    return CodeFlow(
        function.entry,
        tuple(direct),
        direct,
        successors,
        _reversed(successors),
        _cleanup(direct, pads),
    )


def _without_padding(
    blocks: tuple[_core.Block, ...], code: bytes, start: Address, entries: Collection[Address]
) -> tuple[_core.Block, ...]:
    """Leave out what aligns the code behind it, into which control seems to fall."""
    reached = set[int](entries).union(*(block.successors for block in blocks))

    def is_left_out(block: _core.Block) -> bool:
        own = code[block.start - start : block.end - start]
        return block.start not in reached and is_padding(own)

    return tuple(block for block in blocks if not is_left_out(block))


def is_padding(code: bytes) -> bool:
    """Whether code does nothing: it aligns what comes behind it."""
    return all(_NOP.search(each.text) for each in _core.disassemble(code, 0))


def _edges_of_unwinding(
    blocks: tuple[_core.Block, ...], pads: list[LandingPad]
) -> Mapping[Address, tuple[Address, ...]]:
    starts = [block.start for block in blocks]
    found: dict[Address, tuple[Address, ...]] = defaultdict(tuple)
    for pad in pads:
        first = max(bisect_right(starts, pad.start) - 1, 0)
        for block in blocks[first : bisect_left(starts, pad.end)]:
            if pad.start < block.end:
                found[Address(block.start)] += (pad.address,)
    return found


def _cleanup(direct: Edges, pads: list[LandingPad]) -> frozenset[Address]:
    """Return what the landing pads that do not catch lead to, and nothing else does."""
    catching = {Address(pad.address) for pad in pads if pad.catches}
    unwound = _closure(direct, {Address(pad.address) for pad in pads} - catching)
    return unwound - _closure(direct, (direct.keys() - unwound) | catching)


def _closure(edges: Edges, roots: Collection[Address]) -> frozenset[Address]:
    seen: set[Address] = set()
    queue = list(roots)
    while queue:
        block = queue.pop()
        if block not in seen:
            seen.add(block)
            queue += edges[block]
    return frozenset(seen)


def _without_predecessor(entry: Address, successors: Edges) -> tuple[Address, ...]:
    reached = {entry}.union(*successors.values())
    return tuple(block for block in successors if block not in reached)


def _reversed(successors: Edges) -> Edges:
    found: dict[Address, list[Address]] = defaultdict(list)
    for block, following in successors.items():
        for each in following:
            found[each].append(block)
    return {block: tuple(before) for block, before in found.items()}
