"""The check of types, and the table of methods that it reads."""

from __future__ import annotations

import re

import pytest

from crabtrap.errors import CrabtrapError
from crabtrap.expr.evaluate import evaluate
from crabtrap.expr.methods.std_methods import std_methods
from crabtrap.expr.rust_format import formatted
from crabtrap.expr.scope import EmptyScope, EvaluationError
from crabtrap.expr.syntax.nodes import FormatSpec
from crabtrap.present import std_presenter

PRESENTER = std_presenter()


def shown(text: str) -> str:
    value = evaluate(text, EmptyScope(), PRESENTER)
    return formatted(value, FormatSpec(style="?"), PRESENTER)


def test_every_signature_of_the_table_parses():
    for section in std_methods().sections:
        for text in section.methods:
            match = re.search(r"fn (\w+)", text)
            assert match is not None, text
            names = {entry.signature.name for entry in std_methods().named(match.group(1))}
            assert names == {match.group(1)}


@pytest.mark.parametrize(
    ("text", "message", "part"),
    [
        ("1u8 == 300", "literal out of range for `u8`", "300"),
        ("1u32 == 5u64", "can't compare `u32` with `u64`", "1u32 == 5u64"),
        ("1i32 + 1.0", "cannot add `{float}` to `i32`", "1i32 + 1.0"),
        ("2147483647 + 1", "attempt to add with overflow", "2147483647 + 1"),
        ("1u8.max(2u16)", "mismatched types: expected `u8`, found `u16`", "2u16"),
        ("1.pow(2)", "ambiguous numeric type `{integer}`", "1.pow(2)"),
        ('"a".len2()', "no method named `len2` found for type `&str`", '"a".len2()'),
        ("[1, 2].iter().filter(|x| x > 1)", "can't compare `&&{integer}` with", "x > 1"),
        ("if 1 { 2 } else { 3 }", "mismatched types: expected `bool`", "1"),
        ("Some(1).map(|x, y| x)", "expected to take 1 argument, but it takes 2", "|x, y| x"),
        ("match Some(1) { Some(x) => x }", "non-exhaustive patterns", None),
        ("[1, 2].iter().collect::<String>()", "cannot be built from an iterator", None),
        ("{ let n = 1; n += 'a'; n }", "cannot add `char` to `{integer}`", "n += 'a'"),
        ("{ let r = &mut 1; r += 1; }", "cannot be applied to type `&mut {integer}`", "r += 1"),
        ("1 = 2", "invalid left-hand side of assignment", "1"),
        ("{ let mut n = 0; [1].iter().map(|x| n += x) }", "which `map` does not", "|x| n += x"),
        ("{ let mut n = 0; [1].iter().all(move |x| { n += x; true }) }", "`move`", None),
        ("if true = false { 1 } else { 2 }", "invalid left-hand side of assignment", "true"),
        ("[2.5f64, 1.0].sort()", "`f64: Ord` is not satisfied", None),
        ("[2.5, 1.0].iter().max()", "`&{float}: Ord` is not satisfied", None),
        ("[1].iter().for_each(|x| *x)", "mismatched types: expected `()`", "*x"),
        ("1 << 31 << 1 == 'a'", "can't compare `{integer}` with `char`", None),
        ("vec![1, 2][0u8]", "cannot be indexed by `u8`", "0u8"),
    ],
)
def test_what_cannot_be_typed_is_an_error_at_its_part(text: str, message: str, part: str | None):
    with pytest.raises(EvaluationError, match=re.escape(message)) as caught:
        evaluate(text, EmptyScope(), PRESENTER)
    span = caught.value.span
    assert span is not None
    assert part is None or text[span.start : span.end] == part


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1_f32 + 0.2 == 0.3", "true"),
        ("0.3_f32 == 0.3", "true"),
        ("1 << 31", "-2147483648"),
        ("(-0.5_f64).ceil()", "-0.0"),
        ("f64::NAN.max(1.0)", "1.0"),
        ("0.0_f64.ln()", "-inf"),
        ("'\\u{1c}'.is_whitespace()", "false"),
        ("'é'.to_ascii_uppercase()", "'é'"),
        ("'ß'.to_ascii_uppercase()", "'ß'"),
        ("'一'.is_numeric()", "false"),
        ('"x\\r".lines().collect::<Vec<_>>()', '["x\\r"]'),
        ('"".split("").collect::<Vec<_>>()', '["", ""]'),
        ("f64::INFINITY % 2.0", "NaN"),
        ("[1, 2].iter().nth(18446744073709551615)", "None"),
        ("[1, 2, 2].iter().collect::<BTreeSet<_>>().len()", "2"),
        ('["1", "x"].iter().map(|s| s.parse::<u8>().ok()).collect::<Option<Vec<_>>>()', "None"),
        ("[(1, 'a')].into_iter().collect::<HashMap<_, _>>()", "{1: 'a'}"),
        ("{ let x = 3u8; x * 2 }", "6"),
        ("[3, 1].iter().map(|&n| { let m = n; m + 1 }).max()", "Some(4)"),
        ("Some(2).and_then(|x| { let y: i32 = Some(x)?; Some(y + 1) })", "Some(3)"),
        ('format!("{:>5}|{:#06x}|{:.2}|{:?}", "a", 255, 1.0 / 3.0, Some(1))', None),
        ("1.cmp(&2).then_with(|| 3.cmp(&4)).reverse()", "Greater"),
    ],
)
def test_values_are_those_of_rust(text: str, expected: str | None):
    found = shown(text)
    assert found == ('"    a|0x00ff|0.33|Some(1)"' if expected is None else expected)


@pytest.mark.parametrize(
    "text",
    [
        "[1].iter().take(-2)",
        "(-7_i32).isqrt()",
        "[1].repeat(18446744073709551615)",
        "2_u64.pow(4294967295)",
        '"a".repeat(18446744073709551615)',
        "(0..18446744073709551615_u64).rev().count()",
        "1u8.checked_ilog(1).unwrap()",
        "[1, 2].chunks(0)",
        'format!("{:99999}", 1)',
        "u128::MAX as f32 as u128 + 1",
        "'a'.to_digit(99)",
    ],
)
def test_no_input_is_a_bug(text: str):
    with pytest.raises(CrabtrapError):
        shown(text)
