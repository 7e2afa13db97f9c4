"""Where threads enter an inline instance: its beginning, and wherever else they come into it.

Optimisers thread jumps into the middle of what was inlined, and rotate loops so that they
begin at their end.  The debug information has one beginning, which some calls never pass.
Where they unroll a loop, all copies of what it calls inline are one instance.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.lazy import lazy
from crabtrap.symbols.arrivals import without_covered
from crabtrap.symbols.code_flow import is_padding

if TYPE_CHECKING:
    from crabtrap.symbols.code_flow import CodeFlow
    from crabtrap.symbols.code_rows import Function


def find_entries(instance: Function) -> tuple[Address, ...]:
    """Find the fewest addresses that miss no call of an inline instance.

    Returns:
        Its beginning alone wherever all of its statements are reached over that, and the
        beginnings of its copies in an unrolled loop.
    """
    *_, function = instance.module.inline_chain(instance.entry) or (instance,)
    flow = instance.module.flow_of(function)
    code = _InstanceCode(instance, flow)
    begins_in_padding = code.begins_in_padding
    if instance.entry not in code.own and not begins_in_padding:
        return (instance.entry,)
    missed = code.entered_around(() if begins_in_padding else (instance.entry,))
    if not missed:
        return (instance.entry, *code.copies())
    if begins_in_padding or code.always_meets(missed):
        return tuple(without_covered(flow, sorted(missed)))
    return tuple(without_covered(flow, sorted({instance.entry, *missed})))


class _InstanceCode:
    """The blocks of an inline instance that are not reached by unwinding alone."""

    def __init__(self, instance: Function, flow: CodeFlow) -> None:
        self._instance = instance
        self._flow = flow
        self._left_out = frozenset[Address]() if flow.is_cleanup(instance.entry) else flow.cleanup
        self.own = frozenset(filter(instance.contains, flow.starts)) - self._left_out

    @property
    def begins_in_padding(self) -> bool:
        """Whether what aligns the first block is taken for the beginning; it is never executed."""
        entry = self._instance.entry
        following = min((block for block in self.own if block > entry), default=entry)
        if entry in self.own or following == entry:
            return False
        try:
            return is_padding(self._instance.module.read(entry, following - entry))
        except MemoryFault:
            return False

    def entered_around(self, entries: tuple[Address, ...]) -> frozenset[Address]:
        """Return the first statements in the instance on ways that lead around ``entries``."""
        reached = self._flow.reached_around(entries) - self._left_out
        found: set[Address] = set()
        for block in self.own & reached:
            before = self._flow.predecessors.get(block, ())
            if any(each in reached and each not in self.own for each in before):
                found |= self._statements_from(block, reached)
        return frozenset(found)

    def copies(self) -> tuple[Address, ...]:
        """Return where the instance begins once more, after code around it has called a function.

        It begins where its first statement does, and no code of its own leads to.  Optimisers
        mix the code of an instance with that around it, but move none of it over a call, unless
        it has no effect.
        """
        first = self._position(self._instance.entry)
        found: list[Address] = []
        for block in sorted(self.own - {self._instance.entry}):
            before = self._flow.predecessors.get(block, ())
            is_first = first is not None and self._position(block) == first
            if is_first and before and self.own.isdisjoint(before):
                starts = (self._instance.entry, *found)
                if not self._flow.reaches(starts, block, self._calling - set(starts)):
                    found.append(block)
        return tuple(found)

    @lazy
    def _calling(self) -> frozenset[Address]:
        """The blocks around the instance that call a function."""
        outside = [block for block in self._flow.starts if block not in self.own]
        return frozenset(filter(self._calls, outside))

    def _calls(self, block: Address) -> bool:
        index = bisect_right(self._flow.starts, block)
        end = self._flow.starts[index] if index < len(self._flow.starts) else block
        try:
            code = self._instance.module.read(block, end - block)
        except MemoryFault:
            return False
        return any(
            each.flow in ("call", "indirect-call") for each in _core.disassemble(code, block)
        )

    def _position(self, block: Address) -> tuple[str, int, int] | None:
        """Where in the source a statement is that begins with a block."""
        row = self._instance.module.row_at(block)
        if row is None or not self._begins_statement(block):
            return None
        return row.path, row.line, row.column

    def always_meets(self, others: frozenset[Address]) -> bool:
        """Whether control from the beginning meets one of ``others`` before it leaves.

        The beginning of an ``async fn`` is the switch of its state, which panics where the
        future is polled too often.
        """
        seen: set[Address] = set()
        queue = [self._instance.entry]
        while queue:
            block = queue.pop()
            if block in seen or block in others:
                continue
            seen.add(block)
            following = self._flow.direct[block]
            if block not in self.own or not (following or self._instance.is_async_body):
                return False
            queue += following
        return True

    def _statements_from(self, block: Address, reached: frozenset[Address]) -> set[Address]:
        found: set[Address] = set()
        seen: set[Address] = set()
        queue = [block]
        while queue:
            each = queue.pop()
            if each in seen or each not in self.own or each not in reached:
                continue
            seen.add(each)
            if self._begins_statement(each):
                found.add(each)
            else:
                queue += self._flow.successors[each]
        return found

    def _begins_statement(self, block: Address) -> bool:
        row = self._instance.module.row_at(block)
        return row is not None and row.address == block and row.is_stmt and row.line != 0
