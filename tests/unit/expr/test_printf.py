"""``printf``, with the C library's own as the oracle for numbers."""

from __future__ import annotations

import ctypes
import random

import pytest

from crabtrap.errors import UsageError
from crabtrap.expr import computed
from crabtrap.expr.printf import Printf
from crabtrap.present import render, std_presenter
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Value

_LIBC = ctypes.CDLL(None)
_SIZES = {"i8": "hh", "i16": "h", "i32": "", "i64": "l"}


@pytest.fixture
def printf() -> Printf:
    presenter = std_presenter()
    return Printf(presenter, lambda value: render(value, presenter))


def by_c(pattern: str, *values: object) -> str:
    buffer = ctypes.create_string_buffer(512)
    _LIBC.snprintf(buffer, len(buffer), pattern.encode(), *values)
    return buffer.value.decode()


def flags_of(pick: random.Random, letters: str) -> str:
    flags = "".join(each for each in letters if pick.random() < 0.3)
    width = pick.choice(("", "1", "7", "12"))
    return flags + width + pick.choice(("", "", ".", ".0", ".3", ".9"))


def test_integers_are_written_as_c_writes_them(printf: Printf) -> None:
    pick = random.Random("printf integers")
    for _ in range(5000):
        type_ = pick.choice([*_SIZES])
        bits = 8 * (PRIMITIVES[type_].size or 0)
        number = pick.choice((0, 1, -1, pick.randrange(-(1 << bits - 1), 1 << bits - 1)))
        letter = pick.choice("diuxXo")
        flags = flags_of(pick, "-0+ " if letter in "di" else "-0#")
        value = computed.integer(number, PRIMITIVES[type_])
        expected = by_c(f"%{flags}{_SIZES[type_]}{letter}", ctypes.c_int64(number))
        if number == 0 and flags.endswith((".", ".0")):
            continue  # C writes nothing at all
        assert printf.write((computed.text(f"%{flags}{letter}"), value)) == expected, flags


def test_floats_are_written_as_c_writes_them(printf: Printf) -> None:
    pick = random.Random("printf floats")
    for _ in range(5000):
        number = pick.choice((0.0, -0.0, 1.5, pick.uniform(-1e6, 1e6), 10 ** pick.uniform(-9, 9)))
        number = pick.choice((number, number, float("inf"), float("-inf")))
        pattern = f"%{flags_of(pick, '-0+ #')}{pick.choice('fFeEgG')}"
        expected = by_c(pattern, ctypes.c_double(number))
        value = computed.real(number, PRIMITIVES["f64"])
        assert printf.write((computed.text(pattern), value)) == expected, pattern


def test_texts_chars_and_whatever_else(printf: Printf) -> None:
    def written(pattern: str, *values: Value) -> str:
        return printf.write((computed.text(pattern), *values))

    text, char = computed.text("naïve"), computed.char("é")
    assert written("%s|%7s|%-7s|%.3s|%*s", text, text, text, text, number(6), text) == (
        "naïve|  naïve|naïve  |naï| naïve"
    )
    assert written("%c%c %d %s", char, number(65), char, char) == "éA 233 é"
    assert written("%d %s", computed.boolean(True), computed.boolean(True)) == "1 true"
    assert written("%b %#b %p %%", number(5), number(5), number(255)) == "101 0b101 0xff %"
    assert written("%ld %zu %hhx", number(1), number(2), number(3)) == "1 2 3"
    assert written("%*d|%-3d|", number(-3), number(1), number(2)) == "1  |2  |"


def number(value: int) -> Value:
    return computed.integer(value, PRIMITIVES["i32"])


@pytest.mark.parametrize(
    ("pattern", "values", "message"),
    [
        ("%d", (), "there is no value for %d"),
        ("%d", (1, 2), "more values than conversions"),
        ("%y", (1,), "%y is no conversion"),
        ("50%", (), "% is no conversion"),
        ("%d", ("a",), "%d wants an integer"),
        ("%f", ("a",), "%f wants a number"),
        ("%99999d", (1,), "too wide"),
        ("%c", (0xD800,), "0xd800 is no character"),
        ("%*d", ("a", 1), "wants an integer"),
    ],
)
def test_what_does_not_fit_is_an_error(
    printf: Printf, pattern: str, values: tuple[int | str, ...], message: str
) -> None:
    made = [number(each) if isinstance(each, int) else computed.text(each) for each in values]
    with pytest.raises(UsageError, match=message):
        printf.write((computed.text(pattern), *made))
