"""Source and machine code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import RangeError, StateError, UsageError
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments, parse_integer
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.output import Text
from crabtrap.frontends.console.source_view import numbered_lines, source_file

if TYPE_CHECKING:
    from crabtrap import _core
    from crabtrap.frontends.console.console import Console
    from crabtrap.frontends.describe import Json
    from crabtrap.symbols.source_files import SourceFile


def list_(console: Console, arguments: Arguments) -> Reply:
    """``list [PLACE | FIRST,LAST | - | +]``."""
    text = arguments.take_rest()
    position, count = console.position, console.preferences.list_lines
    if "," in text:
        first, last = _range(console, text)
        return _listing(console, first, last)
    match text:
        case "" | "+":
            if position.last:
                return _listing(console, position.last + 1, position.last + count)
            _ensure_path(console)
            return _around(console, position.line)
        case "-":
            before = position.first or max(1, position.line - count // 2)
            if before <= 1:
                raise RangeError("the beginning of the file has been shown")
            return _listing(console, max(1, before - count), before - 1)
        case _:
            return _around(console, _go_to(console, text))


def _around(console: Console, line: int) -> Reply:
    count = console.preferences.list_lines
    first = max(1, line - count // 2)
    return _listing(console, first, first + count - 1)


def _range(console: Console, text: str) -> tuple[int, int]:
    start, _, end = (part.strip() for part in text.partition(","))
    count = console.preferences.list_lines
    if not start:
        last = _go_to(console, end)
        return max(1, last - count + 1), last
    first = _go_to(console, start)
    if not end:
        return first, first + count - 1
    if end.startswith("+"):
        extra = parse_integer(end[1:])
        return first, first + (extra or 0)
    return first, _go_to(console, end)


def _go_to(console: Console, location: str) -> int:
    """Make a place's file the current one; its line."""
    if location.isdecimal():
        _ensure_path(console)
        return int(location)
    found = next(
        (one for one in console.session.resolve(location).locations if one.path and one.line), None
    )
    if found is None:
        raise UsageError(f"{location} is not known to be in a source file", hint="list FILE:LINE")
    assert found.line is not None  # chosen so
    # A line that has no code still lies in that file, and is the one that was asked for.
    _, colon, line = location.rpartition(":")
    console.position.path = found.path
    return int(line) if colon and line.isdecimal() else found.line


def _ensure_path(console: Console) -> None:
    """Begin at ``main`` where the program has not been started."""
    if console.position.path is None:
        found = next((one for one in console.session.resolve("main").locations if one.path), None)
        if found is None:
            raise StateError("there is no source to list", hint="list FILE:LINE")
        console.position.path, console.position.line = found.path, found.line or 1


def _listing(console: Console, first: int, last: int) -> Reply:
    position = console.position
    assert position.path is not None  # every caller has made sure
    file = source_file(console, position.path)
    if first > len(file.lines):
        raise RangeError(f"{file.name} has {len(file.lines)} lines", hint="list 1")
    last = min(last, len(file.lines))
    position.first, position.last = first, last
    current = _current_line(console, file)
    rows: list[Json] = [
        {"line": number, "text": text}
        for number, text in enumerate(file.lines[first - 1 : last], first)
    ]
    data: dict[str, Json] = {"path": file.name, "file": file.path, "lines": rows}
    return Reply(data, numbered_lines(console, file, first, last, current=current))


def _current_line(console: Console, file: SourceFile) -> int:
    try:
        frame = console.session.frame
    except StateError:
        return 0
    return frame.line if frame.path == file.name else 0


def info_source(console: Console, arguments: Arguments) -> Reply:
    """``info source``."""
    arguments.end()
    _ensure_path(console)
    path = console.position.path
    assert path is not None  # made sure of just above
    file = console.session.find_source(path)
    data: dict[str, Json] = {"path": path, "file": file.path, "stale": file.stale}
    lines = [Text("Source file ", (path, "path"))]
    if file.path is None:
        lines.append(Text(("  ", "plain"), (file.reason, "warning")))
    elif file.path != path:
        lines.append(Text("  shown from ", (file.path, "path")))
    if file.hint:
        lines.append(Text(("  try: ", "hint"), file.hint))
    return Reply(data, lines)


def info_line(console: Console, arguments: Arguments) -> Reply:
    """``info line [PLACE]``."""
    text = arguments.take_rest()
    locations = console.session.resolve(text or f"*{console.session.frame.pc:#x}").locations
    data: list[Json] = [describe.location(location) for location in locations]
    lines = [
        Text(
            location_text(location.path, location.line) if location.path else Text("no line"),
            " is at ",
            (f"{location.address:#x}", "address"),
            Text(" in ", (location.function, "function")) if location.function else "",
        )
        for location in locations
    ]
    return Reply({"locations": data}, lines or [Text(f"No code belongs to {text}.")])


def info_symbol(console: Console, arguments: Arguments) -> Reply:
    """``info symbol ADDRESS``."""
    text = arguments.need_rest("an address")
    address = address_of(console, text)
    found = console.session.symbol_at(address)
    return Reply(
        {"address": describe.address(address), "symbol": found},
        [Text((f"{address:#x}", "address"), " is ", (found, "function"))],
    )


def address_of(console: Console, text: str) -> Address:
    """A number, a register, or an expression whose value or place is an address."""
    number = parse_integer(text)
    if number is not None:
        return Address(number)
    value = console.session.evaluate(text)
    if value.is_pointer:
        return value.pointer_address()
    if value.shape.kind == "base":
        return Address(value.integer())
    if value.address is None:
        raise UsageError(f"{text} is not in memory", hint="give an address or a pointer")
    return value.address


def disassemble(console: Console, arguments: Arguments) -> Reply:
    """``disassemble [/s] [PLACE | START,END | START,+SIZE]``."""
    format = arguments.format()
    with_source = format is not None and "s" in format.letters
    name, instructions = _instructions(console, arguments.take_rest())
    data: list[Json] = [
        {"address": describe.address(one.address), "size": one.size, "text": one.text}
        for one in instructions
    ]
    lines = [] if console.output.json else _code_lines(console, instructions, with_source)
    return Reply(
        {"function": name, "instructions": data},
        [Text(("Code of ", "dim"), (name, "function"), (":", "dim")), *lines] if name else lines,
    )


def _instructions(console: Console, text: str) -> tuple[str | None, Sequence[_core.Instruction]]:
    session = console.session
    if "," in text:
        first, _, last = (part.strip() for part in text.partition(","))
        start = address_of(console, first)
        end = start + int(last[1:], 0) if last.startswith("+") else address_of(console, last)
        return None, session.disassemble(start, Address(end))
    pc = session.frame.pc if not text else _code_address(console, text)
    function = session.modules.function_at(pc)
    if function is None:
        symbol = session.modules.symbol_at(pc)
        if symbol is None or not symbol.size:
            return None, session.disassemble(pc, count=_WITHOUT_FUNCTION)
        return symbol.name, session.disassemble(
            symbol.address, Address(symbol.address + symbol.size)
        )
    found: list[_core.Instruction] = []
    for start, end in function.ranges:
        found += session.disassemble(start, end)
    return function.path, found


_WITHOUT_FUNCTION = 16


def _code_address(console: Console, text: str) -> Address:
    if parse_integer(text) is not None or text.startswith(("$", "*")):
        return address_of(console, text.removeprefix("*"))
    resolution = console.session.resolve(text)
    if not resolution.locations:
        raise resolution.not_found(text)
    return resolution.locations[0].address


def _code_lines(
    console: Console, instructions: Sequence[_core.Instruction], with_source: bool
) -> list[Text]:
    arrow = "▶" if console.output.symbols else "=>"
    pc = _current_pc(console)
    lines: list[Text] = []
    shown = (None, 0)
    base = instructions[0].address if instructions else 0
    for one in instructions:
        if with_source:
            row = console.session.modules.row_at(Address(one.address))
            here = (row.path, row.line) if row is not None else (None, 0)
            if here != shown and row is not None:
                lines += _source_line(console, row.path, row.line)
            shown = here
        mark = Text((f"{arrow:>2} " if one.address == pc else "   ", "marker"))
        mark.add((f"{one.address:#x}", "address"), (f" <+{one.address - base}>", "dim"), "\t")
        lines.append(_instruction_text(console, mark, one))
    return _tabbed(lines)


def _tabbed(lines: Sequence[Text]) -> list[Text]:
    """Replace the tab in each line by spaces up to the widest line's."""
    cut = [
        next((i for i, (text, _) in enumerate(line.tokens) if text == "\t"), None) for line in lines
    ]
    widths = [
        sum(len(text) for text, _ in line.tokens[:at]) if at is not None else 0
        for line, at in zip(lines, cut, strict=True)
    ]
    widest = max(widths, default=0)
    for line, at, width in zip(lines, cut, widths, strict=True):
        if at is not None:
            line.tokens[at] = (" " * (widest - width + 2), "plain")
    return list(lines)


def _instruction_text(console: Console, line: Text, one: _core.Instruction) -> Text:
    mnemonic, _, operands = one.text.partition(" ")
    line.add((f"{mnemonic:<7}", "keyword"), f" {operands}")
    name = console.session.symbol_at(Address(one.target)) if one.target is not None else None
    if name:
        line.add(("  ; ", "comment"), (name, "function"))
    return line


def _source_line(console: Console, path: str, line: int) -> list[Text]:
    file = console.session.find_source(path)
    text = file.line(line) if not file.reason else None
    if text is None:
        return [Text("  ", location_text(path, line))]
    return numbered_lines(console, file, line, line)


def _current_pc(console: Console) -> int | None:
    try:
        return console.session.frame.pc
    except StateError:
        return None


GROUP = Group(
    "Source and code",
    (
        Command(
            ("list", "l", "source list"),
            list_,
            "Show source lines",
            ("list [PLACE | FIRST,LAST | - | +]",),
            (
                ("list", "around here, then further on each time"),
                ("list -", "the lines before those shown last"),
                ("list parse", "around a function"),
                ("list main.rs:10,20", "these lines"),
            ),
            completes="location",
            repeats="verb",
        ),
        Command(
            ("disassemble", "disas"),
            disassemble,
            "Show machine code",
            ("disassemble [/s] [PLACE | START,END | START,+SIZE]",),
            (
                ("disassemble", "the current function"),
                ("disassemble /s parse", "a function, between its source lines"),
                ("disassemble $pc,+32", "some bytes"),
            ),
            completes="location",
        ),
        Command(
            ("info source",),
            info_source,
            "Show which source file is current and where it was found",
            ("info source",),
        ),
        Command(
            ("info line",),
            info_line,
            "Show the addresses of a line",
            ("info line [PLACE]",),
            (("info line main.rs:42", "every location its code is at"),),
            completes="location",
        ),
        Command(
            ("info symbol", "image lookup"),
            info_symbol,
            "Show what lies at an address",
            ("info symbol ADDRESS",),
            (("info symbol $pc", "the function, and how far into it"),),
            completes="expression",
        ),
    ),
)
