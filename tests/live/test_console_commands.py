"""Every command on a real program: an error may come of it, a bug may not."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from crabtrap.engine.stdio import Stdio
from crabtrap.frontends.console.completion import completions
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.json_lines import JsonOutput
from crabtrap.frontends.console.output import Output
from crabtrap.frontends.console.table import command_table
from tests.support.sessions import Debug, Driver, Server

LEFT_OUT = {"quit", "shell", "cd", "attach", "connect", "detach"}
EXAMPLES = [
    example
    for command in command_table()
    if command.name not in LEFT_OUT
    for example in [*(line for line, _ in command.examples), command.name]
]


@pytest.fixture
def server() -> Server:
    """What is shown does not depend on the server; one is enough."""
    return "guard"


def console_on(driver: Driver, *, json: bool = False) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    output = JsonOutput(stream) if json else Output(stream, colour=True)
    return Console(driver.session, output, stdio=Stdio.pipes()), stream


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_and_bare_verbs(
    debug: Debug, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # some of them make files
    driver = debug("basics")
    driver.run_to("norm2")
    console, stream = console_on(driver)
    console.execute(example)
    assert not console.buggy, stream.getvalue()


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_before_the_program_was_started(
    debug: Debug, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    console, stream = console_on(debug("basics"), json=True)
    console.execute(example)
    assert not console.buggy, stream.getvalue()
    for line in stream.getvalue().splitlines():
        assert json.loads(line)["crabtrap"] == 1


def offered(console: Console, text: str) -> list[str]:
    return [text[: len(text) - replaced] + word for word, replaced in completions(console, text)]


def test_completion(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    console, _ = console_on(driver)
    assert "print squares" in offered(console, "print squ")
    assert "print self.x" in offered(console, "print self.")
    assert "print 1 + self" in offered(console, "print 1 + se")
    assert "print $rip" in offered(console, "print $ri")
    assert "break factorial" in offered(console, "break fact")
    assert "break main.rs" in offered(console, "break main")
    assert "info breakpoints" in offered(console, "info br")
    assert "handle SIGUSR1" in offered(console, "handle SIGU")
    assert "set print elements" in offered(console, "set print el")
    assert "catch syscall" in offered(console, "catch sys")
    assert offered(console, "nonsense ") == []


def test_a_call_of_what_has_no_symbol_is_shown_without_a_name(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    console, stream = console_on(driver)
    console.output.colour = False
    console.execute("disassemble main")
    lines = stream.getvalue().splitlines()
    assert any("  ; " in line for line in lines)
    assert not [line for line in lines if line.rstrip().endswith(";")]


def test_a_text_is_examined_to_its_end_and_no_further(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    console, stream = console_on(driver)
    console.output.colour = False
    console.execute("x/s GREETING")
    console.execute("x/s &self.x")
    first, second, *_ = stream.getvalue().splitlines()
    assert first.endswith('  "hello"')
    assert second.endswith('"\\u{3}"')


def test_types_are_laid_out_as_they_are_declared(debug: Debug) -> None:
    console, stream = console_on(debug("returns"))
    console.output.colour = False
    for name in ("Shape", "Large", "Meters"):
        console.execute(f"ptype {name}")
    assert stream.getvalue().splitlines() == [
        "enum Shape {  // 8 bytes, told by u32 at 0",
        "    Point,  // 0",
        "    Circle(  // 1",
        "        f32,  // at 4",
        "    ),",
        "    Square {  // 2",
        "        side: u32,  // at 4",
        "    },",
        "}",
        "struct Large {  // 32 bytes",
        "    values: [u64; 3],  // at 0",
        "    flag: bool,  // at 24",
        "}",
        "struct Meters(  // 4 bytes",
        "    f32,  // at 0",
        ")",
    ]


def test_negative_discriminants_are_negative(debug: Debug) -> None:
    console, stream = console_on(debug("values"))
    console.output.colour = False
    console.execute("ptype enums::Signed")
    shown = stream.getvalue()
    assert shown.startswith("enum Signed {  // 2 bytes\n    Minus = -300,\n")


def test_a_breakpoint_of_many_places_lists_them_when_asked(debug: Debug) -> None:
    console, stream = console_on(debug("basics"))
    item = console.session.breakpoints.add("/^core::fmt::/")
    console.execute("info breakpoints")
    short = stream.getvalue()
    stream.seek(stream.truncate(0))
    console.execute(f"info breakpoints {item.number}")
    everything = stream.getvalue()
    assert len(item.places) > 8
    assert f"… and {len(item.places) - 8} more: info breakpoints {item.number}" in short
    assert len(short.splitlines()) == 1 + 8 + 1
    assert len(everything.splitlines()) == 1 + len(item.places)
