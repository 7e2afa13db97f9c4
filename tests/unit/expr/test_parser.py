"""Text to trees and back; errors point at the characters to blame."""

from __future__ import annotations

import pytest

from crabtrap.errors import ParseError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.parser import parse
from crabtrap.expr.syntax.unparse import unparse

# Text and the same with every grouping written out.
GROUPINGS = [
    ("v[0]", "v[0]"),
    ("1 + 2 * 3", "1 + (2 * 3)"),
    ("1 - 2 - 3", "(1 - 2) - 3"),
    ("a << 1 + 2", "a << (1 + 2)"),
    ("a & b == c", "(a & b) == c"),
    ("a | b ^ c & d", "a | (b ^ (c & d))"),
    ("a || b && c", "a || (b && c)"),
    ("!a == b", "(!a) == b"),
    ("-x as u8", "(-x) as u8"),
    ("-x.abs()", "-x.abs()"),
    ("*p.next", "*p.next"),
    ("&*p", "&(*p)"),
    ("&&x", "&(&x)"),
    ("&mut x", "&mut x"),
    ("&raw const x.y", "&raw const x.y"),
    ("&raw mut x", "&raw mut x"),
    ("&raw", "&raw"),
    ("&raw.len", "&raw.len"),
    ("addr_of!(a[0])", "&raw const a[0]"),
    ("core::ptr::addr_of_mut!(a)", "&raw mut a"),
    ("x as *const u8 as usize", "(x as *const u8) as usize"),
    ("x as u8 + 1", "(x as u8) + 1"),
    ("0x7f00 as *const Vec<Vec<u8>>", "32512 as *const Vec<Vec<u8>>"),
    ("&x as *const _", "(&x) as *const _"),
    ("a as (u8, [i32; 3])", "a as (u8, [i32; 3])"),
    ("f as fn(i32, &str) -> bool", "f as fn(i32, &str) -> bool"),
    ("b as Box<dyn m::Animal>", "b as Box<dyn m::Animal>"),
    ("v[1..3].len()", "v[1..3].len()"),
    ("v[..]", "v[..]"),
    ("v[..=2]", "v[..=2]"),
    ("v[i + 1..]", "v[(i + 1)..]"),
    ("m[&(1, 2)]", "m[(&(1, 2))]"),
    ("t.0.1", "t.0.1"),
    ("t.0.1.2", "t.0.1.2"),
    ("x.0[1].y", "x.0[1].y"),
    ("(1,)", "(1,)"),
    ("()", "()"),
    ("[]", "[]"),
    ("[1, 2,]", "[1, 2]"),
    ("[0u8; 4] == b", "([0u8; 4]) == b"),
    ("Point { x: 1, y }", "Point { x: 1, y: y }"),
    ("a == m::Point { x: 1 }", "a == (m::Point { x: 1 })"),
    ("Vec::<u8>::new", "Vec::<u8>::new"),
    ("<Dog as Animal>::name", "<Dog as Animal>::name"),
    ("crate::m::NUMBER", "crate::m::NUMBER"),
    ("Rc::strong_count(&x)", "Rc::strong_count(&x)"),
    ("v.iter().map(|x| x + 1).sum::<i32>()", "v.iter().map(|x| x + 1).sum::<i32>()"),
    ("v.iter().any(|&(a, b)| a > b)", "v.iter().any(|&(a, b)| a > b)"),
    ("v.map(|| 1)", "v.map(|| 1)"),
    ("v.map(move |x: &u8| { *x })", "v.map(move |x: &u8| { *x })"),
    ("matches!(x, Some(n) if n > 3)", "matches!(x, Some(n) if n > 3)"),
    ("matches!(x, Some(1..=5) | None)", "matches!(x, Some(1..=5) | None)"),
    ("x is Some(_) && y", "matches!(x, Some(_)) && y"),
    ("x is Color::Red", "matches!(x, Color::Red)"),
    ("x is A | B", "matches!(x, A | B)"),
    ("a is [1, .., n @ 2]", "matches!(a, [1, .., n @ 2])"),
    ("a is Rect { w, h: 1, .. }", "matches!(a, Rect { w: w, h: 1, .. })"),
    ("a is &Some(-1)", "matches!(a, &Some(-1))"),
    ("$rip", "$rip"),
    ("$1 + $ + $$2", "($1 + $$0) + $$2"),
    ("r#type.r#match", "type.match"),
    ("x = y + 1", "x = y + 1"),
    ("x.y <<= 2", "x.y <<= 2"),
    ("*r = 5", "(*r) = 5"),
]


@pytest.mark.parametrize(("text", "grouped"), GROUPINGS)
def test_grouping(text, grouped):
    tree = parse(text)
    assert tree == parse(grouped)
    assert parse(unparse(tree)) == tree


@pytest.mark.parametrize(
    ("text", "kind", "value", "suffix"),
    [
        ("0", "integer", 0, ""),
        ("1_000", "integer", 1000, ""),
        ("0xff_u8", "integer", 255, "u8"),
        ("0b1010", "integer", 10, ""),
        ("0o17i64", "integer", 15, "i64"),
        ("340282366920938463463374607431768211455", "integer", 2**128 - 1, ""),
        ("1.5", "float", 1.5, ""),
        ("2.", "float", 2.0, ""),
        ("1e3", "float", 1000.0, ""),
        ("1.5e-3f32", "float", 0.0015, "f32"),
        ("7f64", "float", 7.0, "f64"),
        ("true", "bool", True, ""),
        ("'a'", "char", "a", ""),
        (r"'\''", "char", "'", ""),
        (r"'\u{1F980}'", "char", "\U0001f980", ""),
        ("b'x'", "byte", 120, "u8"),
        (r"b'\xff'", "byte", 255, "u8"),
        (r'"a\n\"b\""', "text", 'a\n"b"', ""),
        ('r#"a"b\\"#', "text", 'a"b\\', ""),
        (r'b"a\x00"', "bytes", b"a\0", ""),
        ('"ß"', "text", "ß", ""),
    ],
)
def test_literals(text, kind, value, suffix):
    tree = parse(text)
    assert (tree.kind, tree.value, tree.suffix) == (kind, value, suffix)
    assert parse(unparse(tree)) == tree


@pytest.mark.parametrize(
    ("text", "start", "end", "message"),
    [
        ("", 0, 0, "too early"),
        ("a +", 3, 3, "too early"),
        ("v[", 2, 2, "too early"),
        ("v[1", 3, 3, "expected ']'"),
        ("f(1, 2", 6, 6, "expected ')'"),
        ("1 < 2 < 3", 6, 7, "chained"),
        ("a b", 2, 3, "unexpected 'b'"),
        ("'ab'", 0, 4, "not closed"),
        ('"x', 0, 2, "not closed"),
        ("if a { b } else c", 16, 17, "expected '{'"),
        ("print![1]", 5, 6, "macro print!"),
        ("x.", 2, 2, "field or method"),
        ("x.await", 2, 7, "awaited"),
        ("€", 0, 1, "unexpected character"),
        ("x as", 4, 4, "a name belongs here"),
        ("x as *u8", 6, 8, "*const or *mut"),
        (r'"\q"', 1, 3, "unknown escape"),
        ("''", 0, 2, "not closed"),
        ("..=", 3, 3, "needs its end"),
        ("Point { 'a': 1 }", 8, 11, "field name"),
        ("matches!(x)", 10, 11, "expected ','"),
        ("0x", 1, 2, "unexpected"),
        ("*" * 500 + "x", None, None, "nested too deeply"),
        ("(" * 500, None, None, "nested too deeply"),
        ("x as " + "&" * 500 + "u8", None, None, "nested too deeply"),
    ],
)
def test_errors_point_at_the_characters(text, start, end, message):
    with pytest.raises(ParseError) as caught:
        parse(text)
    error = caught.value
    assert message in str(error)
    if start is not None:
        assert (error.start, error.end) == (start, end)


@pytest.mark.parametrize(
    ("text", "operator", "target", "value"),
    [
        ("n <<= 1", "<<", "n", "1"),
        ("*acc += x * 2", "+", "*acc", "x * 2"),
        ("v[0].x = n = 3", None, "v[0].x", "n = 3"),
    ],
)
def test_an_assignment(text: str, operator: str | None, target: str, value: str) -> None:
    tree = parse(text)
    assert isinstance(tree, nodes.Assign)
    assert (tree.operator, unparse(tree.target), unparse(tree.value)) == (operator, target, value)


@pytest.mark.parametrize(
    "text",
    [
        "v.iter().scan(0, |acc, x| { *acc += x; Some(*acc) })",
        "match o { Some(x) => n = x, None => () }",
        "{ let x = n |= 3; x }",
        "f(1, n = 3)",
        "move |x: u8| -> u8 { n = x; x }",
        "{ let Some(x) = o else { return 0 }; x }",
    ],
)
def test_what_has_an_assignment_or_leaves_is_written_down_and_parsed_again(text: str) -> None:
    assert parse(unparse(parse(text))) == parse(text)


def test_what_has_an_equals_sign_and_assigns_nothing() -> None:
    assert parse('format!("{a}", a = n)')
    assert parse("if let Some(x) = o { x } else { 0 }")
    assert parse("n <<= 2")
