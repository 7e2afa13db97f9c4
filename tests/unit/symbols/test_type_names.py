"""Type names: shortened, and split into path and arguments."""

from __future__ import annotations

import pytest

from crabtrap.symbols.types import PathText, parse_type_path, short_type_name


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
    assert short_type_name(name) == short


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
def test_generic_arguments_are_split_off(text, head, arguments):
    assert parse_type_path(text) == PathText(head, arguments)
