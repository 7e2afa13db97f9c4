"""The last fields of structs, read from the source."""

from __future__ import annotations

import pytest

from crabtrap.symbols.source_structs import find_tail_type


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("struct S { a: u8, /* text: [u8] */ text: str }", ("str",)),
        ("pub struct S {\n a: Vec<(u8, u8)>,\n #[x(y)] pub(crate) rest: [u8],\n}", ("[u8]",)),
        ("struct S(u8, pub str);", ("str",)),
        ("struct S<'a>(&'a str); mod m { struct S { rest: [u8] } }", ("&'a str", "[u8]")),
        ("struct Same { a: str } // struct S { a: str }", ()),
        ("struct S;", ()),
    ],
)
def test_each_struct_of_the_name_tells_its_last_field(source: str, expected: tuple[str, ...]):
    assert find_tail_type(source.splitlines(), "S") == expected
