"""Names and paths of types, and rules' patterns for them."""

from __future__ import annotations

import pytest

from crabtrap.present.rules.rule import PatternText
from crabtrap.symbols.types import PathText, SyntheticRow, parse_type_path, shorten_name
from tests.support.synthetic_types import World


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("u8", "u8"),
        ("alloc::string::String", "String"),
        ("Vec<alloc::string::String, alloc::alloc::Global>", "Vec<String>"),
        ("Vec<Vec<u8, alloc::alloc::Global>, alloc::alloc::Global>", "Vec<Vec<u8>>"),
        ("HashMap<u8, u8, std::hash::random::RandomState>", "HashMap<u8, u8>"),
        ("HashMap<u8, u8, m::Hasher>", "HashMap<u8, u8, Hasher>"),
        ("&mut [m::Point]", "&mut [Point]"),
        ("alloc::boxed::Box<dyn m::Animal, alloc::alloc::Global>", "Box<dyn Animal>"),
        ("fn(m::A) -> m::B", "fn(A) -> B"),
        ("main::leaf::{async_fn_env#0}", "leaf::{async_fn_env#0}"),
        ("(m::A, &m::B)", "(A, &B)"),
        ("<m::Dog as m::Animal>::{vtable}", "<Dog as Animal>::{vtable}"),
    ],
)
def test_short_names(name, short):
    assert shorten_name(name) == short


@pytest.mark.parametrize(
    ("text", "head", "arguments"),
    [
        ("a::B", "a::B", ()),
        ("a::B<C>", "a::B", ("C",)),
        ("a::B<C<D, E>, [F; 3]>", "a::B", ("C<D, E>", "[F; 3]")),
        ("B<fn(i32) -> u8, X>", "B", ("fn(i32) -> u8", "X")),
        ("B<dyn Fn<(i32), Output=u8>>", "B", ("dyn Fn<(i32), Output=u8>",)),
        ("a::f<T>::{closure_env#0}<U>", "a::f<T>::{closure_env#0}", ("U",)),
        ("fn() -> u8", "fn() -> u8", ()),
    ],
)
def test_paths_are_taken_apart(text, head, arguments):
    assert parse_type_path(text) == PathText(head, arguments)


@pytest.mark.parametrize(
    ("pattern", "path", "captures"),
    [
        ("alloc::vec::Vec<$T, $A?>", "alloc::vec::Vec<u8, G>", {"$T": "u8", "$A": "G"}),
        ("alloc::vec::Vec<$T, $A?>", "alloc::vec::Vec<u8>", {"$T": "u8"}),
        ("alloc::vec::Vec<$T, $A?>", "app::vec::Vec<u8>", None),
        ("std::sync::**::Mutex<$T>", "std::sync::mutex::Mutex<u8>", {"$T": "u8"}),
        ("std::sync::**::Mutex<$T>", "std::sync::poison::mutex::Mutex<u8>", {"$T": "u8"}),
        ("std::sync::**::Once", "std::sync::Once", {}),
        ("m::Map<*, $V>", "m::Map<u8, u16>", {"$V": "u16"}),
        ("m::Map<u8, $V>", "m::Map<u16, u16>", None),
        ("m::*::T", "m::a::T", {}),
        ("m::*::T", "m::a::b::T", None),
        ("m::T", "m::T<u8>", {}),
    ],
)
def test_patterns(pattern, path, captures):
    found = PatternText.parse(pattern).match(parse_type_path(path))
    shown = None if found is None else {name: text for name, (_, text) in found.items()}
    assert shown == captures


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


def test_a_declaration_is_the_type_that_another_unit_describes():
    world = World()
    row = world.type(world.struct("m::Inner", [("x", world.base("u8"))]))
    world.struct("other::m::Inner", [])
    world.rows.append(SyntheticRow("opaque", "Inner", None, path="m::Inner", die=len(world.rows)))
    declared = world.get(len(world.rows) - 1)
    assert declared is world.get(row.die)
    assert world.get(world.add(SyntheticRow("opaque", "Gone", None, path="m::Gone"))).size is None
