"""Source files and their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import RangeError, StateError, UsageError
from crabtrap.frontends.console.arguments import Arguments, parse_integer
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands import addresses, disassembly
from crabtrap.frontends.console.source_view import numbered_lines, objections, source_file
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap import SourceFile
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json


def list_(context: CommandContext, arguments: Arguments) -> Reply:
    """Show source lines: ``list [LOCATION | FIRST,LAST | - | +]``."""
    text = arguments.take_rest()
    position, count = context.position, context.preferences.list_lines
    if "," in text:
        first, last = _range(context, text)
        return _listing(context, first, last)
    match text:
        case "" | "+":
            if position.last:
                return _listing(context, position.last + 1, position.last + count)
            _ensure_path(context)
            return _around(context, position.line)
        case "-":
            before = position.first or max(1, position.line - count // 2)
            if before <= 1:
                raise RangeError("the beginning of the file has been shown")
            return _listing(context, max(1, before - count), before - 1)
        case _:
            return _around(context, _go_to(context, text))


def _around(context: CommandContext, line: int) -> Reply:
    count = context.preferences.list_lines
    first = max(1, line - count // 2)
    return _listing(context, first, first + count - 1)


def _range(context: CommandContext, text: str) -> tuple[int, int]:
    start, _, end = (part.strip() for part in text.partition(","))
    count = context.preferences.list_lines
    if not start:
        last = _go_to(context, end)
        return max(1, last - count + 1), last
    first = _go_to(context, start)
    if not end:
        return first, first + count - 1
    if end.startswith("+"):
        extra = parse_integer(end[1:])
        return first, first + (extra or 0)
    return first, _go_to(context, end)


def _go_to(context: CommandContext, location: str) -> int:
    """Make the file of a location the current one; return its line."""
    if location.isdecimal():
        _ensure_path(context)
        return int(location)
    found = next(
        (one for one in context.client.resolve(location).locations if one.path and one.line), None
    )
    if found is None:
        declared = context.client.declaration(location)
        if declared is not None and declared.path is not None:
            context.position.path = declared.path
            return declared.line
        raise UsageError(f"{location} is not known to be in a source file", hint="list FILE:LINE")
    assert found.line is not None  # only such locations are chosen above
    # A line without code resolves to a later one, but the line that was typed is listed.
    _, colon, line = location.rpartition(":")
    context.position.path = found.path
    return int(line) if colon and line.isdecimal() else found.line


def _ensure_path(context: CommandContext) -> None:
    """Make the file of ``main`` the current one if there is none yet."""
    if context.position.path is None:
        found = next((one for one in context.client.resolve("main").locations if one.path), None)
        if found is None:
            raise StateError("there is no source to list", hint="list FILE:LINE")
        context.position.path, context.position.line = found.path, found.line or 1


def _listing(context: CommandContext, first: int, last: int) -> Reply:
    position = context.position
    assert position.path is not None  # every caller has called _ensure_path or _go_to
    file = source_file(context, position.path)
    if first > len(file.lines):
        raise RangeError(f"{file.name} has {len(file.lines)} lines", hint="list 1")
    last = min(last, len(file.lines))
    position.first, position.last = first, last
    current = _current_line(context, file)
    rows: list[Json] = [
        {"line": number, "text": text}
        for number, text in enumerate(file.lines[first - 1 : last], first)
    ]
    data: dict[str, Json] = {"path": file.name, "file": file.path, "lines": rows}
    if file.stale:
        data["objection"] = file.objection
    lines = numbered_lines(context, file, first, last, current=current)
    return Reply(data, lines + objections(file))


def _current_line(context: CommandContext, file: SourceFile) -> int:
    try:
        frame = context.client.frame
    except StateError:
        return 0
    return frame.line if frame.path == file.name else 0


def info_source(context: CommandContext, arguments: Arguments) -> Reply:
    """Show which source file is current: ``info source``."""
    arguments.end()
    _ensure_path(context)
    path = context.position.path
    assert path is not None  # by _ensure_path
    file = context.session.sources.find(path)
    data: dict[str, Json] = {"path": path, "file": file.path, "stale": file.stale}
    lines = [Text("Source file ", (path, "path"))]
    if file.path is None:
        lines.append(Text(("  ", "plain"), (file.reason, "warning")))
    elif file.path != path:
        lines.append(Text("  shown from ", (file.path, "path")))
    if file.hint:
        lines.append(Text(("  try: ", "hint"), file.hint))
    return Reply(data, lines + objections(file))


GROUP = Group(
    "Source and code",
    (
        Command(
            ("list", "l", "source list"),
            list_,
            "Show source lines",
            ("list [LOCATION | FIRST,LAST | - | +]",),
            (
                ("list", "around here, then further on each time"),
                ("list -", "the lines before those shown last"),
                ("list parse", "around a function"),
                ("list LIMIT", "around the declaration of a static"),
                ("list main.rs:10,20", "these lines"),
            ),
            completes="location",
            repeats="verb",
        ),
        disassembly.COMMAND,
        Command(
            ("info source",),
            info_source,
            "Show which source file is current and where it was found",
            ("info source",),
        ),
        addresses.INFO_LINE,
        addresses.INFO_SYMBOL,
    ),
)
