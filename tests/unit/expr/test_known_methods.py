"""Which methods are offered after an expression and a dot."""

from __future__ import annotations

import struct

import pytest

from crabtrap.errors import CrabtrapError
from crabtrap.expr.known_methods import known_methods
from crabtrap.expr.scope import EmptyScope
from crabtrap.expr.scope_names import NoMethods
from crabtrap.present import std_presenter
from tests.support.synthetic_types import World

BOOK = std_presenter().book


class Written:
    """The program has written some methods itself."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def find(self, type_, name):
        return f"<{type_.path}>::{name}" if name in self.names else None


class OnePoint(EmptyScope):
    """Has a variable ``p`` of a type of the program."""

    def __init__(self) -> None:
        world = World()
        point = world.struct("m::Point", [("x", world.base("f64"))])
        self.value = world.value(point, struct.pack("<d", 1.5))

    def lookup(self, name):
        return self.value if name == "p" else None


def methods(text: str, own=None) -> tuple[str, ...]:
    return known_methods(text, OnePoint(), BOOK, own or NoMethods())


def test_what_the_program_has_written_itself_is_not_offered() -> None:
    assert {"clone", "eq", "partial_cmp"} <= set(methods("p"))
    assert not {"clone", "eq"} & set(methods("p", Written("clone", "eq")))


def test_a_trait_that_the_type_has_not_offers_nothing() -> None:
    assert "cmp" not in methods("p")  # it holds a float
    assert "to_string" not in methods("p")
    assert {"total_cmp", "to_string"} <= set(methods("p.x"))
    assert "rev" in methods("(0..3)")
    assert "rev" not in methods("(0..3).take_while(|x| *x < 2)")


def test_methods_of_the_type_itself_come_first() -> None:
    found = methods('"text"')
    assert found.index("trim") < found.index("clone")


@pytest.mark.parametrize("text", ["nothing", "p.y", "1 +", "1u8 + 1u16"])
def test_what_cannot_be_typed_has_none(text: str) -> None:
    with pytest.raises(CrabtrapError):
        methods(text)
