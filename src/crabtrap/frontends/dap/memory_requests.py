"""Bytes and instructions of the program."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from crabtrap.errors import UsageError
from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.instruction_rows import disassemble_around

if TYPE_CHECKING:
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply

_ADDRESSES = 1 << 64


def parse_reference(text: str) -> int:
    """Return the address that a memory reference is.

    Raises:
        UsageError: It is none.
    """
    try:
        address = int(text, 0)
    except ValueError:
        raise UsageError(f"{text!r} is no address", hint="0x7ffe00001000") from None
    if not 0 <= address < _ADDRESSES:
        raise UsageError(f"{text!r} is no address: it has more than 64 bits")
    return address


def _address(arguments: Arguments) -> int:
    address = parse_reference(arguments.text("memoryReference")) + arguments.number_or("offset", 0)
    return address % _ADDRESSES


def read_memory(adapter: Adapter, arguments: Arguments) -> Reply:
    """Bytes, as many as can be read before one that cannot."""
    address, count = _address(arguments), max(0, arguments.number("count"))
    data = adapter.session.memory.read_partial(address, count) if count else b""
    body: dict[str, object] = {"address": f"{address:#x}"}
    if data:
        body["data"] = base64.b64encode(data).decode("ascii")
    if len(data) < count:
        body["unreadableBytes"] = count - len(data)
    return body


def write_memory(adapter: Adapter, arguments: Arguments) -> Reply:
    """Write bytes."""
    try:
        data = base64.b64decode(arguments.text("data"), validate=True)
    except binascii.Error as error:
        raise UsageError(f"data is no base64: {error}") from error
    adapter.session.memory.write(_address(arguments), data)
    return {"bytesWritten": len(data)}


def disassemble(adapter: Adapter, arguments: Arguments) -> Reply:
    """Instructions before and after an address."""
    rows = disassemble_around(
        adapter,
        _address(arguments),
        arguments.number_or("instructionOffset", 0),
        max(0, arguments.number("instructionCount")),
    )
    return {"instructions": rows}


HANDLERS = (
    Handler("readMemory", read_memory, {"supportsReadMemoryRequest": True}),
    Handler("writeMemory", write_memory, {"supportsWriteMemoryRequest": True}, shown=True),
    Handler("disassemble", disassemble, {"supportsDisassembleRequest": True}),
)
