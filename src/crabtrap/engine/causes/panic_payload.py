"""Reading the arguments that std passes to panic hooks, with every value checked."""

from __future__ import annotations

import re
import struct
from itertools import pairwise
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.records import dataclass
from crabtrap.symbols.names import path_segments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crabtrap.engine.inspect.process import Process

MESSAGE_LIMIT = 64 << 10
"""Limit on the bytes of a message that are read."""

_PATH_LIMIT = 4096
_COLUMN_LIMIT = 1 << 20
_LINE_LIMIT = 1 << 28
_SIZE_LIMIT = 1 << 30
_ALIGNMENT_LIMIT = 4096
_CAPACITY_LIMIT = 1 << 63
_TYPE_ID_SLOT = 3  # drop, size, align, type_id

_STR_TYPES = ("&str", "&'static str")
_STRING_TYPES = ("alloc::string::String",)
_ANY_SYMBOL = r"^<(?P<type>.+) as core::any::Any>::type_id$"
_FORMATTED = r"FormatStringPayload|begin_panic_handler::PanicPayload\b"
_STATIC = r"StaticStrPayload|StrPanicPayload"
_GENERIC = r"(?:Payload|PanicPayload|take_box|get|fmt|as_str)<(?P<type>.+?)>(?= as |$)"


@dataclass(frozen=True, slots=True)
class PanicLocation:
    """A ``core::panic::Location``: 1-based line and column of a file."""

    path: str
    line: int
    column: int


def read_words(process: Process, address: int, count: int) -> tuple[int, ...]:
    """Read ``count`` 64-bit words at ``address``; ``()`` where they cannot be read."""
    try:
        return struct.unpack(f"<{count}Q", process.memory.read(address, 8 * count))
    except MemoryFault:
        return ()


def read_location(process: Process, address: int) -> PanicLocation | None:
    """Read the ``Location`` at ``address``, ``None`` if there is none.

    Locations and their file names are constants of a module, names are printable UTF-8,
    lines and columns are 1-based.
    """
    if address % 8 or process.modules.find(address) is None:
        return None
    words = read_words(process, address, 3)
    if not words or process.modules.find(words[0]) is None:
        return None
    size, line, column = words[1], words[2] & 0xFFFF_FFFF, words[2] >> 32
    if not (0 < size <= _PATH_LIMIT and 0 < line < _LINE_LIMIT and 0 < column < _COLUMN_LIMIT):
        return None
    path = _read_text(process, words[0], size)
    return PanicLocation(path, line, column) if path and path.isprintable() else None


def is_vtable(process: Process, address: int, slots: int) -> bool:
    """Whether a trait object's vtable of at least ``slots`` words begins at ``address``."""
    if address % 8 or process.modules.find(address) is None:
        return False
    words = read_words(process, address, slots)
    if not words:
        return False
    drop, size, alignment, *methods = words
    return (
        (drop == 0 or _is_code(process, drop))
        and size < _SIZE_LIMIT
        and 0 < alignment <= _ALIGNMENT_LIMIT
        and alignment & (alignment - 1) == 0
        and all(_is_code(process, method) for method in methods)
    )


def read_any_message(process: Process, words: Sequence[int]) -> str | None:
    """Read the text of the ``&dyn Any`` among ``words``, if it is a ``&str`` or ``String``.

    The name of the vtable's ``type_id`` function says which of the two it is: every type
    has a function of its own.
    """
    for data, vtable in pairwise(words):
        if not is_vtable(process, vtable, _TYPE_ID_SLOT + 1):
            continue
        type_name = _any_type(process, read_words(process, vtable, 4)[_TYPE_ID_SLOT])
        if type_name in _STR_TYPES:
            return _read_str(process, data)
        if type_name in _STRING_TYPES:
            return _read_string(process, data)
    return None


def read_payload_message(process: Process, data: int, vtable: int) -> str | None:
    """Read the text of a ``&mut dyn PanicPayload`` whose hook has been called."""
    if not is_vtable(process, vtable, 5):
        return None
    for slot in read_words(process, vtable, 5)[3:]:
        for name in _code_names(process, slot):
            generic = re.search(_GENERIC, name)
            type_name = generic["type"] if generic else ""
            if re.search(_STATIC, name) or type_name in _STR_TYPES:
                return _read_str(process, data)
            if re.search(_FORMATTED, name):
                found = _read_string(process, data)
                return found if found is not None else _read_string(process, data + 8)
            if type_name in _STRING_TYPES:
                return _read_string(process, data)
    return None


def _any_type(process: Process, type_id: int) -> str | None:
    """Return ``T`` of a ``<T as Any>::type_id``, by its symbol, else by debug information."""
    for name in _code_names(process, type_id):
        match = re.match(_ANY_SYMBOL, name)
        if match is not None and match["type"] != "T":
            return match["type"]
        last = path_segments(name)[-1]
        if last.startswith("type_id<") and last.endswith(">"):
            return last[len("type_id<") : -1]
    return None


def _code_names(process: Process, address: int) -> Iterable[str]:
    symbol = process.modules.symbol_at(Address(address))
    if symbol is not None and symbol.address == address:
        yield symbol.name
    function = process.modules.function_at(Address(address))
    if function is not None and function.entry == address:
        yield function.name


def _is_code(process: Process, address: int) -> bool:
    module = process.modules.find(address)
    return module is not None and any(s <= address < e for s, e in module.executable_ranges)


def _read_str(process: Process, address: int) -> str | None:
    """Read a ``&str`` stored at ``address``."""
    words = read_words(process, address, 2)
    return _read_text(process, *words) if words else None


def _read_string(process: Process, address: int) -> str | None:
    """Read a ``String`` stored at ``address``, in either order that its fields have had."""
    words = read_words(process, address, 3)
    if not words:
        return None
    for capacity, pointer in (words[:2], words[1::-1]):
        if words[2] <= capacity < _CAPACITY_LIMIT:
            text = _read_text(process, pointer, words[2])
            if text is not None:
                return text
    return None


def _read_text(process: Process, pointer: int, size: int) -> str | None:
    """Read at most ``MESSAGE_LIMIT`` of ``size`` bytes as UTF-8; ``None`` if they are not."""
    if size == 0:
        return "" if pointer else None
    try:
        data = process.memory.read(pointer, min(size, MESSAGE_LIMIT))
    except MemoryFault:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_inside_character = size > MESSAGE_LIMIT and error.start > MESSAGE_LIMIT - 4
        return data[: error.start].decode("utf-8") if cut_inside_character else None
