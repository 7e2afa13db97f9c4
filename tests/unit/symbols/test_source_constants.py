"""Constants and const generics, read from the source."""

from __future__ import annotations

import pytest

from crabtrap.symbols.source_constants import SourceConstants

SOURCE = """\
const LIMIT: usize = 7; // const LIMIT: usize = 8;
const TEXT: &str = "a;b{";
#[cfg(unix)]
const SOME: u8 = 1;
mod inner {
    const LIMIT: u8 = 0x1f;
    fn f() {
        let x = 1; // in f
    }
}
struct Square<T>(T);
impl<T: Copy, const N: usize> Shape<[T; N]> for Square<T> {
    const SIDES: u32 = 4;
    const LIMIT: i8 = -1;
    fn sides<'a, U, const FLAG: bool>(&'a self, f: impl Fn(U) -> T) -> u32 {
        const LIMIT: char = '\\'';
        { const DEEP: f32 = 1.5; }
        Self::SIDES // in sides
    }
}
impl Square<u8> { const WIDTH: u8 = 1; }
impl Square<u16> { const WIDTH: u8 = 2; }
fn plain() {} // in plain
"""
LINES = SOURCE.splitlines()


def at(mark: str) -> int:
    return next(number for number, line in enumerate(LINES, 1) if line.endswith(f"// in {mark}"))


@pytest.mark.parametrize(
    ("path", "mark", "expected"),
    [
        ("LIMIT", "f", ("u8", "0x1f")),
        ("LIMIT", "plain", ("usize", "7")),
        ("LIMIT", "sides", ("char", "'\\''")),
        ("TEXT", "f", None),  # nothing imports it
        ("inner::LIMIT", "plain", ("u8", "0x1f")),
        ("super::LIMIT", "f", ("usize", "7")),
        ("self::LIMIT", "f", ("u8", "0x1f")),
        ("super::LIMIT", "plain", None),  # in another file
        ("crate::LIMIT", "f", ("usize", "7")),
        ("TEXT", "plain", ("&str", '"a;b{"')),
        ("Self::SIDES", "sides", ("u32", "4")),
        ("Square::SIDES", "plain", ("u32", "4")),
        ("SIDES", "sides", None),
        ("DEEP", "sides", None),
        ("Square::WIDTH", "plain", None),
        ("SOME", "plain", None),
        ("MISSING", "plain", None),
    ],
)
def test_the_nearest_declaration_is_meant_and_none_that_is_not_certain(
    path: str, mark: str, expected: tuple[str, str] | None
):
    found = SourceConstants(LINES).find(path, at(mark))
    assert (None if found is None else (found.type, found.text)) == expected


def test_generic_parameters_are_those_of_the_impl_and_of_the_function():
    constants = SourceConstants(LINES)
    assert constants.generic_parameters(at("sides")) == (
        ("T", ""),
        ("N", "usize"),
        ("U", ""),
        ("FLAG", "bool"),
        ("", ""),
    )
    assert constants.generic_parameters(1) is None
