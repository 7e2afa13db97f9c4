"""Cached results of decoding code: where control leaves a line, what a function calls.

Everything here depends on the modules' files alone, so it is computed once per line or
function and kept as long as the modules stay loaded where they are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import DebugInfoError, MemoryFault
from crabtrap.records import dataclass, replace
from crabtrap.symbols.breakpoint_locations import body_start, makes_future
from crabtrap.symbols.instruction_starts import enclosing_instruction
from crabtrap.symbols.poll_states import PollCode, first_arrivals

if TYPE_CHECKING:
    from crabtrap.engine.inspect.user_code import UserCode
    from crabtrap.symbols.code_rows import AddressRange, Function, LandingPad, LineSpan
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable

_NO_HEADS: frozenset[Address] = frozenset()
_MAX_FUNCTION = 1 << 20
_MAX_EXPLORED = 2_000
"""Limit on the functions followed from one line; ``println!`` needs some hundreds."""


@dataclass(frozen=True, slots=True)
class Region:
    """Code a step does not want to stop in, and how control leaves it.

    Attributes:
        ranges: Sorted, disjoint.
        exits: Destinations outside of the ranges, of jumps and of falling through.
        computed: Addresses of indirect jumps, whose destination is only known when they are
            reached.
        calls: Destinations of direct calls.
        indirect_calls: Addresses of indirect call instructions.
        returns: Whether a return instruction is among the code.
        instances: Inline instances that begin in the code of the region's line.
        heads: Exits where a loop continues: a step stops there although the line table marks
            no statement (``is_stmt``).
    """

    ranges: tuple[AddressRange, ...]
    exits: frozenset[Address]
    computed: frozenset[Address]
    calls: tuple[Address, ...]
    indirect_calls: frozenset[Address]
    returns: bool
    instances: tuple[Function, ...] = ()
    heads: frozenset[Address] = frozenset()

    def contains(self, address: int) -> bool:
        """Whether ``address`` lies in one of the ranges."""
        return any(start <= address < end for start, end in self.ranges)


NO_CODE = Region((), frozenset(), frozenset(), (), frozenset(), returns=False)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where code that is not the user's can enter the user's.

    Attributes:
        entries: First statements of the user's functions that direct calls may lead to.
        indirect: Addresses of indirect call instructions on the way.
    """

    entries: frozenset[Address]
    indirect: frozenset[Address]

    def joined(self, other: Reach) -> Reach:
        """Return what either of the two reaches."""
        return Reach(self.entries | other.entries, self.indirect | other.indirect)


NOTHING_REACHED = Reach(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class _Callees:
    direct: tuple[Address, ...]
    indirect: frozenset[Address]


_NO_CALLEES = _Callees((), frozenset())


class CodeIndex:
    """A cache of decoded code, for one set of modules and one user-code policy.

    Attributes:
        modules: The modules that are loaded.
        user_code: Which code is the user's.
    """

    def __init__(self, modules: ModuleTable, user_code: UserCode) -> None:
        self.modules = modules
        self.user_code = user_code
        self._spans: dict[tuple[int, int, int], tuple[LineSpan, ...]] = {}
        self._regions: dict[tuple[int, int, int, str, int], Region] = {}
        self._callees: dict[Address, _Callees] = {}
        self._pads: dict[Address, tuple[LandingPad, ...]] = {}
        self._entries: dict[Address, Address | None] = {}
        self._reach: dict[frozenset[Address], Reach] = {}
        self._polls: dict[Address, PollCode] = {}
        self._enclosing: dict[Address, Address | None] = {}

    def line_region(self, chain: tuple[Function, ...], depth: int, path: str, line: int) -> Region:
        """Return all code of the concrete function where the frame at ``depth`` is on a line.

        Code that the line leads to and where a step must not stop belongs to it, too: code
        without a line (as after an overflow check) and the rest of a statement that is
        jumped into.

        Args:
            chain: Inline chain at the pc, innermost first; not empty.
            depth: Logical frame, counted from the concrete function, which is 0.
            path: Source file of the line.
            line: 1-based line.

        Returns:
            The region; without code where the line table does not have the line, or places it
            inside of instructions.
        """
        instance = chain[-1 - depth]
        key = (*instance.key, depth, path, line)
        region = self._regions.get(key)
        if region is None:
            every = self._line_spans(instance, depth)
            spans = [span for span in every if span.line == line and span.path == path]
            ranges = tuple((span.start, span.end) for span in spans)
            found = self._with_gaps(instance.module, ranges, every)
            heads = self._loop_heads(instance.module, found, spans, every) if line else _NO_HEADS
            if heads:
                found = self._with_gaps(instance.module, ranges, every, heads)
            region = self._regions[key] = replace(
                found, instances=_instances_in(spans), heads=heads
            )
        return region

    def _with_gaps(
        self,
        module: Module,
        ranges: tuple[AddressRange, ...],
        spans: tuple[LineSpan, ...],
        heads: frozenset[Address] = frozenset(),
    ) -> Region:
        """Return a region that includes the code at its exits where a step must not stop.

        Exits in ``heads`` stay exits.
        """
        starts = [span.start for span in spans]
        region = self._region(module, ranges)
        while True:
            gaps: set[AddressRange] = set()
            for each in region.exits:
                index = bisect_right(starts, each) - 1
                if index < 0 or each >= spans[index].end or each in heads:
                    continue
                if each != spans[index].start or not spans[index].is_statement:
                    gaps.add((each, spans[index].end))
            if not gaps:
                return region
            region = self._region(module, (*region.ranges, *gaps))

    def _loop_heads(
        self, module: Module, region: Region, own: list[LineSpan], every: tuple[LineSpan, ...]
    ) -> frozenset[Address]:
        """Return code of other lines, at lower addresses, that leads to this line's beginning.

        The compiler marks no statement where ``for`` asks for the next item: without these
        one step would run through all iterations of a loop whose body is one line.
        """
        first = min((span.start for span in own), default=0)
        begins = {span.start for span in own if span.is_statement}
        here = {(span.path, span.line) for span in own}
        return frozenset(
            Address(span.start)
            for span in every
            if span.start < first
            and span.line
            and (span.path, span.line) not in here
            and region.contains(span.start)
            and begins.intersection(self._with_gaps(module, ((span.start, span.end),), every).exits)
        )

    def instance_region(self, instance: Function) -> Region:
        """Return all code of a function or inline instance, with the instances inside it.

        There is none where the debug information is damaged, as in ``line_region``.
        """
        key = (*instance.key, -1, "", 0)
        region = self._regions.get(key)
        if region is None:
            region = self._regions[key] = self._region(instance.module, instance.ranges)
        return region

    def range_region(self, module: Module, ranges: tuple[AddressRange, ...]) -> Region:
        """Return a region of arbitrary ranges; it is not cached."""
        return self._decode(module, _merge(ranges))

    def body_statements(self, function: Function, depth: int) -> dict[Address, tuple[str, int]]:
        """Return path and line by the beginnings of a function's statements, its head left out.

        Args:
            function: A function or inline instance.
            depth: Its place in the inline chain, counted from the concrete function.
        """
        spans = self._line_spans(function, depth)
        head = {function.declaration_line, *(s.line for s in spans if s.start == function.entry)}
        return {
            span.start: (span.path, span.line)
            for span in spans
            if span.is_statement and span.line and span.line not in head
        }

    def first_arrivals(
        self, function: Function, state: int, statements: Mapping[Address, tuple[str, int]]
    ) -> frozenset[Address]:
        """Return the statements that a poll in a state may arrive at first.

        Args:
            function: The concrete function.
            state: The number of the state.
            statements: Path and line by their beginnings.
        """
        arrivals = (
            at for at, (_, line) in statements.items() if self.is_arrival(function, at, line)
        )
        return first_arrivals(function, state, frozenset(arrivals))

    def user_entry(self, address: Address) -> Address | None:
        """Return the first statement of the user's function that begins at ``address``.

        ``None`` where no function begins, or one that is not the user's, or that only makes
        the future of an async function.
        """
        if address not in self._entries:
            function = self.modules.function_at(address)
            entry = None
            if function is not None and self._is_user(function, address):
                entry = None if makes_future(function) else body_start(function)
            if entry is not None and self.inside_instruction(entry) is not None:
                entry = address  # the line table is damaged; a call leads here
            self._entries[address] = entry
        return self._entries[address]

    def is_arrival(self, function: Function, address: Address, line: int) -> bool:
        """Whether a statement at a line is one where a thread arrives at it; see ``PollCode``.

        Args:
            function: The concrete function.
            address: Where the statement begins.
            line: The line of the frame that steps in it.
        """
        if not function.is_coroutine_body:
            return True
        polls = self._polls.get(function.entry)
        if polls is None:
            polls = self._polls[function.entry] = PollCode(function)
        return polls.is_arrival(address, line)

    def may_enter(self, instance: Function, path: str | None) -> bool:
        """Whether a step may enter an inline instance: the user's, with code to look at.

        Args:
            instance: The instance.
            path: Source file of the code that begins it.
        """
        return self.user_code.is_user_function(instance, path) and not makes_future(instance)

    def pads_of_call(self, return_address: Address) -> tuple[LandingPad, ...]:
        """Return where the call that returns to an address goes on when it unwinds."""
        pads = self._pads.get(return_address)
        if pads is None:
            call = Address(return_address - 1)
            module = self.modules.find(call)
            every = module.landing_pads(call) if module is not None else ()
            pads = tuple(pad for pad in every if pad.start <= call < pad.end)
            self._pads[return_address] = pads
        return pads

    def reach(self, calls: Iterable[Address]) -> Reach:
        """Follow direct calls from ``calls`` through code that is not the user's."""
        start = frozenset(calls)
        found = self._reach.get(start)
        if found is None:
            found = self._reach[start] = self._explore(start)
        return found

    def reach_of_function(self, address: Address) -> Reach:
        """Return what the function around ``address``, which is not the user's, reaches."""
        callees = self._callees_of(address)
        found = self.reach(callees.direct)
        return found.joined(Reach(frozenset(), callees.indirect))

    def inside_instruction(self, address: Address) -> Address | None:
        """Return the instruction that ``address`` lies inside of; see ``enclosing_instruction``."""
        if address not in self._enclosing:
            self._enclosing[address] = enclosing_instruction(self.modules, address)
        return self._enclosing[address]

    def require_whole(self, sites: Iterable[Address]) -> None:
        """Refuse traps that would make other instructions of the program's own.

        Raises:
            DebugInfoError: A smashed stack or damaged debug information leads there.
        """
        for site in sites:
            begins = self.inside_instruction(site)
            if begins is not None:
                raise DebugInfoError(
                    f"what is known of the code or the stack is damaged: it leads to {site:#x}, "
                    f"inside of the instruction at {begins:#x}",
                    hint="stepi goes on by single instructions",
                )

    # -- helpers -----------------------------------------------------------------------
    def _is_user(self, function: Function, address: Address) -> bool:
        row = function.module.row_at(address)
        return self.user_code.is_user_function(function, row.path if row is not None else None)

    def _line_spans(self, instance: Function, depth: int) -> tuple[LineSpan, ...]:
        key = (*instance.key, depth)
        spans = self._spans.get(key)
        if spans is None:
            first = instance.ranges[0][0] if instance.ranges else instance.entry
            spans = self._spans[key] = instance.module.line_spans(first, depth)
        return spans

    def _region(self, module: Module, ranges: tuple[AddressRange, ...]) -> Region:
        """Decode ranges of the debug information, without those that begin inside instructions."""
        merged = _merge(ranges)
        sound = tuple(each for each in merged if self.inside_instruction(each[0]) is None)
        return self._decode(module, sound) if sound else NO_CODE

    def _decode(self, module: Module, merged: tuple[AddressRange, ...]) -> Region:
        low, high = merged[0][0], merged[-1][1]
        code = module.read(low, high - low)
        found = _core.step_targets(code, low, merged)
        calls = found.calls
        return Region(
            merged,
            exits=frozenset(map(Address, found.exits)) | _caught_outside(module, merged),
            computed=frozenset(map(Address, found.indirect_jumps)),
            calls=tuple(Address(to) for _, to in calls if to is not None),
            indirect_calls=frozenset(Address(at) for at, to in calls if to is None),
            returns=bool(found.returns),
        )

    def _explore(self, start: frozenset[Address]) -> Reach:
        entries: set[Address] = set()
        indirect: set[Address] = set()
        queue, seen = deque(sorted(start)), set(start)
        while queue and len(seen) <= _MAX_EXPLORED:
            address = queue.popleft()
            entry = self.user_entry(address)
            if entry is not None:
                entries.add(entry)
                continue
            callees = self._callees_of(address)
            indirect.update(callees.indirect)
            fresh = [each for each in callees.direct if each not in seen]
            seen.update(fresh)
            queue.extend(fresh)
        return Reach(frozenset(entries), frozenset(indirect))

    def _callees_of(self, address: Address) -> _Callees:
        found = self._callees.get(address)
        if found is None:
            found = self._callees[address] = self._decode_callees(address)
        return found

    def _decode_callees(self, address: Address) -> _Callees:
        """Return the calls of the function that holds ``address``; none outside of Rust code."""
        module = self.modules.find(address)
        if module is None or not _has_user_code(module):
            return _NO_CALLEES
        symbol = module.symbol_at(address)
        if symbol is None or not 0 < symbol.size <= _MAX_FUNCTION:
            return _NO_CALLEES
        end = Address(symbol.address + symbol.size)
        try:
            region = self._decode(module, ((symbol.address, end),))
        except MemoryFault:
            return _NO_CALLEES
        # A jump out of a function is a call in tail position.
        tails = (to for to in region.exits if not symbol.address <= to < end)
        return _Callees(tuple(dict.fromkeys((*region.calls, *tails))), region.indirect_calls)


def _has_user_code(module: Module) -> bool:
    """Whether a module's direct calls can lead to the user's code.

    A C library calls Rust code only through pointers that it was given.
    """
    return module.image.debug_level in ("full", "lines")


def _instances_in(spans: Iterable[LineSpan]) -> tuple[Function, ...]:
    """Return the inline instances that begin inside of ``spans``, each once."""
    begun = {
        span.callee.key: span.callee
        for span in spans
        if span.callee is not None and span.start <= span.callee.entry < span.end
    }
    return tuple(begun.values())


def _caught_outside(module: Module, ranges: tuple[AddressRange, ...]) -> frozenset[Address]:
    """Return where a panic out of calls in ``ranges`` is caught by the same function."""
    return frozenset(
        pad.address
        for start, end in ranges
        for pad in module.landing_pads(start)
        if pad.catches
        and pad.start < end
        and start < pad.end
        and not any(low <= pad.address < high for low, high in ranges)
    )


def _merge(ranges: Iterable[AddressRange]) -> tuple[AddressRange, ...]:
    merged: list[AddressRange] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)
