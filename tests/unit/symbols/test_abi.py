"""How types are passed: the expectations are what rustc 1.63, 1.95 and 1.97 compile to."""

from __future__ import annotations

import pytest

from crabtrap.symbols.abi import (
    Aggregate,
    Nothing,
    PassedScalar,
    PassedScalars,
    Unclear,
    classify,
)
from crabtrap.symbols.types import UNIT, synthetic_type
from tests.support.synthetic_types import World

W = World()
U8, U32, U64, U128 = (W.base(name) for name in ("u8", "u32", "u64", "u128"))
I8, F32, F64 = W.base("i8"), W.base("f32"), W.base("f64")
REFERENCE = W.pointer(U8)
SLICE = W.wide("&[u8]", U8)
PAIR = W.struct("m::Pair", [("a", U32), ("b", U32)])
TAGGED = W.enum(
    "m::OptionU32",
    8,
    ("u32", 0),
    [("None", ((0, 0),), []), ("Some", ((1, 1),), [("__0", U32, 4)])],
    align=4,
)
COLOR = W.c_enum("m::Color", [("Red", 0), ("Blue", 6)])


def shape(parts):
    """``(offset, size, is_float)`` of every scalar."""
    return [(part.offset, part.size, part.is_float) for part in parts]


@pytest.mark.parametrize(
    ("die", "parts"),
    [
        (U8, [(0, 1, False)]),
        (F32, [(0, 4, True)]),
        (U128, [(0, 16, False)]),
        (REFERENCE, [(0, 8, False)]),
        (COLOR, [(0, 1, False)]),
        (SLICE, [(0, 8, False), (8, 8, False)]),
        (PAIR, [(0, 4, False), (4, 4, False)]),
        (W.tuple(F64, U32), [(0, 8, True), (8, 4, False)]),
        (W.struct("m::Meters", [("__0", F64)]), [(0, 8, True)]),
        (W.struct("m::Outer", [("inner", PAIR)]), [(0, 4, False), (4, 4, False)]),
        (
            W.struct("m::Tagged", [("unit", 0), ("a", U8), ("b", U64)]),
            [(0, 1, False), (8, 8, False)],
        ),
        (TAGGED, [(0, 4, False), (4, 4, False)]),
        (
            W.struct("m::Maybe", [("uninit", 0), ("value", PAIR)], kind="union"),
            [(0, 4, False), (4, 4, False)],
        ),
        (W.tuple(U128, U8), [(0, 16, False), (16, 1, False)]),
    ],
)
def test_scalars(die, parts):
    found = classify(W.get(die))
    assert isinstance(found, PassedScalars)
    assert shape(found.parts) == parts


@pytest.mark.parametrize(
    ("die", "size"),
    [
        (W.array(U8, 4), 4),
        (W.array(F64, 2), 16),
        (W.struct("m::Three", [("a", U8), ("b", U8), ("c", U8)]), 3),
        (W.struct("m::Nested", [("a", PAIR), ("b", U32)]), 12),
        (W.struct("m::Wide", [("a", SLICE), ("b", U64)]), 24),
        (W.struct("m::Padded", [("a", U32), ("b", U32)], size=16), 16),
        (W.struct("m::Either", [("a", U32), ("b", F32)], kind="union"), 4),
        (
            W.enum(
                "m::Shape",
                8,
                ("u32", 0),
                [
                    ("Circle", ((0, 0),), [("__0", F32, 4)]),
                    ("Square", ((1, 1),), [("__0", U32, 4)]),
                ],
            ),
            8,
        ),
    ],
)
def test_aggregates(die, size):
    assert classify(W.get(die)) == Aggregate(size)


def test_zero_sized_values_are_not_passed():
    assert classify(UNIT) == Nothing()
    assert classify(W.get(W.struct("m::Marker", []))) == Nothing()


def test_signed_integers_are_sign_extended():
    assert classify(W.get(I8)) == PassedScalars((PassedScalar(0, 1, is_signed=True),))


def test_types_that_do_not_determine_how_they_are_passed():
    either = W.enum(
        "m::PointerOrNumber",
        16,
        ("u64", 0),
        [("A", ((0, 0),), [("__0", REFERENCE, 8)]), ("B", ((1, 1),), [("__0", U64, 8)])],
    )
    for type_ in (W.get(either), synthetic_type("opaque", "m::Unknown")):
        assert isinstance(classify(type_), Unclear)


def test_an_enum_with_a_niche_is_passed_as_the_variant_with_the_niche():
    niche = W.enum(
        "m::OptionRef",
        8,
        ("u64", 0),
        [("None", ((0, 0),), []), ("Some", (), [("__0", REFERENCE, 0)])],
    )
    found = classify(W.get(niche))
    assert isinstance(found, PassedScalars)
    assert shape(found.parts) == [(0, 8, False)]
