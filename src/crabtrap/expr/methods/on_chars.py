"""Methods of ``char`` and ``bool``; those of ``char`` by Rust's own tables."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap import _core
from crabtrap.expr import computed, indirection
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.scope import EvaluationError
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Char, UnavailableError, Value
from crabtrap.values.decode import Invalid

_TESTS = [
    "is_alphabetic",
    "is_alphanumeric",
    "is_numeric",
    "is_uppercase",
    "is_lowercase",
    "is_whitespace",
    "is_control",
]
ASCII_CLASSES = [
    "is_ascii_alphabetic",
    "is_ascii_alphanumeric",
    "is_ascii_control",
    "is_ascii_digit",
    "is_ascii_graphic",
    "is_ascii_hexdigit",
    "is_ascii_lowercase",
    "is_ascii_punctuation",
    "is_ascii_uppercase",
    "is_ascii_whitespace",
]
"""Of ``char`` and of ``u8``."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def char_of(value: Value, call: Invocation) -> str:
    """The character that a value is.

    Raises:
        UnavailableError: Its bytes are no character.
    """
    found = indirection.scalar(value, call.presenter).valid()
    if isinstance(found, Char):
        return found.text
    if isinstance(found, Invalid):
        raise UnavailableError(found.reason)
    raise EvaluationError(f"{value.type.name} is not a char", call.tree.span)


def _char(call: Invocation) -> str:
    return char_of(call.value, call)


def _test(call: Invocation) -> Value:
    return computed.boolean(_core.char_test(call.tree.name, _char(call)))


def _case(call: Invocation) -> Value:
    text = _core.char_map(call.tree.name, _char(call))

    def begin() -> Iterator[Value]:
        return map(computed.char, text)

    return computed.lazily(begin, "ToUppercase")


def _ascii_case(call: Invocation) -> Value:
    return computed.char(_core.char_map(call.tree.name, _char(call)))


def _digit(char: str, radix: int, call: Invocation) -> int | None:
    if not 2 <= radix <= 36:
        raise EvaluationError("to_digit: invalid radix -- radix must be 2 to 36", call.tree.span)
    at = _DIGITS[:radix].find(char.lower()) if char.isascii() else -1
    return None if at < 0 else at


def _to_digit(call: Invocation) -> Value:
    digit = _digit(_char(call), call.integer(), call)
    return computed.option(None if digit is None else computed.integer(digit, PRIMITIVES["u32"]))


def _is_digit(call: Invocation) -> Value:
    return computed.boolean(_digit(_char(call), call.integer(), call) is not None)


def _length(call: Invocation) -> Value:
    encoding, unit = ("utf-8", 1) if call.tree.name == "len_utf8" else ("utf-16-le", 2)
    return computed.usize(len(_char(call).encode(encoding)) // unit)


def _ignoring_case(call: Invocation) -> Value:
    lower = [
        _core.char_map("to_ascii_lowercase", each)
        for each in (_char(call), char_of(call.argument(), call))
    ]
    return computed.boolean(lower[0] == lower[1])


def _from_u32(call: Invocation) -> Value:
    number = call.integer()
    valid = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return computed.option(computed.char(chr(number)) if valid else None)


def _from_digit(call: Invocation) -> Value:
    number, radix = call.integer(0), call.integer(1)
    if not 2 <= radix <= 36:
        raise EvaluationError("from_digit: radix is too high (maximum 36)", call.tree.span)
    return computed.option(computed.char(_DIGITS[number]) if number < radix else None)


CHAR: dict[str, Method] = {
    **{f"fn {name}(self) -> bool": _test for name in _TESTS},
    **{f"fn {name}(&self) -> bool": _test for name in ("is_ascii", *ASCII_CLASSES)},
    "fn to_uppercase(self) -> Shown<char>": _case,
    "fn to_lowercase(self) -> Shown<char>": _case,
    "fn escape_debug(self) -> Escaped<char>": _case,
    "fn escape_default(self) -> Escaped<char>": _case,
    "fn escape_unicode(self) -> Escaped<char>": _case,
    "fn to_ascii_uppercase(&self) -> char": _ascii_case,
    "fn to_ascii_lowercase(&self) -> char": _ascii_case,
    "fn is_digit(self, radix: u32) -> bool": _is_digit,
    "fn to_digit(self, radix: u32) -> Option<u32>": _to_digit,
    "fn len_utf8(self) -> usize": _length,
    "fn len_utf16(self) -> usize": _length,
    "fn eq_ignore_ascii_case(&self, other: &char) -> bool": _ignoring_case,
    "fn from_u32(i: u32) -> Option<char>": _from_u32,
    "fn from_digit(num: u32, radix: u32) -> Option<char>": _from_digit,
}
"""Of ``char``."""


def _then(call: Invocation) -> Value:
    if not call.truth():
        return computed.option(None)
    lazy = call.tree.name == "then"
    return computed.option(call.function()() if lazy else call.argument())


BOOL: dict[str, Method] = {
    "fn then<T>(self, f: impl FnOnce() -> T) -> Option<T>": _then,
    "fn then_some<T>(self, t: T) -> Option<T>": _then,
}
"""Of ``bool``."""
