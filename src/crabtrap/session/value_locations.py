"""Where values are, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.frame import register_name
from crabtrap.values import (
    Absent,
    Bytes,
    ImplicitPointer,
    Memory,
    Pieces,
    PointerTo,
    Register,
    Synthetic,
)

if TYPE_CHECKING:
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.values import Value, ValueLocation


def describe_location(value: Value, modules: ModuleTable) -> str:
    """Where a value is: an address with its symbol and size, registers, or why nowhere."""
    text = _location_text(value.location, modules)
    size = value.type.size
    if isinstance(value.location, Memory) and size is not None:
        text += f", {size} byte{'' if size == 1 else 's'}"
    return text


def _location_text(location: ValueLocation, modules: ModuleTable) -> str:
    match location:
        case Memory(address):
            symbol = modules.describe_address(address)
            return f"at {address:#x}{f' {symbol}' if symbol else ''}"
        case Register(number, offset):
            return f"in ${register_name(number)}{f' from byte {offset} on' if offset else ''}"
        case Pieces(parts):
            shown = (
                f"{part.size} bytes {_location_text(part.location, modules)}" for part in parts
            )
            return f"in pieces: {'; '.join(shown)}"
        case Bytes():
            return "nowhere: only its value is known"
        case ImplicitPointer():
            return "nowhere: the pointer was optimised out, what it points to is known"
        case PointerTo():
            return "nowhere: the pointer was not captured, what it points to was"
        case Absent(reason):
            return f"nowhere: {reason}"
        case Synthetic():
            return "nowhere: the debugger put it together"
