"""The breakpoint locations of functions: one per function instance.

A function instance is an out-of-line (monomorphised) function or one inline instance of
it.  Those of lines are found by ``symbols.line_locations``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import MemoryFault, NotFoundError
from crabtrap.records import dataclass, replace
from crabtrap.symbols.function_search import (
    bodies_for_makers,
    find_code_matching,
    find_symbols_matching,
)
from crabtrap.symbols.instance_entries import find_entries
from crabtrap.symbols.lacking import unreadable
from crabtrap.symbols.names import ELIDED, distinct_function_name, function_name
from crabtrap.symbols.same_file import Substitutes

if TYPE_CHECKING:
    from crabtrap.symbols.code_rows import Function, Row, Symbol
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable

MOST_FUNCTIONS = 10_000
"""Functions and inline instances that one regular expression may mean."""
_CLOSE_COUNT = 3
_PARAMETERS = re.compile(r"<[A-Z]\d?(?:, ?[A-Z]\d?)*>")
"""Generic parameters as the source has them, where v0 symbols have the arguments alone."""
_ENDBR64 = b"\xf3\x0f\x1e\xfa"
_PUSH_RBP = b"\x55"
_MOV_RBP_RSP = (b"\x48\x89\xe5", b"\x48\x8b\xec")


@dataclass(frozen=True, slots=True)
class BreakpointLocation:
    """One address to stop at.

    Attributes:
        address: Run-time address (with bias 0 while the program is not loaded).
        module: The module it is in, ``None`` for an address outside of all.
        path: Source file as the debug information names it, ``None`` where unknown.
        line: 1-based line shown at a stop there, ``None`` where unknown.
        function: Display path of the function or inline instance.
        inlined: The location is in an inline instance.
        frame: Index of the frame of ``function`` at a stop there, which is the one to show;
            0 unless the code there is that of functions inlined into it.
        continues: Locations of the same line, each of which leads here without leaving the
            line: whoever has come by one of them has not arrived at the line once more.
        resumes: Polls of a coroutine go on here with what they await, or end: that is no
            arrival at the line.
    """

    address: Address
    module: Module | None
    path: str | None
    line: int | None
    function: str | None
    inlined: bool = False
    frame: int = 0
    continues: frozenset[Address] = frozenset()
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class Resolution:
    """The locations of a linespec, or why there are none.

    Attributes:
        locations: Sorted by module and address; empty when nothing was found.
        reason: Why nothing was found, one sentence; ``""`` otherwise.
        hint: What to try instead, or ``""``.
        close: Names that look like the one that was not found, best first.
        notes: What the user should know about how the locations were chosen.
    """

    locations: tuple[BreakpointLocation, ...] = ()
    reason: str = ""
    hint: str = ""
    close: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def not_found(self, spec: str) -> NotFoundError:
        """Make the error for a caller that needs at least one location."""
        return NotFoundError("location", spec, self.close, hint=self.hint, message=self.reason)


def _any_path(_path: str | None) -> bool:
    return True


def _no_check() -> None:
    return


@dataclass(frozen=True, slots=True)
class ResolveContext:
    """What a linespec is resolved against.

    Attributes:
        table: The modules to search; a static view before launch.
        is_user_path: Whether a source file is the user's.  When a function path matches
            the user's functions and others, the others are left out.
        check: Called now and then during a search; raises to end a long one.
        substitutes: Where on this machine sources are that were moved since the build.
    """

    table: ModuleTable
    is_user_path: Callable[[str | None], bool] = _any_path
    check: Callable[[], None] = _no_check
    substitutes: Substitutes = ()

    def modules(self) -> Iterator[Module]:
        """The modules to search, one by one."""
        for module in self.table:
            self.check()
            yield module


def describe_location(table: ModuleTable, address: Address) -> BreakpointLocation:
    """Describe one address: its module, source line and function."""
    module = table.find(address)
    if module is None:
        return BreakpointLocation(address, None, None, None, None)
    return location_in(module, address, next(iter(module.inline_chain(address)), None))


# -- functions ---------------------------------------------------------------------------


def locations_of_function(query: str, context: ResolveContext) -> Resolution:
    """Find the locations of every function and inline instance whose path ends in ``query``.

    The user's functions are preferred to those of libraries, and functions with debug
    information to bare symbols.  An ``async fn`` means its body: the function itself only
    creates the future.
    """
    path = query.removeprefix("crate::").removesuffix("()")
    functions = _code_named(path, context)
    if not functions and (general := _PARAMETERS.sub("", path)) != path:
        functions = _code_named(general, context)
    if functions:
        return _functions_resolution(bodies_for_makers(functions), context)
    symbols = [s for m in context.modules() for s in _bare_symbols(m, path)]
    if symbols:
        return _symbols_resolution(symbols, context)
    close = close_function_names(path, context.table)
    hint = f"did you mean {', '.join(close)}?" if close else unreadable(context.table)
    return Resolution(reason=f"no function named {query!r}", hint=hint, close=close)


def _code_named(path: str, context: ResolveContext) -> list[Function]:
    """Find the functions and inline instances whose path ends with ``path``."""
    found = [f for m in context.modules() for f in m.find_code(path)]
    return found + [f for m in context.modules() for f in m.find_inlined_code(path)]


def locations_of_regex(pattern: str, context: ResolveContext) -> Resolution:
    """Find the locations of every function and inline instance whose path matches."""
    modules = tuple(context.table)
    functions, is_cut = find_code_matching(modules, pattern, MOST_FUNCTIONS)
    if functions:
        found = _functions_resolution(bodies_for_makers(functions), context)
    else:
        symbols, is_cut = find_symbols_matching(modules, pattern, MOST_FUNCTIONS)
        if not symbols:
            hint = unreadable(modules)
            return Resolution(reason=f"no function matches /{pattern}/", hint=hint)
        found = _symbols_resolution(symbols, context)
    if not is_cut:
        return found
    note = f"only the first {MOST_FUNCTIONS} places that match are used; narrow the expression"
    return replace(found, notes=(*found.notes, note))


def close_function_names(
    query: str, table: ModuleTable, count: int = _CLOSE_COUNT
) -> tuple[str, ...]:
    """Find function paths similar to ``query``, best first."""
    last = query.rpartition("::")[2].split("<", 1)[0]
    known: set[str] = set()
    for module in table:
        known.update(module.image.complete(last[:2], ("function",), 500))
    by_last: dict[str, str] = {}
    for path in sorted(known, key=len):
        by_last.setdefault(path.rpartition("::")[2], path)
    import difflib  # noqa: PLC0415 - slow to import

    return tuple(by_last[name] for name in difflib.get_close_matches(last, by_last, count))


def _functions_resolution(functions: list[Function], context: ResolveContext) -> Resolution:
    mine = [f for f in functions if context.is_user_path(f.declaration_path)]
    notes: tuple[str, ...] = ()
    if mine and len(mine) < len(functions):
        others = len({f.origin for f in functions}) - len({f.origin for f in mine})
        if others:
            notes = (f"{others} more in libraries left out; write more of the path for those",)
    locations = _unique(_locations_of(mine or functions, context.check))
    return Resolution(in_order(locations, context.table), notes=notes)


def _locations_of(
    functions: list[Function], check: Callable[[], None]
) -> Iterator[BreakpointLocation]:
    for function in functions:
        check()
        yield from locations_of_instance(function)


def _symbols_resolution(symbols: list[Symbol], context: ResolveContext) -> Resolution:
    locations = _unique(map(_symbol_location, symbols))
    note = unreadable(symbol.module for symbol in symbols) or "no debug information there"
    return Resolution(in_order(locations, context.table), notes=(note,))


def _bare_symbols(module: Module, path: str) -> tuple[Symbol, ...]:
    exact = module.symbols_named(path)
    pattern = f"(^|::){re.escape(path)}(::<.*>)?$"
    found = exact or module.symbols_matching(pattern, MOST_FUNCTIONS)
    return tuple(symbol for symbol in found if symbol.kind == "function" and symbol.address)


def locations_of_instance(function: Function) -> Iterator[BreakpointLocation]:
    """Locate the beginning of a function, or wherever an inline instance of it is entered.

    The frame to show is its own, also where inlined functions begin with its first statement.
    """
    addresses = find_entries(function) if function.inlined else (body_start(function),)
    for address in addresses:
        yield location_in(function.module, address, function)


def _symbol_location(symbol: Symbol) -> BreakpointLocation:
    address = Address(symbol.address + _frame_setup_size(symbol.module, symbol.address))
    return BreakpointLocation(address, symbol.module, None, None, symbol.name)


def body_start(function: Function) -> Address:
    """Return the address after the prologue, and in an ``async fn`` after its state switch.

    Every poll of a future begins with a jump to where it was suspended; the code for that
    has the line of the declaration.
    """
    start = _before_inlined(function, after_prologue(function))
    if not function.is_async_body:
        return start
    end = next((end for low, end in function.ranges if low <= start < end), start)
    for row in function.module.rows_between(start, end):
        own = row.path == function.declaration_path and row.line > function.declaration_line
        if own and row.is_stmt:
            return row.address
    return start


def _before_inlined(function: Function, start: Address) -> Address:
    """Return where the function first calls an inlined one, if that is before ``start``.

    Optimisers mark the end of a prologue anywhere, also inside of inlined code, which has
    used up the arguments by then.
    """
    chain = function.module.inline_chain(start)
    called = chain[: index_in(chain, function) or 0]
    if not called:
        return start
    flow = function.module.flow_of(function)
    return min((each.entry for each in called if flow.leads_over(each.entry, start)), default=start)


def makes_future(function: Function) -> bool:
    """Whether a function is an ``async fn`` itself: its body is another one."""
    if function.is_coroutine_body:
        return False
    die = function.module.image.return_type(function.origin)
    made = function.module.types.type(die) if die is not None else None
    return made is not None and made.path.startswith(f"{function.name}::{{async_fn_env#")


def after_prologue(function: Function) -> Address:
    """Return the first address of an out-of-line function after its prologue.

    That is the row marked ``prologue_end``; else the first row of the second line (the
    prologue has the line of the opening brace); else the entry.
    """
    end = next((end for start, end in function.ranges if start <= function.entry < end), None)
    if end is None:
        return function.entry
    rows = function.module.rows_between(function.entry, end)
    for row in rows:
        if row.prologue_end and row.address >= function.entry:
            return row.address
    return _second_line(rows, function.entry)


def _second_line(rows: tuple[Row, ...], entry: Address) -> Address:
    if not rows:
        return entry
    first = rows[0].line
    for row in rows:
        if row.line not in (0, first) and row.is_stmt and row.address > entry:
            return row.address
    return entry


def _frame_setup_size(module: Module, address: Address) -> int:
    """Return how many bytes at ``address`` are ``endbr64; push rbp; mov rbp, rsp``."""
    try:
        code = module.read(address, 8)
    except MemoryFault:
        return 0
    size = len(_ENDBR64) if code.startswith(_ENDBR64) else 0
    rest = code[size:]
    if rest.startswith(_PUSH_RBP) and rest[1:4] in _MOV_RBP_RSP:
        size += 4
    return size


# -- locations -----------------------------------------------------------------------------


def location_in(module: Module, address: Address, function: Function | None) -> BreakpointLocation:
    """Make the location at ``address`` in ``function``, which may have callees inlined there."""
    if function is None:
        symbol = module.symbol_at(address)
        path, line = position_in(module, address, None)
        return BreakpointLocation(address, module, path, line, symbol.name if symbol else None)
    path, line = position_in(module, address, function)
    frame = index_in(module.inline_chain(address), function) or 0
    return BreakpointLocation(
        address, module, path, line, function_name(function), function.inlined, frame
    )


def index_in(chain: tuple[Function, ...], function: Function) -> int | None:
    """Return the index of a function or inline instance in an inline chain."""
    return next((n for n, each in enumerate(chain) if each.key == function.key), None)


def position_in(
    module: Module, address: Address, function: Function | None
) -> tuple[str | None, int | None]:
    """Return path and line of ``address`` in ``function``: the call's in an inlined callee."""
    chain = module.inline_chain(address) if function is not None else ()
    for callee, caller in pairwise(chain):
        if function is not None and caller.die == function.die:
            return callee.call_path, callee.call_line or None
    row = module.row_at(address)
    return (row.path, row.line or None) if row is not None else (None, None)


def _unique(locations: Iterable[BreakpointLocation]) -> list[BreakpointLocation]:
    """Keep one location per address: the linker may have folded identical functions."""
    return list({location.address: location for location in locations}.values())


def in_order(
    locations: Iterable[BreakpointLocation], table: ModuleTable
) -> tuple[BreakpointLocation, ...]:
    """Sort locations by module, as in the table, and by address; tell instances apart."""
    order = {id(module): index for index, module in enumerate(table)}
    ordered = sorted(locations, key=lambda p: (order.get(id(p.module), -1), p.address))
    return tuple(_told_apart(ordered))


def _told_apart(locations: list[BreakpointLocation]) -> Iterator[BreakpointLocation]:
    """Give whole names to instances of a generic function whose short names are the same."""
    times = Counter(location.function for location in locations)
    for location in locations:
        name = location.function or ""
        if ELIDED not in name or times[location.function] == 1 or location.module is None:
            yield location
            continue
        function = location.module.inline_chain(location.address)[location.frame]
        yield replace(location, function=distinct_function_name(function))


def rebased_location(location: BreakpointLocation, module: Module) -> BreakpointLocation:
    """Return the same location in ``module``, its file loaded at another bias."""
    if location.module is None:
        return location
    bias = module.bias - location.module.bias
    return replace(
        location,
        address=Address(location.address + bias),
        module=module,
        continues=frozenset(Address(each + bias) for each in location.continues),
    )
