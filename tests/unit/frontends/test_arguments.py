"""Reading what follows a verb."""

from __future__ import annotations

import pytest

from crabtrap.errors import ParseError
from crabtrap.frontends.console.arguments import Arguments, Format
from crabtrap.frontends.console.run_line import RunLine, parse_run_line


def after(line: str) -> Arguments:
    """Arguments of a line whose verb is its first word."""
    return Arguments(line, len(line.split(maxsplit=1)[0]), "verb", "verb USAGE")


@pytest.mark.parametrize(
    ("rest", "expected", "left"),
    [
        ("/x value", Format(None, "x"), "value"),
        ("/4xb $sp", Format(4, "xb"), "$sp"),
        ("/-3i", Format(-3, "i"), ""),
        ("/s*ptr", Format(None, "s"), "*ptr"),
        ("value", None, "value"),
    ],
)
def test_formats(rest: str, expected: Format | None, left: str) -> None:
    arguments = Arguments(f"x{rest}", 1, "x")
    assert arguments.format() == expected
    assert arguments.rest == left


def test_a_broken_format_is_pointed_at() -> None:
    with pytest.raises(ParseError) as caught:
        Arguments("x/4?b $sp", 1, "x").format()
    assert caught.value.start == 1


@pytest.mark.parametrize(
    ("rest", "location", "condition"),
    [
        ("main.rs:3 if x > 2", "main.rs:3", "x > 2"),
        ("if x", "", "x"),
        ("parse if(x)", "parse", "(x)"),
        ("notify", "notify", None),
        ('f if s == "a if b"', "f", 's == "a if b"'),
        ('/"a if b"/', '/"a if b"/', None),
    ],
)
def test_conditions(rest: str, location: str, condition: str | None) -> None:
    assert after(f"break {rest}").split_condition() == (location, condition)


def test_a_condition_must_not_be_empty() -> None:
    with pytest.raises(ParseError, match="missing") as caught:
        after("break f if ").split_condition()
    assert caught.value.text[caught.value.start : caught.value.end].strip() == "if"


def test_an_option_that_is_a_number() -> None:
    assert after("break -i 0x10 f").options({"i": int}) == {"i": "16"}
    with pytest.raises(ParseError, match="expected a number for -i, not 'abc'") as caught:
        after("break -i abc f").options({"i": int})
    assert (caught.value.start, caught.value.end) == (9, 12)
    with pytest.raises(ParseError, match="a number for -i is missing"):
        after("break -i").options({"i": int})


def test_a_number_of_thousands_of_digits_is_none() -> None:
    with pytest.raises(ParseError, match="expected a count"):
        after("step " + "9" * 5000).count()


def test_options_and_their_values() -> None:
    arguments = after('set -n "a b" --file=x.rs -o rest')
    found = arguments.options({"n": True, "file": True, "o": False})
    assert found == {"n": "a b", "file": "x.rs", "o": ""}
    assert arguments.rest == "rest"


def test_an_unknown_option_is_pointed_at_and_the_known_are_listed() -> None:
    with pytest.raises(ParseError) as caught:
        after("set -q x").options({"n": True})
    assert caught.value.text[caught.value.start : caught.value.end] == "-q"
    assert "-n" in caught.value.hint


def test_numbers_and_ranges() -> None:
    assert after("delete 1 3-5 0").numbers() == [1, 3, 4, 5, 0]


@pytest.mark.parametrize("rest", ["x", "1-", "-1", "1 two"])
def test_what_is_no_number(rest: str) -> None:
    with pytest.raises(ParseError):
        after(f"delete {rest}").numbers()


def test_counts() -> None:
    assert after("step").count() == 1
    assert after("step 0x10").count() == 16
    assert after("step 010").count() == 10
    with pytest.raises(ParseError, match="does not expect"):
        after("step 1 2").count()
    with pytest.raises(ParseError, match="count"):
        after("step -1").count()


def test_missing_words_are_reported_at_the_end() -> None:
    with pytest.raises(ParseError, match="verb needs a location") as caught:
        after("advance  ").need_rest("a location")
    assert caught.value.start == len("advance")
    assert caught.value.hint == "verb USAGE"


@pytest.mark.parametrize(
    ("text", "arguments", "files", "append"),
    [
        ("", [], {}, False),
        ("a 'b c' \"d\" e\\ f", ["a", "b c", "d", "e f"], {}, False),
        ("<in >out 2>err x", ["x"], {"stdin": "in", "stdout": "out", "stderr": "err"}, False),
        ("x >> log", ["x"], {"stdout": "log"}, True),
        ("2 > out", ["2"], {"stdout": "out"}, False),
        ("'' \"a\\\"b\" x'y'z", ["", 'a"b', "xyz"], {}, False),
        ("a=<b", ["a="], {"stdin": "b"}, False),
        ("'<' x", ["<", "x"], {}, False),
        ("--flag=value #1 $HOME *", ["--flag=value", "#1", "$HOME", "*"], {}, False),
    ],
)
def test_run_lines(text: str, arguments: list[str], files: dict[str, str], append: bool) -> None:
    assert parse_run_line(f"run {text}", text) == RunLine(tuple(arguments), files, append)


@pytest.mark.parametrize("text", ["'open", "x >", "<", "< > x", '"'])
def test_broken_run_lines(text: str) -> None:
    with pytest.raises(ParseError):
        parse_run_line(f"run {text}", text)
