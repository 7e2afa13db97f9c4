"""Linespecs: breakpoint locations as users write them."""

import pytest

from crabtrap.address import Address
from crabtrap.errors import ParseError
from crabtrap.symbols.linespec import (
    AddressSpec,
    ExpressionSpec,
    FunctionSpec,
    LineSpec,
    RegexSpec,
    Spec,
    parse_spec,
)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("main.rs:10", LineSpec("main.rs", 10)),
        ("src/main.rs:10:5", LineSpec("src/main.rs", 10, 5)),
        (":10", LineSpec(None, 10)),
        (" 10 ", LineSpec(None, 10)),
        ("10:5", LineSpec(None, 10, 5)),
        ("a dir/x:1.rs:3", LineSpec("a dir/x:1.rs", 3)),
        ("Point::norm", FunctionSpec("Point::norm")),
        ("<Dog as Animal>::name", FunctionSpec("<Dog as Animal>::name")),
        ("/^app::.*new$/", RegexSpec("^app::.*new$")),
        ("*0x401_000", AddressSpec(Address(0x401000))),
        ("*4096", AddressSpec(Address(4096))),
        ("*handler as usize", ExpressionSpec("handler as usize")),
    ],
)
def test_linespec_is_parsed(text: str, spec: Spec) -> None:
    assert parse_spec(text) == spec


@pytest.mark.parametrize(("text", "at"), [("", 0), ("  ", 0), ("*", 1), ("/a(/", 2)])
def test_malformed_linespec_gives_the_position_of_the_error(text: str, at: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse_spec(text)
    assert caught.value.start == at
