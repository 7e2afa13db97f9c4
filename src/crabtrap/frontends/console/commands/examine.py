"""Memory: shown in formats of the user's choice, and changed."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, cast

from crabtrap import RenderOptions, format_integer
from crabtrap.address import Address
from crabtrap.errors import CrabtrapError, MemoryFault, NotFoundError, UsageError
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments, Format, parse_integer
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands import register_access
from crabtrap.frontends.console.commands.addresses import address_of
from crabtrap.frontends.console.styled_text import Text, columns

if TYPE_CHECKING:
    from crabtrap import FormatLetter
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json

_SIZES = {"b": 1, "h": 2, "w": 4, "g": 8}
_SIZE_NAMES = {size: letter for letter, size in _SIZES.items()}
_FORMATS = "xduotacfsiz"
_LINE_BYTES = 16
_LONGEST_STRING = 4096
_MOST_ITEMS = 65536


def examine(context: CommandContext, arguments: Arguments) -> Reply:
    """Show memory: ``x[/COUNT FORMAT SIZE] [ADDRESS]``."""
    position = context.position
    count, letters = _merge(arguments.format(), position.format)
    if arguments.empty:
        if position.address is None:
            arguments.fail("x needs an address")
        address = Address(position.address)
    else:
        expression = arguments.take_rest()
        is_number = parse_integer(expression) is not None
        text = _text_of(context, expression) if letters[0] == "s" and not is_number else None
        if text is not None:
            return text
        address = _examined_address(context, expression)
    position.format = (1, letters)
    format, size = letters[0], _SIZES.get(letters[1:] or "w", 4)
    match format:
        case "s":
            return _strings(context, address, count)
        case "i":
            return _instructions(context, address, count)
        case _:
            return _words(context, address, count, format, size)


def _examined_address(context: CommandContext, expression: str) -> Address:
    """Evaluate the address to show: of a Vec, a slice or a text, that of its items.

    For everything else, also for ``&vec``, it is the address that other commands use.
    """
    if parse_integer(expression) is None and not expression.lstrip().startswith("&"):
        try:
            return context.client.evaluate(f"({expression}).as_ptr()").pointer_address()
        except CrabtrapError:
            pass  # it has no items
    return address_of(context, expression)


def _merge(given: Format | None, last: tuple[int, str]) -> tuple[int, str]:
    """The count, and the format and size letters; those given last are the defaults."""
    if given is None:
        return last
    format = next((letter for letter in given.letters if letter in _FORMATS), last[1][0])
    size = next((letter for letter in given.letters if letter in _SIZES), last[1][1:])
    if unknown := set(given.letters) - set(_FORMATS) - set(_SIZES):
        raise UsageError(
            f"unknown format letter {sorted(unknown)[0]!r}",
            hint=f"formats {', '.join(_FORMATS)}; sizes {', '.join(_SIZES)}",
        )
    if format == "a":
        size = "g"
    count = given.count or 1
    if not 0 < count <= _MOST_ITEMS:
        raise UsageError(f"the count must be from 1 to {_MOST_ITEMS}")
    return count, format + size


def _words(context: CommandContext, start: Address, count: int, format: str, size: int) -> Reply:
    data = context.session.memory.read(start, count * size)
    context.position.address = start + len(data)
    width = 1 if format == "a" else max(1, _LINE_BYTES // size // (2 if format == "c" else 1))
    values: list[Json] = []
    rows: list[tuple[Text, ...]] = []
    for offset in range(0, len(data), width * size):
        chunk = data[offset : offset + width * size]
        row = [_address_cell(Address(start + offset))]
        for at in range(0, len(chunk), size):
            text = _word(context, chunk[at : at + size], format)
            values.append(text)
            row.append(Text((text, "value")))
        rows.append(tuple(row))
    name = _SIZE_NAMES[size]
    return Reply(
        {"address": describe.address(start), "size": name, "values": values}, columns(rows)
    )


def _word(context: CommandContext, data: bytes, format: str) -> str:
    number = int.from_bytes(data, "little")
    if format == "a":
        return f"{number:#x} {context.session.code.symbol_at(number)}"
    if format == "f" and len(data) in (4, 8):
        return repr(struct.unpack("<f" if len(data) == 4 else "<d", data)[0])
    letter = "z" if format == "x" else format
    return format_integer(number, len(data), cast("FormatLetter", letter))


def _address_cell(address: Address) -> Text:
    return Text((f"{address:#x}:", "address"))


def _strings(context: CommandContext, address: Address, count: int) -> Reply:
    """Show NUL-terminated strings, as C programs have them."""
    found: list[Json] = []
    lines: list[Text] = []
    for _ in range(count):
        data = _read_string(context, address)
        text = data.decode("utf-8", "backslashreplace")
        found.append({"address": describe.address(address), "text": text})
        lines.append(Text(_address_cell(address), "  ", (f'"{text}"', "string")))
        address = Address(address + len(data) + 1)
    context.position.address = address
    return Reply({"strings": found}, lines)


def _text_of(context: CommandContext, expression: str) -> Reply | None:
    """Show a Rust text, which has a length; ``None`` if the value is none."""
    value = context.client.evaluate(expression)
    options = RenderOptions(max_text=_LONGEST_STRING)
    tree = describe.tree(context.session, value, options)
    if tree["kind"] != "text":
        return None
    address = value.pointer_address() if value.is_pointer else None
    quoted = context.session.values.render(value, options)
    line = Text() if address is None else Text(_address_cell(address), "  ")
    found: list[Json] = [{"address": describe.address(address), "text": tree["text"]}]
    return Reply({"strings": found}, [line.add((quoted, "string"))])


def _read_string(context: CommandContext, address: Address) -> bytes:
    data = b""
    while len(data) < _LONGEST_STRING:
        at = address + len(data)
        size = 256 - at % 256  # never beyond a page that holds part of the string
        try:
            data += context.session.memory.read(Address(at), size)
        except MemoryFault:
            if not data:
                raise
            break
        if b"\0" in data:
            return data[: data.index(b"\0")]
    return data


def _instructions(context: CommandContext, address: Address, count: int) -> Reply:
    found = context.session.memory.disassemble(address, count=count)
    if found:
        context.position.address = found[-1].address + found[-1].size
    rows = [(_address_cell(Address(one.address)), Text(one.text)) for one in found]
    data: list[Json] = [
        {"address": describe.address(one.address), "text": one.text} for one in found
    ]
    return Reply({"instructions": data}, columns(rows))


def memory_read(context: CommandContext, arguments: Arguments) -> Reply:
    """Show memory, by default as bytes: ``memory read [-c COUNT] … ADDRESS [END]``."""
    options = arguments.options(
        {"c": int, "count": int, "s": int, "size": int, "f": True, "format": True}
    )
    address = address_of(context, arguments.need_word("an address"))
    end = arguments.word()
    size = int(options.get("s") or options.get("size") or 1)
    if size not in _SIZE_NAMES:
        raise NotFoundError("size", str(size), tuple(map(str, _SIZE_NAMES)))
    count = int(options.get("c") or options.get("count") or 32)
    if end is not None:
        count = max(1, (address_of(context, end) - address) // size)
    letter = (options.get("f") or options.get("format") or "x")[:1]
    if letter not in _FORMATS:
        raise NotFoundError("format", letter, tuple(_FORMATS))
    if size > 1 or letter != "x":
        return _words(context, address, min(count, _MOST_ITEMS), letter, size)
    return _dump(context, address, min(count, _MOST_ITEMS))


def _dump(context: CommandContext, address: Address, count: int) -> Reply:
    data = context.session.memory.read(address, count)
    lines: list[Text] = []
    for offset in range(0, len(data), _LINE_BYTES):
        chunk = data[offset : offset + _LINE_BYTES]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in chunk)
        line = _address_cell(Address(address + offset))
        line.add(f"  {chunk.hex(' '):<{_LINE_BYTES * 3 - 1}}  ", (shown, "string"))
        lines.append(line)
    return Reply({"address": describe.address(address), "bytes": data.hex()}, lines)


def memory_write(context: CommandContext, arguments: Arguments) -> Reply:
    """Change bytes of memory: ``memory write ADDRESS BYTE…``."""
    address = address_of(context, arguments.need_word("an address"))
    words = arguments.need_rest("bytes").split()
    try:
        data = bytes(int(word, 16) for word in words)
    except ValueError as error:
        raise UsageError(
            "bytes are hexadecimal numbers up to ff", hint="memory write 0x7ffe01 de ad"
        ) from error
    context.session.memory.write(address, data)
    return Reply({"address": describe.address(address), "size": len(data)})


GROUP = Group(
    "Memory and registers",
    (
        Command(
            ("x",),
            examine,
            "Show memory",
            ("x[/COUNT FORMAT SIZE] [ADDRESS]",),
            (
                ("x/4xg $sp", "four words of eight bytes, in hexadecimal"),
                ("x/s ptr", "a NUL-terminated string"),
                ("x/5i $pc", "five instructions"),
                ("x", "further on, in the same format"),
            ),
            "Formats x z d u o t a c f s i; sizes b (1 byte), h (2), w (4), g (8).",
            completes="expression",
            repeats="verb",
        ),
        Command(
            ("memory read",),
            memory_read,
            "Show memory as bytes and characters",
            ("memory read [-c COUNT] [-s SIZE] [-f FORMAT] ADDRESS [END]",),
            (("memory read -c 64 $sp", "64 bytes of the stack"),),
            completes="expression",
        ),
        Command(
            ("memory write",),
            memory_write,
            "Change bytes of memory",
            ("memory write ADDRESS BYTE…",),
            (("memory write 0x7ffe1000 de ad be ef", "four bytes"),),
        ),
        *register_access.COMMANDS,
    ),
)
