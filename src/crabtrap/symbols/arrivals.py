"""Where threads arrive at a line: the smallest set of addresses that misses no arrival.

A place is left out when every way to it, from the function's entry and from its last
visit, leads over another place: that one has stopped the thread already.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.lazy import lazy
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from crabtrap.symbols.code_flow import CodeFlow
    from crabtrap.symbols.code_rows import LineSpan


@dataclass(frozen=True, slots=True)
class Arrival:
    """A place where threads arrive at a line.

    Attributes:
        address: Its address.
        continues: Other places that always lead here before the line is left.
    """

    address: Address
    continues: frozenset[Address] = frozenset()


class LineCode:
    """The blocks of an out-of-line function, as seen from one line of a frame in it.

    Attributes:
        flow: Its flow of control.
        own: Blocks on the line, inlined calls included.
        cleanup: Blocks that the frame comes to by unwinding alone.
    """

    def __init__(
        self,
        flow: CodeFlow,
        spans: tuple[LineSpan, ...],
        path: str,
        line: int,
        entry: Address | None = None,
    ) -> None:
        """Sort the blocks out by the spans of the frame, which are by address.

        Args:
            flow: The function that the frame is in.
            spans: Its code, by lines.
            path: File of the line.
            line: 1-based.
            entry: Where the frame begins, if it is an inline instance.
        """
        self.flow = flow
        # What is called by code that cleans up, as a ``Drop::drop``, runs as anywhere else.
        self.cleanup = frozenset[Address]() if flow.is_cleanup(entry) else flow.cleanup
        self._spans = spans
        self._starts = [span.start for span in spans]
        self._position = path, line
        self.own = frozenset(block for block in flow.starts if self._is_own(block))

    def _span_at(self, address: Address) -> LineSpan | None:
        index = bisect_right(self._starts, address) - 1
        if index < 0 or address >= self._spans[index].end:
            return None
        return self._spans[index]

    def _is_own(self, block: Address) -> bool:
        span = self._span_at(block)
        return span is not None and (span.path, span.line) == self._position

    def is_between(self, block: Address) -> bool:
        """Whether a block of the frame is on no line of its own.

        It belongs to where it is reached from.  So does code with a line of another file,
        which optimisers leave of inlined functions.
        """
        span = self._span_at(block)
        return span is not None and (span.line == 0 or span.path != self._position[0])

    def begins_statement(self, block: Address) -> bool:
        """Whether a breakpoint on the line may be at the beginning of a block on it."""
        span = self._span_at(block)
        if span is None or span.start != block:
            return False
        return span.is_statement or (span.callee is not None and span.callee.entry == block)

    @lazy
    def arrivals(self) -> frozenset[Address]:
        """Blocks on the line that can be reached from another one, or from nowhere known."""
        return frozenset(block for block in self.own if self._is_entered(block))

    def _is_entered(self, block: Address) -> bool:
        seen: set[Address] = set()
        queue = [block]
        while queue:
            before = self.flow.predecessors.get(queue.pop(), ())
            if not before:
                return True
            for each in before:
                if each in self.cleanup:
                    continue  # a frame that unwinds does not come back
                if self.is_between(each):
                    if each not in seen:
                        seen.add(each)
                        queue.append(each)
                elif each not in self.own:
                    return True
        return False

    def statements_from(self, block: Address) -> frozenset[Address]:
        """Return the first statements on the line that control meets from ``block`` on.

        That is ``block`` itself where it meets none: compilers mark no statement where the
        code of a line comes after other code of the same line, even if that cleans up.
        """
        found: set[Address] = set()
        seen: set[Address] = set()
        queue = [block]
        while queue:
            each = queue.pop()
            if each in seen or each in self.cleanup:
                continue
            if each not in self.own and not self.is_between(each):
                continue
            seen.add(each)
            if each in self.own and self.begins_statement(each):
                found.add(each)
            else:
                queue += self.flow.successors[each]
        return frozenset(found) or frozenset((block,))


def find_arrivals(code: LineCode, among: Collection[Address] = ()) -> tuple[Arrival, ...]:
    """Find where threads arrive at a line.

    Args:
        code: The line, in one function.
        among: Places to choose from, each the beginning of a statement on the line; all
            places where the line is entered when empty.

    Returns:
        The places by address; none where only unwinding leads to the line.
    """
    places = code.own.intersection(among) or _entered(code)
    kept = without_covered(code.flow, sorted(places - code.cleanup))
    return tuple(Arrival(each, _continued(code, each, kept)) for each in kept)


def _entered(code: LineCode) -> frozenset[Address]:
    return frozenset[Address]().union(*(code.statements_from(each) for each in code.arrivals))


def without_covered(flow: CodeFlow, places: list[Address]) -> list[Address]:
    """Leave out every place that is only reached over another one; places are by address."""
    kept = places
    for place in reversed(places):
        others = [each for each in kept if each != place]
        if others and not _is_reached(flow, place, others):
            kept = others
    return kept


def _is_reached(flow: CodeFlow, place: Address, others: Iterable[Address]) -> bool:
    """Whether ``place`` is reached from the entry, or from itself, around the others."""
    others = frozenset(others)
    if flow.reaches((flow.entry,), place, others):
        return True
    return flow.reaches(flow.successors[place], place, others)


def _continued(code: LineCode, place: Address, kept: list[Address]) -> frozenset[Address]:
    """Return the places that lead to ``place``, and to nowhere else, on the line.

    Only if every way to ``place`` leads over them first: then whoever arrives at ``place``
    has either come from one of them or been there before.
    """
    others = frozenset(kept) - {place}
    sources = frozenset(each for each in others if _leads_to(code, each, place))
    if not sources or code.flow.reaches((code.flow.entry,), place, sources):
        return frozenset()
    return sources


def _leads_to(code: LineCode, source: Address, place: Address) -> bool:
    """Whether control from ``source`` always meets ``place`` before it leaves the line.

    Landing pads are no way to leave it: a frame that unwinds does not come back.
    """
    found = False
    seen = {source}
    queue = [source]
    while queue:
        for each in code.flow.direct[queue.pop()]:
            if each == place:
                found = True
            elif each not in code.own and not code.is_between(each):
                return False
            elif each not in seen:
                seen.add(each)
                queue.append(each)
    return found
