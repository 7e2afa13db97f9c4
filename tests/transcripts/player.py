"""Plays sessions that are written down in a page.

A fence opens a block; its first one names the program, later ones go on with it::

    ```console program=basics arguments="one two"
    (crabtrap) break parse
    Breakpoint 1: basics::parse at src/main.rs:3
    ```

``program`` is a package of tests/inferiors or "demo"; ``json=yes`` answers with objects,
laid out to be read.  Lines that begin with the prompt are typed, the others are what must
come.  Addresses, process and thread ids are compared as if they did not differ.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import re
import shlex
import subprocess
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.json_lines import JsonOutput
from crabtrap.frontends.console.output import Output
from crabtrap.frontends.console.script import ListedLines
from crabtrap.session import Session
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import build

ROOT = Path(__file__).parents[2]
WIDTH = 96
HOME = "/home/me/crabtrap"
PROMPT = "(crabtrap) "
CONTINUED = "> "
_FENCE = re.compile(r"^```console(?P<attributes>.*)$")
_CHANGING = (
    (re.compile(r"0x[0-9a-f]{5,16}"), "0x…"),
    (re.compile(r"^(thread '.*?') \(\d+\) panicked", re.MULTILINE), r"\1 (…) panicked"),
    (re.compile(r"\b([Pp]rocess|tid) \d+"), r"\1 …"),
    (re.compile(r'"(pid|thread|tid|bias)": (\d+|"0x.*?")'), r'"\1": …'),
    (re.compile(r'"epoch": \d+'), '"epoch": …'),
    (re.compile(r"\d+\.\d s left"), "… s left"),
    (re.compile(r"\bfd \d+"), "fd …"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:…"),
    # What the standard library and libc do inside is theirs.
    (re.compile(r"\b((?:core|std|alloc)/src/\S+\.rs):\d+"), r"\1:…"),
    (re.compile(r"^ +… #.*$", re.MULTILINE), "… folded"),
    (re.compile(r"#\d+"), "#…"),
    (re.compile(r"^([▶ ]  *\d+)  \d{2,}  ", re.MULTILINE), r"\1  …  "),
)


@dataclass
class Block:
    """One fenced session.

    Attributes:
        start: Index of its first line in the file.
        lines: Prompts and what comes after them.
        attributes: Of its fence.
    """

    start: int
    lines: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)


class TranscriptMismatch(Exception):
    """What came is not what is written down."""


def check_page(path: Path) -> None:
    """Play all blocks of a page in order, later ones going on where earlier ones stopped."""
    for block, came in _played(path):
        if settle(came) != settle(block.lines):
            raise TranscriptMismatch(f"{path}:{block.start}\n{difference(block, came)}")


def write_page(path: Path) -> None:
    """Put what comes into the page."""
    lines = path.read_text("utf-8").splitlines()
    for block, came in reversed(list(_played(path))):
        assert not any("bug in crabtrap" in line for line in came), "\n".join(came)
        end = next(i for i in range(block.start, len(lines)) if lines[i] == "```")
        if settle(came) != settle(block.lines):
            lines[block.start : end] = came
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _played(path: Path) -> Iterator[tuple[Block, list[str]]]:
    blocks = find_blocks(path.read_text("utf-8").splitlines())
    assert blocks, f"{path} shows no session"
    with contextlib.ExitStack() as stack:
        yield from zip(blocks, _results(blocks, stack), strict=True)


def find_blocks(lines: list[str]) -> list[Block]:
    """The fenced sessions of a page."""
    blocks: list[Block] = []
    current: Block | None = None
    for index, line in enumerate(lines):
        match = _FENCE.match(line)
        if current is None and match:
            pairs = (pair.partition("=") for pair in shlex.split(match["attributes"]))
            current = Block(index + 1, attributes={name: value for name, _, value in pairs})
        elif current is not None and line == "```":
            blocks.append(current)
            current = None
        elif current is not None:
            current.lines.append(line)
    return blocks


def settle(lines: list[str]) -> str:
    """Text without what differs between runs."""
    text = "\n".join(line.rstrip() for line in lines)
    for pattern, replacement in _CHANGING:
        text = pattern.sub(replacement, text)
    return text


def difference(block: Block, came: list[str]) -> str:
    expected, actual = settle(block.lines).split("\n"), settle(came).split("\n")
    shown = difflib.unified_diff(expected, actual, "written", "came", lineterm="", n=4)
    return "\n".join(shown)


def _results(blocks: list[Block], stack: contextlib.ExitStack) -> Iterator[list[str]]:
    player: Player | None = None
    for block in blocks:
        if block.attributes:
            stack.pop_all().close()
            player = stack.enter_context(Player.on(block.attributes))
        assert player is not None, "the first block names no program"
        yield player.play(block.lines)


class Player:
    """Types a block's lines into a console and notes what comes."""

    def __init__(self, session: Session, *, json: bool) -> None:
        self._stream = io.StringIO()
        self._json = json
        output = JsonOutput(self._stream) if json else Output(self._stream, colour=False)
        self._console = Console(session, output, stdio=Stdio.pipes())

    @staticmethod
    @contextlib.contextmanager
    def on(attributes: dict[str, str]) -> Generator[Player]:
        program, directory = find_program(attributes["program"])
        with contextlib.chdir(directory), Session(str(program)) as session:
            player = Player(session, json="json" in attributes)
            player._console.context.launch.arguments = tuple(
                shlex.split(attributes.get("arguments", ""))
            )
            # Settings of the surroundings that change what programs print.
            for name in ("RUST_BACKTRACE", "RUST_LIB_BACKTRACE"):
                player._console.context.launch.environment[name] = None
            yield player

    def play(self, lines: list[str]) -> list[str]:
        typed = [
            (line, line.removeprefix(PROMPT))
            for line in lines
            if line.startswith((PROMPT, CONTINUED))
        ]
        came: list[str] = []
        pending = iter(typed)
        for shown, command in pending:
            if not shown.startswith(PROMPT):
                continue
            came.append(shown)
            self._stream.seek(0)
            self._stream.truncate()
            source = Typed(command, pending, came)
            self._console.run_lines(source)
            answer = self._stream.getvalue().replace(str(ROOT), HOME).splitlines()
            came += laid_out(answer) if self._json else answer
        return came


def laid_out(lines: list[str]) -> list[str]:
    """Objects over several lines where one would be too long."""
    objects = [json.loads(text) for text in lines]
    # Which libraries come when is the system's own affair.
    kept = [one for one in objects if one.get("event") not in ("libraries", "notice")]
    return [line for one in _merged(kept) for line in _layout(one, "").split("\n")]


def _merged(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Output in as few pieces as can be: how it is cut is chance."""
    merged: list[dict[str, Any]] = []
    for one in objects:
        before = merged[-1] if merged else {}
        if one.get("event") == before.get("event") == "output" and (
            one["data"]["stream"] == before["data"]["stream"]
        ):
            before["data"]["text"] += one["data"]["text"]
        else:
            merged.append(one)
    return merged


def _layout(value: object, indent: str) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + len(indent) <= WIDTH or not isinstance(value, dict | list):
        return flat
    deeper = indent + "  "
    if isinstance(value, list):
        parts = [_layout(item, deeper) for item in value]
        return "[\n" + ",\n".join(deeper + part for part in parts) + f"\n{indent}]"
    parts = [f"{json.dumps(name)}: {_layout(item, deeper)}" for name, item in value.items()]
    return "{\n" + ",\n".join(deeper + part for part in parts) + f"\n{indent}}}"


class Typed(ListedLines):
    """One command, and the lines that it asks for (``commands`` ... ``end``)."""

    def __init__(self, command: str, more: Iterator[tuple[str, str]], came: list[str]) -> None:
        super().__init__([command])
        self._more, self._came = more, came

    def next_line(self, prompt: str) -> str | None:
        if not prompt:
            return super().next_line(prompt)
        shown, _ = next(self._more)
        self._came.append(shown)
        return shown.removeprefix(CONTINUED)


def find_program(name: str) -> tuple[Path, Path]:
    """A built program, and the directory its sources are named from."""
    if name != "demo":
        inferior = build(name)
        return inferior.path, inferior.source.parents[1]
    demo = ROOT / "demo"
    subprocess.run(["cargo", "build", "--quiet"], cwd=demo, check=True)
    return demo / "target" / "debug" / "harbour", demo
