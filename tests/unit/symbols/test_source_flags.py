"""Flags of a struct, read from the source."""

from __future__ import annotations

import pytest

from crabtrap.symbols.source_flags import Flags, find_flags


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("bitflags! { pub struct S: u8 { const A = 1; const B = 2; } }", [("A", "1"), ("B", "2")]),
        ("m! { struct S : u32\n{ const A = 1 << 3;\n const ALL = Self::A.bits(); } }",
         [("A", "1 << 3"), ("ALL", "Self::A.bits()")]),
        ("m! { struct S: u8 { /// const C = 1;\n #[doc = \"a;b\"] const A = 1; // ;\n } }",
         [("A", "1")]),
        ("m! { struct S: u8 { #[cfg(unix)] const A = 1; const B = 2; } }", [("B", "2")]),
        ("m! { struct S: u8 { const A = 1; const _ = !0; } }", [("A", "1")]),
        ("m! { struct S: u8 { const A = 1; } } m! { impl T: u8 { const B = 1; } }", [("A", "1")]),
    ],
)  # fmt: skip
def test_constants_in_the_macro_are_flags(source: str, expected: list[tuple[str, str]]):
    assert find_flags(source.splitlines(), "S") == (tuple(expected),)


@pytest.mark.parametrize(
    "source",
    [
        "struct S { a: u8 }",
        "struct S(u8); impl S { const A: u8 = 1; }",
        "// m! { struct S: u8 { const A = 1; } }",
        "m! { struct Small: u8 { const A = 1; } }",
    ],
)
def test_other_structs_have_none(source: str):
    none: tuple[Flags, ...] = ()
    assert find_flags(source.splitlines(), "S") == none
