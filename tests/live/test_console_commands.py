"""Every command on a real program: an error may come of it, a bug may not."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from crabtrap.frontends.console.command_table import command_table
from crabtrap.frontends.console.completion import completions
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.json_lines import JsonOutput
from crabtrap.frontends.console.output import Output
from crabtrap.target.stdio import Stdio
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
    return [
        text[: len(text) - replaced] + word
        for word, replaced in completions(console.context, console.table, text)
    ]


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
    console.context.output.colour = False
    console.execute("disassemble main")
    lines = stream.getvalue().splitlines()
    assert any("  ; " in line for line in lines)
    assert not [line for line in lines if line.rstrip().endswith(";")]


def test_a_text_is_examined_to_its_end_and_no_further(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    console, stream = console_on(driver)
    console.context.output.colour = False
    console.execute("x/s GREETING")
    console.execute("x/s &self.x")
    first, second, *_ = stream.getvalue().splitlines()
    assert first.endswith('  "hello"')
    assert second.endswith('"\\u{3}"')


def test_types_are_laid_out_as_they_are_declared(debug: Debug) -> None:
    console, stream = console_on(debug("returns"))
    console.context.output.colour = False
    for name in ("Shape", "Large", "Meters"):
        console.execute(f"ptype -short {name}")
    assert stream.getvalue().splitlines() == [
        "enum Shape {  // 8 bytes, discriminant u32 at 0",
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
        "    // 7 bytes of padding at 25",
        "}",
        "struct Meters(  // 4 bytes",
        "    f32,  // at 0",
        ")",
    ]


def test_types_are_found_by_what_is_typed(debug: Debug) -> None:
    console, stream = console_on(debug("values"))
    console.context.output.colour = False
    for name in ("Option<String>", "Option<&u32>", "Option<Option<bool>>"):
        console.execute(f"ptype -short {name}")
        assert stream.getvalue().startswith(f"enum {name} {{"), stream.getvalue()
        stream.seek(0)
        stream.truncate()
    console.execute("ptype -short Option<Missing>")
    assert "no type named 'Option<Missing>'" in stream.getvalue()


def test_niches_are_reported(debug: Debug) -> None:
    console, stream = console_on(debug("values"))
    console.context.output.colour = False
    console.execute("ptype -short Option<&u32>")
    first = stream.getvalue().splitlines()[0]
    assert first.endswith("// 8 bytes, discriminant u64 at 0, a niche of Some's &u32")


def test_negative_discriminants_are_negative(debug: Debug) -> None:
    console, stream = console_on(debug("values"))
    console.context.output.colour = False
    console.execute("ptype -short enums::Signed")
    shown = stream.getvalue()
    assert shown.startswith("enum Signed {  // 2 bytes\n    Minus = -300,\n")


def test_who_evaluates_a_condition_is_shown_and_why(debug: Debug) -> None:
    driver = debug("threads")
    console, stream = console_on(driver)
    console.execute("break hot if worker == 9")
    console.execute("break hot if [7, 8].iter().any(|x| *x == round)")
    console.execute("info breakpoints")
    assert "evaluated by" not in stream.getvalue()
    driver.launch("1", "1")
    console.execute("info breakpoints")
    shown = re.sub("\x1b\\[[0-9;]*m", "", stream.getvalue())
    assert "if worker == 9 (evaluated by the guard)" in shown
    assert "(evaluated by the debugger: any(..) is evaluated by the engine)" in shown


def test_a_breakpoint_of_many_locations_lists_them_when_asked(debug: Debug) -> None:
    console, stream = console_on(debug("basics"))
    item = console.context.session.breakpoints.add("/^core::fmt::/")
    console.execute("info breakpoints")
    short = stream.getvalue()
    stream.seek(stream.truncate(0))
    console.execute(f"info breakpoints {item.number}")
    everything = stream.getvalue()
    assert len(item.locations) > 8
    assert f"… and {len(item.locations) - 8} more: info breakpoints {item.number}" in short
    assert len(short.splitlines()) == 1 + 1 + 8 + 1  # after the stop at panics
    assert len(everything.splitlines()) == 1 + len(item.locations)


def test_a_source_is_compared_with_the_module_of_its_code(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    sources, path = driver.session.sources, driver.session.frame.path
    assert path is not None
    libc = next(each for each in driver.session.code.modules if each.name.startswith("libc."))
    assert sources.find(path, libc).stale
    assert not sources.find(path, driver.session.frame.loaded_module).stale


def test_no_empty_list_of_arguments_is_shown_where_none_are_known(debug: Debug) -> None:
    driver = debug("basics", "line-tables")
    driver.run_to("norm2")
    console, stream = console_on(driver)
    console.execute("frame")
    shown = re.sub("\x1b\\[[0-9;]*m", "", stream.getvalue())
    assert "Point::norm2 at " in shown


def stopped_at(driver: Driver, file: str, marker: str) -> Driver:
    driver.session.launch((), stdio=Stdio.pipes())
    driver.session.breakpoints.add(f"{file}:{driver.inferior.marker(marker, file)}")
    driver.session.continue_()
    return driver


@pytest.fixture
def shown(debug: Debug) -> Callable[[str, str, str, str], str]:
    """What a command prints at a marker of a program."""

    def run(package: str, file: str, marker: str, command: str) -> str:
        console, stream = console_on(stopped_at(debug(package), file, marker))
        console.context.output.colour = False
        console.execute(command)
        return stream.getvalue()

    return run


def test_locals_of_an_async_function_are_those_that_were_written(
    shown: Callable[[str, str, str, str], str],
) -> None:
    assert shown("futures", "main.rs", "leaf", "info locals") == "start = 1\n"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("x/2dw vec", r"0x\w+: +1 +2\n"),
        ("x/1dg &vec", r"0x\w+: +3\n"),
        ("x/2dh boxed", r"0x\w+: +1 +2\n"),
        ("info address vec", r"vec is at 0x7ff\w+, 24 bytes\n"),
        ("info address vec[0]", r"vec\[0\] is at 0x55\w+, 4 bytes\n"),
        ("info address 1 + 1", r"1 \+ 1 is nowhere: only its value is known\n"),
        ("print -elements 2 vec", r"\$1: vec = \[1, 2, ... 1 more\]\n"),
        ("print -depth 1 nested", r"\$1: nested = \[\[...\], \[\], \[...\]\]\n"),
        ("print -raw empty", r"\$1: empty = Vec \{\n    buf: (?s:.*)"),
        ("print -vec[0]", r"\$1: -vec\[0\] = -1\n"),
        ("print *&raw const vec", r"\$1: \*&raw const vec = \[1, 2, 3\]\n"),
    ],
)
def test_sequences_are_looked_at(
    shown: Callable[[str, str, str, str], str], command: str, expected: str
) -> None:
    assert re.fullmatch(expected, shown("values", "sequences.rs", "sequences", command))


def test_fields_of_items_are_offered(debug: Debug) -> None:
    console, _ = console_on(stopped_at(debug("values"), "sequences.rs", "sequences"))
    for text, found in (
        ("print items[0].ke", ["print items[0].key"]),
        ("print 1 + items[vec[0] as usize].k", ["print 1 + items[vec[0] as usize].key"]),
        ("print (items[0]).te", ["print (items[0]).text"]),
        ("print vec_reference[0].te", ["print vec_reference[0].text"]),
        ("print vec.buf", []),
    ):
        assert offered(console, text) == found
    assert offered(console, "print arc[0].")[:2] == ["print arc[0].key", "print arc[0].text"]


def test_methods_are_offered_by_type(debug: Debug) -> None:
    console, _ = console_on(stopped_at(debug("values"), "sequences.rs", "sequences"))
    for text, found in (
        ("print vec.fi", ["first", "first_chunk", "first_mut"]),
        ("print vec.iter().ma", ["map", "map_while", "max", "max_by_key", "max_by"]),
        ("print vec.iter().map(|x| x.abs()).re", ["rev", "reduce"]),
        ("print vec.len().is_power", ["is_power_of_two"]),
        ("print vec[0].is_pos", ["is_positive"]),
        ("print vec.first().unwrap_or_d", ["unwrap_or_default"]),
        ("print vec.iter().sca", ["scan"]),
        ("print vec.iter().try_coll", []),
        ("print items[0].to_str", []),
        ("print items[0].text.to_upp", ["to_uppercase"]),
        (
            "print items[99].text.tri",
            [
                "trim",
                "trim_ascii",
                "trim_ascii_start",
                "trim_ascii_end",
                "trim_start",
                "trim_end",
                "trim_matches",
                "trim_start_matches",
                "trim_end_matches",
            ],
        ),
        ("print nothing.le", []),
    ):
        base = text.rpartition(".")[0]
        assert sorted(offered(console, text)) == sorted(f"{base}.{name}" for name in found), text
