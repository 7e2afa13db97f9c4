"""Where values are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.frame import register_name
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.output import Text
from crabtrap.values import Absent, Bytes, ImplicitPointer, Memory, Pieces, Register, Synthetic

if TYPE_CHECKING:
    from crabtrap.frontends.console.console import Console
    from crabtrap.frontends.describe import Json
    from crabtrap.values import ValueLocation


def info_address(console: Console, arguments: Arguments) -> Reply:
    """``info address EXPRESSION``."""
    expression = arguments.need_rest("an expression")
    value = console.session.evaluate(expression)
    size = value.type.size
    text = _location_text(console, value.location)
    if isinstance(value.location, Memory) and size is not None:
        text += f", {size} byte{'' if size == 1 else 's'}"
    address: Json = None if value.address is None else describe.address(value.address)
    return Reply(
        {"expression": expression, "address": address, "size": size, "location": text},
        [Text((expression, "name"), " is ", text)],
    )


def _location_text(console: Console, location: ValueLocation) -> str:
    match location:
        case Memory(address):
            symbol = console.session.symbol_at(address)
            return f"at {address:#x}{f' {symbol}' if symbol else ''}"
        case Register(number, offset):
            return f"in ${register_name(number)}{f' from byte {offset} on' if offset else ''}"
        case Pieces(parts):
            shown = (
                f"{part.size} bytes {_location_text(console, part.location)}" for part in parts
            )
            return f"in pieces: {'; '.join(shown)}"
        case Bytes():
            return "nowhere: only its value is known"
        case ImplicitPointer():
            return "nowhere: the pointer was optimised out, what it points to is known"
        case Absent(reason):
            return f"nowhere: {reason}"
        case Synthetic():
            return "nowhere: the debugger put it together"


COMMAND = Command(
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
