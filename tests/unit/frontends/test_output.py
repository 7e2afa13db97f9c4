"""The output choke point: nothing foreign can act on a terminal."""

from __future__ import annotations

import io
import json
import re

import pytest

from crabtrap.errors import MemoryFault, NotFoundError, ParseError
from crabtrap.frontends.console.json_lines import JsonOutput
from crabtrap.frontends.console.output import Output, wants_colour
from crabtrap.frontends.console.styled_text import Text, columns, escape, escape_line, sanitise

UNSAFE = [
    *(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"),
    "\u061c",
    "\u200e",
    "\u200f",
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    "\u2028",
    "\ufeff",
    "\udc80",
    "\U000e0041",
]
STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("character", UNSAFE, ids=lambda c: f"U+{ord(c):04X}")
def test_unsafe_characters_are_written_out(character: str) -> None:
    assert escape(f"a{character}b") == f"a\\u{{{ord(character):x}}}b"
    assert escape_line(f"a{character}b") == f"a\\u{{{ord(character):x}}}b"


def test_newline_and_tab_stay_unless_a_line_is_wanted() -> None:
    assert escape("a\n\tb") == "a\n\tb"
    assert escape_line("a\n\tb") == "a\\n\\tb"


def test_ordinary_text_of_all_scripts_stays() -> None:
    text = "plain ßéλ 中文 العربية 👍 “quoted”"
    assert escape(text) == text


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("character", ["\x1b", "\x07", "\r", "\x9b", "\u202e", "\x7f"])
def test_tokens_never_reach_the_stream_raw(character: str, colour: bool) -> None:
    stream = io.StringIO()
    output = Output(stream, colour=colour)
    hostile = f"x{character}]0;title"
    output.lines([Text(hostile, (hostile, "function"), (hostile, "error"))])
    output.error(NotFoundError("variable", hostile, (hostile,)), "print")
    output.error(ParseError(hostile, hostile, 0, 1, hint=hostile), "print")
    output.plain(hostile)
    written = STYLE.sub("", stream.getvalue()) if colour else stream.getvalue()
    assert character not in written


def test_a_name_cannot_begin_a_line_of_its_own() -> None:
    stream = io.StringIO()
    Output(stream, colour=False).lines([Text(("worker\n(crabtrap) quit", "thread"))])
    assert stream.getvalue() == "worker\\n(crabtrap) quit\n"


def test_no_styles_without_colour() -> None:
    stream = io.StringIO()
    Output(stream, colour=False).lines([Text(("error", "error"), " and ", ("name", "name"))])
    assert stream.getvalue() == "error and name\n"


def test_styles_are_closed_on_every_token() -> None:
    text = Text(("one", "error"), ("two", "plain"), ("three", "name"))
    assert text.styled() == "\x1b[1;31mone\x1b[0mtwo\x1b[36mthree\x1b[0m"


def test_columns_are_as_wide_as_what_is_seen() -> None:
    rows = [(Text("a\x1b"), Text("1")), (Text("long"), Text("2"))]
    assert [line.plain for line in columns(rows)] == ["a\\u{1b}  1", "long     2"]


def test_program_output_may_colour_itself_and_no_more() -> None:
    assert sanitise("\x1b[1;31mred\x1b[0m\r50%\x1b[K") == "\x1b[1;31mred\x1b[0m\r50%\x1b[K"
    assert sanitise("\x1b]0;title\x07x") == "\\u{1b}]0;title\\u{7}x"
    assert sanitise("\x1b[2Jx\x1b[10;10H") == "\\u{1b}[2Jx\\u{1b}[10;10H"


def test_a_stop_begins_on_its_own_line_after_a_prompt_of_the_program() -> None:
    stream = io.StringIO()
    output = Output(stream, colour=False)
    output.program("stdout", b"name? ")
    output.lines([Text("Breakpoint 1")])
    output.program("stdout", b"done\n")
    output.lines([Text("exited")])
    assert stream.getvalue() == "name? \nBreakpoint 1\ndone\nexited\n"


def test_raw_program_output_is_passed_on_when_asked_for() -> None:
    stream = io.StringIO()
    output = Output(stream, colour=True)
    output.raw_program = True
    output.program("stdout", b"\x1b[2J")
    assert stream.getvalue() == "\x1b[2J"


def test_errors_say_cause_location_and_remedy() -> None:
    stream = io.StringIO()
    error = ParseError("expected ]", "print v[1", 9, 9, hint="close the bracket")
    Output(stream, colour=False).error(error, "print")
    assert stream.getvalue().splitlines() == [
        "error: expected ]",
        "  print v[1",
        "           ^",
        "  try: close the bracket",
    ]


def test_characters_that_the_terminal_lacks_are_written_out() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Output(stream, colour=False).lines([Text("größe")])
    stream.flush()
    assert stream.buffer.getvalue() == b"gr\\xf6\\xdfe\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize("character", UNSAFE, ids=lambda c: f"U+{ord(c):04X}")
def test_json_is_printable_ascii_and_round_trips(character: str) -> None:
    stream = io.StringIO()
    JsonOutput(stream).reply("print", {"text": f"a{character}b"}, ())
    (line,) = stream.getvalue().split("\n")[:-1]
    assert all(" " <= one <= "~" for one in line)
    assert json.loads(line)["data"]["text"] == f"a{character}b"


def test_json_errors_carry_their_fields() -> None:
    stream = io.StringIO()
    output = JsonOutput(stream)
    output.error(NotFoundError("variable", "cuont", ("count",)), "print")
    output.error(MemoryFault(16, 8), "x")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first == {
        "crabtrap": 1,
        "kind": "error",
        "command": "print",
        "error": "NotFoundError",
        "message": "no variable named 'cuont'",
        "hint": "did you mean count?",
        "what": "variable",
        "name": "cuont",
        "close": ["count"],
    }
    assert (second["address"], second["size"]) == ("0x10", 8)


class _Screen(io.StringIO):
    def __init__(self, tty: bool) -> None:
        super().__init__()
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


@pytest.mark.parametrize(
    ("choice", "tty", "environment", "expected"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", False, {"CLICOLOR_FORCE": "1"}, True),
        ("auto", False, {"CLICOLOR_FORCE": "0"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"CLICOLOR_FORCE": "1"}, False),
    ],
)
def test_when_there_is_colour(
    choice: str, tty: bool, environment: dict[str, str], expected: bool
) -> None:
    assert wants_colour(choice, _Screen(tty), environment) is expected


def drawing(stream: io.StringIO, columns: int = 20) -> Output:
    return Output(stream, colour=False, columns=lambda: columns)


def test_progress_is_drawn_over_and_erased() -> None:
    stream = io.StringIO()
    output = drawing(stream)
    output.progress("one")
    output.progress("two")
    output.progress(None)
    output.say("done")
    assert stream.getvalue() == "one\r\x1b[Ktwo\r\x1b[Kdone\n"


def test_what_is_written_meanwhile_takes_the_line_of_the_progress() -> None:
    stream = io.StringIO()
    output = drawing(stream)
    output.progress("working")
    output.say("note")
    assert stream.getvalue() == "working\r\x1b[Knote\n"


def test_progress_fits_into_one_line_and_is_escaped() -> None:
    stream = io.StringIO()
    drawing(stream, columns=6).progress("\x1bworking")
    assert stream.getvalue() == "\\u{1b"


def test_progress_is_for_terminals_alone() -> None:
    stream = io.StringIO()
    for output in (Output(stream, colour=False), JsonOutput(stream)):
        output.progress("working")
        output.progress(None)
    assert stream.getvalue() == ""


def test_progress_is_not_drawn_over_what_others_have_begun() -> None:
    stream = io.StringIO()
    output = drawing(stream)
    with output.undisturbed():
        output.progress("working")
    output.program("stdout", b"Name: ")
    output.progress("working")
    assert stream.getvalue() == "Name: "
