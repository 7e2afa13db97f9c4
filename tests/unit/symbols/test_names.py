from dataclasses import dataclass

import pytest

from crabtrap.symbols.names import full_function_name, function_name, path_segments, shorten_path


@dataclass(frozen=True)
class Named:
    path: str
    name: str


@pytest.mark.parametrize(
    ("path", "name", "short", "full"),
    [
        ("app::main", "app::main", "app::main", "app::main"),
        ("app::run::h0123456789abcdef", "app::run", "app::run", "app::run"),
        (
            "app::sum<alloc::vec::Vec<app::Item>>",
            "app::sum<alloc::vec::Vec<app::Item>>",
            "app::sum<Vec<Item>>",
            "app::sum<alloc::vec::Vec<app::Item>>",
        ),
        # v0 symbols put the type of an inherent method into brackets.
        ("<app::Point>::norm", "app::{impl#0}::norm", "app::Point::norm", "app::Point::norm"),
        (
            "<app::Wrapper<u8>>::show<u8>",
            "app::{impl#0}::show<u8>",
            "app::Wrapper<u8>::show<u8>",
            "app::Wrapper<u8>::show<u8>",
        ),
        (
            "<[app::Item]>::sum",
            "app::{impl#0}::sum",
            "<[Item]>::sum",
            "<[app::Item]>::sum",
        ),
        (
            "core::ops::function::FnOnce::call_once<fn(), ()>",
            "core::ops::function::FnOnce::call_once<fn(), ()>",
            "core::ops::function::FnOnce::call_once<fn(), ()>",
            "core::ops::function::FnOnce::call_once<fn(), ()>",
        ),
    ],
)
def test_display_names(path: str, name: str, short: str, full: str) -> None:
    named = Named(path, name)
    assert function_name(named) == short
    assert full_function_name(named) == full


def test_long_generics_are_elided_but_never_the_self_type() -> None:
    argument = "std::collections::HashMap<alloc::string::String, Vec<(u8, u16, u32, u64, u128)>>"
    assert shorten_path(f"app::run<{argument}>") == "app::run<HashMap<…>>"
    assert shorten_path(f"app::run<({argument}, u8)>") == "app::run<(HashMap<…>, u8)>"
    assert shorten_path(f"app::run<{', '.join(['app::Argument'] * 9)}>") == "app::run<…>"
    assert shorten_path(f"<{argument} as app::T>::run").startswith("<HashMap<String, Vec<")


def test_an_arrow_is_not_a_closing_bracket() -> None:
    assert shorten_path("app::call<fn(a::A) -> b::B>") == "app::call<fn(A) -> B>"


def test_segments_split_outside_brackets() -> None:
    assert path_segments("<a::T as b::U>::run<c::V>") == ("<a::T as b::U>", "run<c::V>")
    assert path_segments("one") == ("one",)
    assert path_segments("a::{closure#0}<fn() -> b::C>") == ("a", "{closure#0}<fn() -> b::C>")
