"""Addresses: of lines and values, what lies at one, and arguments that mean one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import UsageError
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments, parse_integer
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap import Declaration
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json, JsonObject

_LAST_ADDRESS = (1 << 64) - 1


def address_of(context: CommandContext, text: str) -> Address:
    """Evaluate an address: a number, a pointer, a register, or else the location of a value."""
    number = parse_integer(text)
    if number is not None:
        if number > _LAST_ADDRESS:
            raise UsageError(f"{text} is no address: it has more than 64 bits")
        return Address(number)
    value = context.client.evaluate(text)
    if value.is_pointer:
        return value.pointer_address()
    if value.shape.kind == "base":
        return Address(value.integer())
    if value.address is None:
        raise UsageError(f"{text} is not in memory", hint="give an address or a pointer")
    return value.address


def info_line(context: CommandContext, arguments: Arguments) -> Reply:
    """Show the addresses of a line, or the line of a static: ``info line [LOCATION|STATIC]``."""
    text = arguments.take_rest()
    found = context.client.resolve(text or f"*{context.client.pc:#x}")
    locations = found.locations
    declared = None if locations else context.client.declaration(text)
    if declared is not None:
        return _declared(declared)
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
    return Reply(
        {"locations": data}, lines or [Text(f"No code belongs to {text}: {found.reason}.")]
    )


def _declared(declaration: Declaration) -> Reply:
    name, path, line = declaration.name, declaration.path, declaration.line
    data: JsonObject = {"static": name, "path": path, "line": line or None}
    text = Text((name, "name"))
    if path is None:
        text.add(" is declared by a macro; the debug information does not say on which line")
    else:
        text.add(" is declared at ", location_text(path, line or None))
    return Reply({"locations": [], "declaration": data}, [text])


def info_symbol(context: CommandContext, arguments: Arguments) -> Reply:
    """Show what lies at an address: ``info symbol ADDRESS``."""
    text = arguments.need_rest("an address")
    address = address_of(context, text)
    found = context.session.code.symbol_at(address)
    return Reply(
        {"address": describe.address(address), "symbol": found},
        [Text((f"{address:#x}", "address"), " is ", (found, "function"))],
    )


def info_address(context: CommandContext, arguments: Arguments) -> Reply:
    """Show where a value is: ``info address EXPRESSION``."""
    expression = arguments.need_rest("an expression")
    value = context.client.evaluate(expression)
    text = context.session.values.describe_location(value)
    address: Json = None if value.address is None else describe.address(value.address)
    return Reply(
        {"expression": expression, "address": address, "size": value.type.size, "location": text},
        [Text((expression, "name"), " is ", text)],
    )


INFO_LINE = Command(
    ("info line",),
    info_line,
    "Show the addresses of a line, or the line of a static",
    ("info line [LOCATION|STATIC]",),
    (
        ("info line main.rs:42", "every location its code is at"),
        ("info line LIMIT", "where a static is declared"),
    ),
    completes="location",
)

INFO_SYMBOL = Command(
    ("info symbol", "image lookup"),
    info_symbol,
    "Show what lies at an address",
    ("info symbol ADDRESS",),
    (("info symbol $pc", "the function, and how far into it"),),
    completes="expression",
)

INFO_ADDRESS = Command(
    ("info address",),
    info_address,
    "Show where a value is: its address, or the registers that hold it",
    ("info address EXPRESSION",),
    (
        ("info address total", "a variable may be in a register, or optimised out"),
        ("info address entry.words[2]", "an item of a Vec on the heap"),
    ),
    completes="expression",
)
