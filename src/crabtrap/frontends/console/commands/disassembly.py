"""Disassembly of functions and ranges of code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import StateError, UsageError
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments, parse_integer
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.commands.addresses import address_of
from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.source_view import numbered_lines
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap import Instruction
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json

_WITHOUT_FUNCTION = 16


def disassemble(context: CommandContext, arguments: Arguments) -> Reply:
    """Show machine code: ``disassemble [/s] [LOCATION | START,END | START,+SIZE]``."""
    format = arguments.format()
    with_source = format is not None and "s" in format.letters
    name, instructions = _instructions(context, arguments.take_rest())
    data: list[Json] = [
        {"address": describe.address(one.address), "size": one.size, "text": one.text}
        for one in instructions
    ]
    lines = [] if context.output.json else _code_lines(context, instructions, with_source)
    return Reply(
        {"function": name, "instructions": data},
        [Text(("Code of ", "dim"), (name, "function"), (":", "dim")), *lines] if name else lines,
    )


def _number(text: str) -> int:
    number = parse_integer(text.strip())
    if number is None or number < 0:
        raise UsageError(f"{text!r} is no number of bytes", hint="disassemble START,+16")
    return number


def _instructions(context: CommandContext, text: str) -> tuple[str | None, Sequence[Instruction]]:
    session = context.session
    if "," in text:
        first, _, last = (part.strip() for part in text.partition(","))
        start = address_of(context, first)
        end = address_of(context, last) if last[:1] != "+" else start + _number(last[1:])
        return None, session.memory.disassemble(start, end)
    pc = context.client.pc if not text else _code_address(context, text)
    code = session.code.code_at(pc)
    if code is None:
        return None, session.memory.disassemble(pc, count=_WITHOUT_FUNCTION)
    name, ranges = code
    found: list[Instruction] = []
    for start, end in ranges:
        found += session.memory.disassemble(start, end)
    return name, found


def _code_address(context: CommandContext, text: str) -> Address:
    if parse_integer(text) is not None or text.startswith(("$", "*")):
        return address_of(context, text.removeprefix("*"))
    resolution = context.client.resolve(text)
    if not resolution.locations:
        raise resolution.not_found(text)
    return resolution.locations[0].address


def _code_lines(
    context: CommandContext, instructions: Sequence[Instruction], with_source: bool
) -> list[Text]:
    arrow = "▶" if context.output.symbols else "=>"
    pc = _current_pc(context)
    lines: list[Text] = []
    shown: tuple[str, int] | None = None
    base = instructions[0].address if instructions else 0
    for one in instructions:
        if with_source:
            here = context.session.code.line_at(one.address)
            if here != shown and here is not None:
                lines += _source_line(context, *here)
            shown = here
        mark = Text((f"{arrow:>2} " if one.address == pc else "   ", "marker"))
        mark.add((f"{one.address:#x}", "address"), (f" <+{one.address - base}>", "dim"), "\t")
        lines.append(_instruction_text(context, mark, one))
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


def _instruction_text(context: CommandContext, line: Text, one: Instruction) -> Text:
    mnemonic, _, operands = one.text.partition(" ")
    line.add((f"{mnemonic:<7}", "keyword"), f" {operands}")
    name = context.session.code.symbol_at(one.target) if one.target is not None else None
    if name:
        line.add(("  ; ", "comment"), (name, "function"))
    return line


def _source_line(context: CommandContext, path: str, line: int) -> list[Text]:
    file = context.session.sources.find(path)
    text = None if file.reason or file.stale else file.line(line)
    if text is None:
        return [Text("  ", location_text(path, line))]
    return numbered_lines(context, file, line, line)


def _current_pc(context: CommandContext) -> int | None:
    try:
        return context.client.pc
    except StateError:
        return None


COMMAND = Command(
    ("disassemble", "disas"),
    disassemble,
    "Show machine code",
    ("disassemble [/s] [LOCATION | START,END | START,+SIZE]",),
    (
        ("disassemble", "the current function"),
        ("disassemble /s parse", "a function, between its source lines"),
        ("disassemble $pc,+32", "some bytes"),
    ),
    completes="location",
)
