"""Formulas in rules."""

from __future__ import annotations

import struct

import pytest

from crabtrap.present.field_paths import LayoutError
from crabtrap.present.rules.formula import FormulaError, evaluate, is_test, parse_formula
from crabtrap.values import UnavailableError
from tests.support.synthetic_types import World


@pytest.fixture
def value():
    world = World()
    u16 = world.base("u16")
    inner = world.struct("app::Inner", [("state", u16)])
    die = world.struct("app::Both", [("raw", inner), ("0", u16)])
    return world.value(die, struct.pack("<HH", 0x28, 3))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", 7),
        ("0x1f", 31),
        ("raw.state", 0x28),
        ("self.0", 3),
        ("raw.state >> 4 & 7", 2),
        ("1 + 2 * 3 - 4", 3),
        ("10 - 4 - 3", 3),
        ("(1 + 2) * 3", 9),
        ("1 | 6 & 3", 3),
        ("7 / 2 + 7 % 4", 6),
        ("1 << 4 == 16", 1),
        ("raw.state & 8 != 0", 1),
        ("self.0 >= 4", 0),
        ("self.0*2<7", 1),
    ],
)
def test_numbers(value, text, expected):
    assert evaluate(parse_formula(text), value) == expected


@pytest.mark.parametrize("text", ["", "1 +", "(1", "a b", "a $ b", "* 2", "1.5", "0.x", ")"])
def test_what_is_no_arithmetic(text):
    with pytest.raises(FormulaError):
        parse_formula(text)


def test_comparisons_are_tests():
    assert is_test(parse_formula("a >> 1 == 0"))
    assert not is_test(parse_formula("a >> 1"))
    assert not is_test(parse_formula("a"))


@pytest.mark.parametrize("text", ["self.0 / 0", "self.0 % 0", "1 << 1000", "1 >> (2 - 3)"])
def test_numbers_that_there_are_not(value, text):
    with pytest.raises(UnavailableError):
        evaluate(parse_formula(text), value)


def test_fields_that_are_not_there(value):
    with pytest.raises(LayoutError):
        evaluate(parse_formula("missing + 1"), value)
