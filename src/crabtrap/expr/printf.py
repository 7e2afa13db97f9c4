"""``printf``: a text with ``%d``, ``%s`` and the like, as C has them, for values of Rust.

Lengths (``%ld``, ``%zu``) are read over, since every value knows its own size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from crabtrap.errors import RangeError, UsageError
from crabtrap.expr.indirection import look_through
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import PointerView, ScalarView, TextView
from crabtrap.records import dataclass
from crabtrap.values import Char, Value

_CONVERSION = re.compile(
    r"%(?P<flags>[-+ 0#]*)(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d*))?"
    r"(?:hh|h|ll|l|q|j|z|t|L)?(?P<letter>.)?",
    re.DOTALL,
)
_SIGNED, _UNSIGNED, _FLOATS = "di", "uxXob", "fFeEgG"
_DIGITS = {"x": "x", "X": "X", "o": "o", "b": "b"}
_PREFIXES = {"x": "0x", "X": "0X", "b": "0b"}
_LETTERS = f"{_SIGNED}{_UNSIGNED}{_FLOATS}csp"
_MAX_WIDTH = 1 << 12
_LAST_CHAR = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class _Conversion:
    """``%-8.3f``, its width and precision given."""

    text: str
    flags: str
    width: int
    precision: int | None
    letter: str

    def padded(self, body: str) -> str:
        """A text, up to the width."""
        return body.ljust(self.width) if "-" in self.flags else body.rjust(self.width)

    def number(self, number: int, prefix: str = "", digits: str = "d") -> str:
        """An integer with its sign and prefix, zeros up to the precision or the width."""
        sign = "-" if number < 0 else next((each for each in "+ " if each in self.flags), "")
        body = format(abs(number), digits).rjust(self.precision or 0, "0")
        if digits == "o" and "#" in self.flags and not body.startswith("0"):
            body = f"0{body}"
        if "0" in self.flags and "-" not in self.flags and self.precision is None:
            body = body.rjust(self.width - len(sign) - len(prefix), "0")
        return self.padded(f"{sign}{prefix}{body}")


class Printf:
    """Writes texts with values in them."""

    def __init__(self, presenter: Presenter, render: Callable[[Value], str]) -> None:
        """Make one.

        Args:
            presenter: Finds the texts and numbers that values are.
            render: Shows a value on one line, for a ``%s`` of what is no text.
        """
        self._presenter = presenter
        self._render = render

    def write(self, values: tuple[Value, ...]) -> str:
        """Write the first value, a text, with the others in the place of its conversions.

        Raises:
            UsageError: A conversion is unknown or does not fit its value, or there are more
                or fewer values than conversions.
        """
        pattern = self._text(values[0]) if values else None
        if pattern is None:
            raise UsageError("a text belongs first", hint='printf "x is %d\\n", x')
        left = iter(values[1:])
        written = "".join(self._pieces(pattern, left))
        if next(left, None) is not None:
            raise UsageError(f"there are more values than conversions in {pattern!r}")
        return written

    def _pieces(self, pattern: str, values: Iterator[Value]) -> Iterator[str]:
        position = 0
        for match in _CONVERSION.finditer(pattern):
            yield pattern[position : match.start()]
            position = match.end()
            if match[0] == "%%":
                yield "%"
                continue
            conversion = self._conversion(match, values)
            yield self._converted(conversion, _next(values, conversion.text))
        yield pattern[position:]

    def _conversion(self, match: re.Match[str], values: Iterator[Value]) -> _Conversion:
        text, letter = match[0], match["letter"] or ""
        if not letter or letter not in _LETTERS:
            known = " ".join(f"%{each}" for each in _LETTERS)
            raise UsageError(f"{text} is no conversion", hint=f"there are {known}, and %% for %")
        flags, width = match["flags"], self._count(match["width"], text, values)
        precision = self._count(match["precision"], text, values)
        if width is not None and width < 0:
            flags, width = f"{flags}-", -width
        if max(width or 0, precision or 0) > _MAX_WIDTH:
            raise RangeError(f"{text} is too wide: {_MAX_WIDTH} characters at most")
        if precision is not None and precision < 0:
            precision = None
        return _Conversion(text, flags, width or 0, precision, letter)

    def _count(self, given: str | None, text: str, values: Iterator[Value]) -> int | None:
        if given == "*":
            return self._integer(_next(values, text), text)[0]
        return None if given is None else int(given or 0)

    def _converted(self, conversion: _Conversion, value: Value) -> str:
        letter, text = conversion.letter, conversion.text
        if letter in _SIGNED:
            return conversion.number(self._integer(value, text)[0])
        if letter in _UNSIGNED:
            number, bits = self._integer(value, text)
            prefix = _PREFIXES.get(letter, "") if "#" in conversion.flags and number else ""
            return conversion.number(number % (1 << bits), prefix, _DIGITS.get(letter, "d"))
        if letter in _FLOATS:
            number = self._float(value, text)
            flags = conversion.flags if math.isfinite(number) else conversion.flags.replace("0", "")
            return f"%{flags}{conversion.width}{_point(conversion)}{letter}" % number
        if letter == "p":
            address = value.pointer_address() if value.is_pointer else self._integer(value, text)[0]
            return conversion.padded(f"{address:#x}")
        if letter == "c":
            code = self._integer(value, text)[0]
            if not 0 <= code <= _LAST_CHAR or code in _SURROGATES:
                raise RangeError(f"{code:#x} is no character")
            return conversion.padded(chr(code))
        shown = self._text(value)
        shown = self._render(value) if shown is None else shown
        return conversion.padded(shown[: conversion.precision])

    def _text(self, value: Value) -> str | None:
        """The characters of a text or ``char``, ``None`` for what is neither."""
        _, view = look_through(value, self._presenter)
        match view:
            case TextView():
                return view.all_bytes().decode("utf-8", "replace")
            case ScalarView(scalar) if isinstance(found := scalar.valid(), Char):
                return found.text
            case _:
                return None

    def _integer(self, value: Value, text: str) -> tuple[int, int]:
        """A number, with how many bits it has: of integers, pointers, ``bool`` and ``char``."""
        found, view = look_through(value, self._presenter)
        if isinstance(view, PointerView) and view.address is not None:
            return view.address, 64
        if isinstance(view, ScalarView):
            number = view.value.valid()
            bits = 8 * (view.value.shape.size or 8)
            if isinstance(number, Char):
                return ord(number.text), bits
            if isinstance(number, int):
                return int(number), bits
            if view.value.shape.kind == "enum":
                return view.value.integer(), bits
        raise _unfit(text, "an integer", found)

    def _float(self, value: Value, text: str) -> float:
        found, view = look_through(value, self._presenter)
        number = view.value.valid() if isinstance(view, ScalarView) else None
        if isinstance(number, int | float) and not isinstance(number, bool):
            return float(number)
        raise _unfit(text, "a number", found)


def _next(values: Iterator[Value], text: str) -> Value:
    found = next(values, None)
    if found is None:
        raise UsageError(f"there is no value for {text}")
    return found


def _point(conversion: _Conversion) -> str:
    return "" if conversion.precision is None else f".{conversion.precision}"


def _unfit(text: str, wanted: str, value: Value) -> UsageError:
    return UsageError(f"{text} wants {wanted}, not a {value.type.name}", hint="%s shows anything")
