"""The command table: what a line means."""

from __future__ import annotations

from pathlib import Path

import pytest

from crabtrap.errors import NotFoundError, ParseError
from crabtrap.frontends.console.command import CommandTable
from crabtrap.frontends.console.command_table import command_table
from crabtrap.frontends.console.manual import render_manual
from crabtrap.frontends.console.settings_table import SETTINGS, find_setting

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def table() -> CommandTable:
    return command_table()


GDB = {
    "b": "break", "br": "break", "tb": "tbreak", "r": "run", "c": "continue", "n": "next",
    "s": "step", "fin": "finish", "u": "until", "bt": "backtrace", "where": "backtrace",
    "f": "frame", "up": "up", "down": "down", "i b": "info breakpoints", "i r": "info registers",
    "info reg": "info registers", "i lo": "info locals", "info th": "info threads",
    "p": "print", "x": "x", "l": "list", "d": "delete", "watch": "watch", "rwatch": "rwatch",
    "awatch": "awatch", "disp": "display", "undisplay": "undisplay",
    "info sh": "info sharedlibrary",
    "set": "set", "set var": "set var", "set variable": "set var", "handle": "handle",
    "catch": "catch", "until": "until", "advance": "advance", "jump": "jump", "j": "jump",
    "call": "call", "si": "stepi", "ni": "nexti", "k": "kill", "q": "quit", "h": "help",
    "disas": "disassemble", "t": "thread", "thread": "thread", "thread apply": "thread apply",
    "cond": "condition", "ign": "ignore", "comm": "commands", "pt": "ptype", "wha": "whatis",
    "cont": "continue", "wat": "watch", "brea": "break", "start": "start",
    "info sig": "info signals",
    "info symbol": "info symbol", "info line": "info line", "info source": "info source",
    "info f": "info frame", "info frame": "info frame", "info args": "info args",
    "info display": "info display", "info proc": "info proc", "target": "connect",
    "dis": "disable", "en": "enable", "att": "attach", "det": "detach", "so": "source",
}  # fmt: skip
LLDB = {
    "breakpoint set": "break", "br s": "break", "breakpoint list": "info breakpoints",
    "br l": "info breakpoints", "thread list": "info threads", "thread backtrace": "backtrace",
    "frame variable": "frame variable", "fr v": "frame variable", "frame select": "frame",
    "process launch": "run", "process attach": "attach", "process continue": "continue",
    "process status": "info program", "process kill": "kill", "register read": "info registers",
    "memory read": "memory read", "expression": "print", "expr": "print",
    "image list": "info sharedlibrary", "image lookup": "info symbol",
    "thread step-in": "step", "thread step-over": "next", "thread step-out": "finish",
    "thread select": "thread", "watchpoint set variable": "watch",
}  # fmt: skip


@pytest.mark.parametrize(("line", "name"), (GDB | LLDB).items())
def test_habits_of_other_debuggers(table: CommandTable, line: str, name: str) -> None:
    assert table.resolve(line).command.name == name


@pytest.mark.parametrize(
    ("line", "name", "rest"),
    [
        ("p*ptr", "print", "*ptr"),
        ("x/4xb $sp", "x", "/4xb $sp"),
        ("  thread 2", "thread", "2"),
        ("frame 3", "frame", "3"),
        ("set x = 3", "set", "x = 3"),
        ("!ls -l", "shell", "ls -l"),
        ("br s -n main", "break", "-n main"),
        ("info locals", "info locals", ""),
    ],
)
def test_where_arguments_begin(table: CommandTable, line: str, name: str, rest: str) -> None:
    resolved = table.resolve(line)
    assert (resolved.command.name, resolved.arguments.rest) == (name, rest)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("brek main", "break"),
        ("info brake", "info breakpoints"),
        ("registers", "info registers"),
        ("goroutines", "tasks or info threads"),
        ("frobnicate", "help"),
        ("info nothing", "help"),
    ],
)
def test_a_wrong_verb_leads_to_the_right_one(table: CommandTable, line: str, hint: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        table.resolve(line)
    assert hint in caught.value.hint


def test_ambiguity_is_reported(table: CommandTable) -> None:
    with pytest.raises(ParseError, match="ambiguous") as caught:
        table.resolve("co 1")
    assert "continue" in caught.value.hint
    assert (caught.value.start, caught.value.end) == (0, 2)


def test_a_family_lists_its_members(table: CommandTable) -> None:
    with pytest.raises(ParseError, match="needs another word") as caught:
        table.resolve("info")
    assert "locals" in caught.value.hint


def test_completion_of_verbs(table: CommandTable) -> None:
    assert "break" in table.complete("br")
    assert "breakpoints" in table.complete("info br")
    assert table.complete("break ma") == []


def test_every_command_explains_itself(table: CommandTable) -> None:
    for command in table:
        assert command.usage, command.name
        assert command.summary[0].isupper(), command.name
        assert not command.summary.endswith("."), command.name


def test_every_example_is_a_line_of_its_command(table: CommandTable) -> None:
    for command in table:
        for example, _ in command.examples:
            assert table.resolve(example).command is command, example


def test_every_usage_begins_with_a_name_of_its_command(table: CommandTable) -> None:
    for command in table:
        for usage in command.usage:
            assert usage.startswith(tuple(command.names)), usage


def test_the_manual_is_fresh(table: CommandTable) -> None:
    assert (DOCS / "commands.md").read_text("utf-8") == render_manual(table), "run `make docs`"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("print elements 3", "print elements"),
        ("pri el 3", "print elements"),
        ("args a b", "args"),
        ("scheduler-locking on", "scheduler-locking"),
        ("sched on", "scheduler-locking"),
        ("disable-r off", "disable-randomization"),
    ],
)
def test_settings_by_prefix(words: str, name: str) -> None:
    found = find_setting(words.split())
    assert found is not None
    assert found[0].name == name


@pytest.mark.parametrize("words", ["", "p", "nothing 3", "print"])
def test_what_is_no_setting(words: str) -> None:
    assert find_setting(words.split()) is None


def test_settings_have_distinct_names() -> None:
    names = [setting.name for setting in SETTINGS]
    assert len(names) == len(set(names))
