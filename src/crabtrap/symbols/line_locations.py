"""The breakpoint locations of a line: in every function instance, each way into it.

Compilers scatter the code of a line.  A thread that comes from elsewhere to any of it
arrives at the line, and is to be stopped then, but not again while it is still there.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from crabtrap.records import replace
from crabtrap.symbols.arrivals import LineCode, find_arrivals
from crabtrap.symbols.breakpoint_locations import (
    BreakpointLocation,
    Resolution,
    ResolveContext,
    in_order,
    index_in,
    location_in,
    locations_of_instance,
)
from crabtrap.symbols.lacking import unreadable
from crabtrap.symbols.poll_states import PollCode
from crabtrap.symbols.same_file import find_same_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.address import Address
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable

_CLOSE_COUNT = 3
_AFTER_ALL_LINES = 1 << 31

Chain = tuple["Function", ...]
"""A function instance and those it is inlined into; the out-of-line function is the last."""


def locations_of_line(suffix: str, line: int, column: int, context: ResolveContext) -> Resolution:
    """Find the locations of the next line with code at or after ``line``.

    Args:
        suffix: Trailing components of a path.  When several files match, all are used,
            a dependency's only when none is the user's.
        line: 1-based.
        column: Prefer rows at or after this column; 0 for any.
        context: What to search.
    """
    lines = _lines_by_file(suffix, context)
    if not lines:
        return _no_such_file(suffix, context.table)
    users = {path: numbers for path, numbers in lines.items() if context.is_user_path(path)}
    lines = users or lines
    locations: list[BreakpointLocation] = []
    used: set[int] = set()
    for path, numbers in lines.items():
        found, own = _first_with_code(path, numbers, (line, column), context)
        if found:
            locations += found
            used.add(own)
    if not locations:
        return _no_code(lines, line, unreadable(context.table))
    notes = _line_notes(lines, locations, line, used)
    return Resolution(in_order(locations, context.table), notes=notes)


def _lines_by_file(suffix: str, context: ResolveContext) -> dict[str, tuple[int, ...]]:
    """Return the lines with code per matching file, over all modules.

    Instances of one generic function may be spread over several modules.
    """
    modules = tuple(context.modules())
    files = dict.fromkeys(f for m in modules for f in m.find_files(suffix))
    if not files and "/" in suffix:
        same = find_same_files(
            modules,
            suffix,
            substitutes=context.substitutes,
            is_user_path=context.is_user_path,
        )
        files = dict.fromkeys(same)
    found: dict[str, set[int]] = {path: set() for path in files}
    for module in modules:
        for path, lines in found.items():
            lines.update(module.lines_with_code(path))
    return {path: tuple(sorted(lines)) for path, lines in found.items()}


def _first_with_code(
    path: str, numbers: tuple[int, ...], wanted: tuple[int, int], context: ResolveContext
) -> tuple[list[BreakpointLocation], int]:
    """Find the first line with locations at or after ``wanted``, line and column, and these."""
    line, column = wanted
    for own in (*numbers[bisect_left(numbers, line) :], _AFTER_ALL_LINES):
        context.check()
        # A line of nothing but inlined calls has no row of its own: all of its code has the
        # lines of the functions called.
        called = _called_between(path, line, own, context.table)
        found = _locations_on(path, called or own, column, context)
        used = called or own
        if not found and called:
            found, used = _locations_on(path, own, column, context), own
        if found:
            return found, used
        line = own + 1
    return [], 0


def _called_between(path: str, line: int, end: int, table: ModuleTable) -> int | None:
    """Return the first line in ``[line, end)`` that inlined functions are called on."""
    if line >= end:
        return None
    calls = (each for module in table for each in module.instances_called_between(path, line, end))
    return min((each.call_line for each in calls), default=None)


def _locations_on(
    path: str, line: int, column: int, context: ResolveContext
) -> list[BreakpointLocation]:
    return [
        location
        for module in context.table
        for location in _locations_in(module, path, line, column, context)
    ]


def _locations_in(
    module: Module, path: str, line: int, column: int, context: ResolveContext
) -> Iterator[BreakpointLocation]:
    instances = _instances_on(module, path, line)
    # The drop glue of a future has rows at the line of an await, but is not user code.
    users = [each for each in instances if context.is_user_path(each[0].declaration_path)]
    for chain in users or instances:
        yield from _in_instance(chain, path, line, column)
    if not instances:
        yield from _outside_of_functions(module, path, line)


def _instances_on(module: Module, path: str, line: int) -> list[Chain]:
    """Return the function instances with code of their own, or inlined calls, on a line."""
    found: dict[tuple[int, int], Chain] = {}
    for row in module.rows_for_line(path, line):
        chain = _from_owner(module.inline_chain(row.address), path, line)
        if chain:
            found.setdefault(chain[0].key, chain)
    for callee in module.instances_called_between(path, line, line + 1):
        chain = module.inline_chain(callee.entry)
        caller = chain[(index_in(chain, callee) or 0) + 1 :]
        if caller:
            found.setdefault(caller[0].key, caller)
    return list(found.values())


def _from_owner(chain: Chain, path: str, line: int) -> Chain:
    """Return the part of an inline chain from the function on that a line belongs to.

    The first row of a function has its own line also where an inlined one begins with it.
    """
    for index, each in enumerate(chain):
        if each.declaration_path == path and each.declaration_line <= line:
            return chain[index:]
    return chain


def _outside_of_functions(module: Module, path: str, line: int) -> Iterator[BreakpointLocation]:
    """Locate a line in code that no function is known of: once per symbol."""
    seen: set[Address] = set()
    for row in module.rows_for_line(path, line):
        symbol = module.symbol_at(row.address)
        start = row.address if symbol is None else symbol.address
        if start not in seen:
            seen.add(start)
            yield location_in(module, row.address, None)


def _in_instance(chain: Chain, path: str, line: int, column: int) -> Iterator[BreakpointLocation]:
    instance, function = chain[0], chain[-1]
    module = instance.module
    first = module.row_at(instance.entry)
    if not instance.inlined and first is not None and (first.path, first.line) == (path, line):
        # The line of a function's declaration means its beginning, once per call.
        yield from locations_of_instance(instance)
        return
    spans = module.line_spans(instance.ranges[0][0], len(chain) - 1)
    polls = PollCode(function)
    code = LineCode(module.flow_of(function), spans, path, line, instance.entry)
    for arrival in find_arrivals(code, _rows_from(module, path, line, column)):
        location = location_in(module, arrival.address, instance)
        resumes = not polls.is_arrival(arrival.address, line)
        yield replace(location, line=line, continues=arrival.continues, resumes=resumes)


def _rows_from(module: Module, path: str, line: int, column: int) -> frozenset[Address]:
    """Return where statements begin at or after a column, none where any will do."""
    rows = module.rows_for_line(path, line) if column else ()
    return frozenset(row.address for row in rows if row.column >= column)


# -- what to tell the user -----------------------------------------------------------------


def _line_notes(
    lines: dict[str, tuple[int, ...]],
    locations: list[BreakpointLocation],
    line: int,
    used: set[int],
) -> tuple[str, ...]:
    """Tell of a line without code.

    That of a function's header has some, though the stop after it is shown further down.
    """
    notes: list[str] = []
    if line not in used:
        notes.append(f"line {line} has no code of its own; using line {min(used)}")
    files = sorted({location.path for location in locations if location.path})
    if len(lines) > 1 and len(files) > 1:
        notes.append(f"{len(files)} files match: {', '.join(files)}")
    return tuple(notes)


def _no_such_file(suffix: str, table: ModuleTable) -> Resolution:
    # The extension is left out: with it, all short names would be similar.
    stem, _, extension = suffix.rpartition("/")[2].rpartition(".")
    names = {path.rpartition("/")[2] for module in table for path in module.find_files("")}
    stems = [name.removesuffix(f".{extension}") for name in names if name.endswith(extension)]
    import difflib  # noqa: PLC0415 - slow to import

    found = difflib.get_close_matches(stem, stems, _CLOSE_COUNT)
    close = tuple(f"{each}.{extension}" for each in found)
    damage = unreadable(table)
    if damage and not close:
        return Resolution(reason=f"no source file named {suffix!r}", hint=damage)
    if not any(module.image.debug_level in ("full", "lines") for module in table):
        return Resolution(
            reason="no module has line information",
            hint="build with debug information: debug = true in the Cargo profile",
        )
    hint = f"did you mean {', '.join(close)}?" if close else ""
    return Resolution(reason=f"no source file named {suffix!r}", hint=hint, close=close)


def _no_code(lines: dict[str, tuple[int, ...]], line: int, damage: str) -> Resolution:
    path, numbers = max(lines.items(), key=lambda item: item[1][-1:] or (0,))
    if not numbers:
        return Resolution(reason=f"{path} has no code in the program", hint=damage)
    return Resolution(
        reason=f"no code at or after line {line} of {path}",
        hint=damage or f"the last line with code is {numbers[-1]}",
    )
