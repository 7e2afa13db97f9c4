"""Where threads enter an inline instance: its beginning, and wherever else they come into it.

Optimisers thread jumps into the middle of what was inlined, and rotate loops so that they
begin at their end.  The debug information has one beginning, which some calls never pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.symbols.arrivals import without_covered
from crabtrap.symbols.code_flow import is_padding

if TYPE_CHECKING:
    from crabtrap.symbols.code_flow import CodeFlow
    from crabtrap.symbols.code_rows import Function


def find_entries(instance: Function) -> tuple[Address, ...]:
    """Find the fewest addresses that miss no call of an inline instance.

    Returns:
        Its beginning alone wherever all of its statements are reached over that.
    """
    *_, function = instance.module.inline_chain(instance.entry) or (instance,)
    flow = instance.module.flow_of(function)
    code = _InstanceCode(instance, flow)
    begins_in_padding = code.begins_in_padding
    if instance.entry not in code.own and not begins_in_padding:
        return (instance.entry,)
    missed = code.entered_around(() if begins_in_padding else (instance.entry,))
    if not missed:
        return (instance.entry,)
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
