"""The list of functions that match a regular expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends import describe
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.settings_table import parse_limit
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap import Function
    from crabtrap.address import Address
    from crabtrap.frontends.console.arguments import Arguments
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json

_MOST = 200

Row = tuple["Json", Text]
"""A function as JSON, and as a line."""


def info_functions(context: CommandContext, arguments: Arguments) -> Reply:
    """List functions that match: ``info functions [-limit N] REGEX``."""
    limit = arguments.known_options({"limit": "how many"}).get("limit")
    most = _MOST if limit is None else parse_limit(limit)
    pattern = arguments.need_rest("a regular expression")
    rows = _matching(context, pattern, most + 1)
    is_cut = len(rows) > most
    lines = [line for _, line in rows[:most]]
    if is_cut:
        more = "-limit unlimited shows all"
        lines.append(Text((f"(the first {most}; narrow the expression, or {more})", "dim")))
    data: dict[str, Json] = {"functions": [row for row, _ in rows[:most]], "truncated": is_cut}
    return Reply(data, lines or [Text(f"No function matches {pattern}.")])


def _matching(context: CommandContext, pattern: str, most: int) -> list[Row]:
    """The functions in the order of how much is known of them."""
    code = context.session.code
    rows = [_row(one, one.entry, 0) for one in code.functions(pattern, most)]
    if len(rows) < most:
        inlined = code.inlined_functions(pattern, most - len(rows))
        rows += [_row(one, None, count) for one, count in inlined]
    if len(rows) < most:
        symbols = code.symbols(pattern, most - len(rows))
        rows += [_symbol_row(one.name, one.address) for one in symbols]
    return rows


def _row(one: Function, entry: Address | None, inlined: int) -> Row:
    data: dict[str, Json] = {
        "function": one.path,
        "address": None if entry is None else describe.address(entry),
        "inlined": inlined,
        "path": one.declaration_path,
        "line": one.declaration_line or None,
    }
    line = Text((one.path, "function"))
    if one.declaration_path:
        line = line.add(" at ", location_text(one.declaration_path, one.declaration_line))
    if inlined:
        line = line.add((f"  inlined in {inlined} place{'s' if inlined > 1 else ''}", "dim"))
    return data, line


def _symbol_row(name: str, address: Address) -> Row:
    data: dict[str, Json] = {
        "function": name,
        "address": describe.address(address),
        "inlined": 0,
        "path": None,
        "line": None,
    }
    return data, Text((name, "function"), ("  no debug information", "dim"))


INFO_FUNCTIONS = Command(
    ("info functions",),
    info_functions,
    "List functions that match a regular expression",
    ("info functions [-limit N] REGEX",),
    (
        ("info functions ^demo::", "every function of the crate demo"),
        ("info functions -limit unlimited parse", "all, however many"),
    ),
    notes="Functions that were inlined wherever they are used come after those with code of "
    "their own, then those that only a symbol tells of.  An ``async fn`` is found by its own "
    "name; what it does is the function ``{async_fn#0}`` inside of it.",
)
