"""Types resolved from rows of debug information."""

from __future__ import annotations

from crabtrap.symbols.types import SyntheticRow, Type, array_type
from tests.support.synthetic_types import World


def test_innermost_and_same_type():
    world = World()
    inner = world.struct("m::Inner", [("zero", world.base("()")), ("__0", world.base("u32"))])
    outer = world.get(world.struct("m::Outer", [("a", world.base("()")), ("inner", inner)]))
    found, offset = outer.innermost
    assert (found.name, offset) == ("u32", 0)
    other = World()
    twin = other.get(other.struct("m::Outer", [("x", other.base("u32"))]))
    assert outer.same_as(twin)
    assert not outer.same_as(found)


def test_a_declaration_resolves_to_the_definition_in_another_unit():
    world = World()
    row = world.type(world.struct("m::Inner", [("x", world.base("u8"))]))
    world.struct("other::m::Inner", [])
    world.rows.append(SyntheticRow("opaque", "Inner", None, path="m::Inner", die=len(world.rows)))
    declared = world.get(len(world.rows) - 1)
    assert declared is world.get(row.die)
    assert world.get(world.add(SyntheticRow("opaque", "Gone", None, path="m::Gone"))).size is None


def test_a_typedef_of_itself_is_stripped_in_finite_time():
    type_ = Type(SyntheticRow("typedef", "Loop", None))
    type_._target = type_
    assert type_.strip() is type_
    assert array_type(type_, 3).size is None
