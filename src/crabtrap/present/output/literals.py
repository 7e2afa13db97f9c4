"""Scalars and texts as Rust's ``Debug`` writes them, or in a requested base."""

from __future__ import annotations

import math
import struct
from typing import Literal

from crabtrap.symbols.types import Type
from crabtrap.values import Char, Invalid, Value
from crabtrap.values.decode import Scalar, enumerator_name

FormatLetter = Literal["", "x", "z", "b", "t", "o", "d", "u", "c", "s", "a"]

FORMAT_LETTERS: tuple[FormatLetter, ...] = ("", "x", "z", "b", "t", "o", "d", "u", "c", "s", "a")
"""Hexadecimal, zero-filled hexadecimal, binary (twice), octal, signed, unsigned,
character, text, address with symbol; ``""`` is the type's own way."""

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", "\0": "\\0"}


def format_scalar(value: Value, letter: FormatLetter = "") -> str:
    """Read and format a number, bool, char, pointer or field-less enum.

    Invalid bytes are shown as ``<invalid bool: 7>``.
    """
    shape = value.shape
    data = value.read_bytes()
    if shape.kind == "enum" and not letter:
        return enumerator_name(shape, data) or str(value.decoded())
    decoded = value.decoded()
    if letter and letter != "s" and not isinstance(decoded, float):
        return format_integer(int.from_bytes(data, "little"), len(data), letter, shape)
    return format_decoded(decoded, len(data))


def format_decoded(decoded: Scalar | Char | Invalid, size: int) -> str:
    """Format a decoded scalar of ``size`` bytes."""
    match decoded:
        case bool():
            return "true" if decoded else "false"
        case int():
            return str(decoded)
        case float():
            return format_float(decoded, size)
        case Char(text):
            return f"'{escape(text, quote=chr(39))}'"
        case str():
            return f'"{escape(decoded)}"'
        case Invalid():
            return str(decoded)


def format_integer(bits: int, size: int, letter: FormatLetter, shape: Type | None = None) -> str:
    """Format the unsigned number ``bits`` of ``size`` bytes in another base."""
    match letter:
        case "x" | "a":
            return f"{bits:#x}"
        case "z":
            return f"{bits:#0{2 + size * 2}x}"
        case "b" | "t":
            return f"{bits:#b}"
        case "o":
            return f"{bits:#o}"
        case "u":
            return str(bits)
        case "c":
            return f"'{escape(chr(bits), quote=chr(39))}'" if bits < 0xD800 else f"{bits:#x}"
        case _:
            negative = bits >> (size * 8 - 1) and (shape is None or shape.kind == "base")
            return str(bits - (1 << size * 8) if negative else bits)


def format_float(number: float, size: int) -> str:
    """Format a float as the shortest text that reads back as the same ``f32`` or ``f64``.

    Example:
        >>> format_float(2.0, 8), format_float(1e16, 8), format_float(float("nan"), 4)
        ('2.0', '1e16', 'NaN')
    """
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "inf" if number > 0 else "-inf"
    text = repr(number) if size != 4 else _shortest_single(number)
    mantissa, mark, exponent = text.partition("e")
    if not mark:
        return text if "." in text else f"{text}.0"
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def _shortest_single(number: float) -> str:
    wanted = struct.pack("<f", number)
    for digits in range(1, 10):
        text = f"{number:.{digits}g}"
        try:
            if struct.pack("<f", float(text)) == wanted:
                return repr(float(text))
        except OverflowError:
            continue
    return repr(number)


def escape(text: str, quote: str = '"') -> str:
    r"""Escape as Rust's ``Debug`` does; control and direction-changing characters too.

    Example:
        >>> escape('a"b\n')
        'a\\"b\\n'
    """
    if text.isprintable() and "\\" not in text and quote not in text and text.isascii():
        return text
    return "".join(_escape_char(char, quote) for char in text)


def _escape_char(char: str, quote: str) -> str:
    known = _ESCAPES.get(char)
    if known is not None:
        return known
    if char == quote:
        return f"\\{char}"
    if "\udc80" <= char <= "\udcff":  # an undecodable byte, kept by surrogateescape
        return f"\\x{ord(char) - 0xDC00:02x}"
    if char.isprintable():
        return char
    return f"\\u{{{ord(char):x}}}"


def escape_bytes(data: bytes) -> str:
    """Escape bytes for a byte-string literal."""
    return "".join(
        _ESCAPES.get(chr(byte)) or ('\\"' if byte == 34 else chr(byte))
        if 32 <= byte < 127 or byte in (0, 9, 10, 13)
        else f"\\x{byte:02x}"
        for byte in data
    )


def decode_text(data: bytes, *, cut: bool = False) -> tuple[str, int | None]:
    """Decode UTF-8, invalid bytes as surrogates, and return where the first one is.

    Args:
        data: The bytes.
        cut: A limit cut the bytes, perhaps inside a character, which is then left out.
    """
    try:
        return data.decode(), None
    except UnicodeDecodeError as error:
        if cut and error.end == len(data) and error.reason == "unexpected end of data":
            return decode_text(data[: error.start])
        return data.decode("utf-8", "surrogateescape"), error.start
