"""Runs the sessions that are shown in the Markdown files of this directory.

A fence opens a block; its first one names the program, later ones go on with it::

    ```console program=basics arguments="one two"
    (crabtrap) break parse
    Breakpoint 1: basics::parse at src/main.rs:3
    ```

``program`` is a package of tests/inferiors or "demo".  Lines that begin with the prompt
are typed, the others are what must come.  Addresses, process and thread ids differ from
run to run and are compared as if they did not.  ``CRABTRAP_TRANSCRIPTS=write`` puts what
came into the files instead of comparing it; read the difference before you commit it.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crabtrap.engine.stdio import Stdio
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.output import Output
from crabtrap.frontends.console.script import ListedLines
from crabtrap.session import Session
from tests.support.inferiors import build

ROOT = Path(__file__).parents[2]
PROMPT = "(crabtrap) "
CONTINUED = "> "
_FENCE = re.compile(r"^```console(?P<attributes>.*)$")
_CHANGING = (
    (re.compile(r"0x[0-9a-f]{5,16}"), "0x…"),
    (re.compile(r"\b([Pp]rocess|tid) \d+"), r"\1 …"),
    (re.compile(r"^([▶ ]  *\d+)  \d{2,}  ", re.MULTILINE), r"\1  …  "),
)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    if file_path.suffix == ".md":
        return TranscriptFile.from_parent(parent, path=file_path)
    return None


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


class TranscriptFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        yield TranscriptItem.from_parent(self, name=self.path.stem)


class TranscriptMismatch(Exception):
    """What came is not what is written down."""


class TranscriptItem(pytest.Item):
    """All blocks of one file, in order: later ones go on where earlier ones stopped."""

    def runtest(self) -> None:
        text = self.path.read_text("utf-8")
        lines = text.splitlines()
        blocks = find_blocks(lines)
        assert blocks, "no session in this file"
        with running_blocks(blocks) as results:
            for block, came in zip(blocks, results, strict=True):
                if os.environ.get("CRABTRAP_TRANSCRIPTS") == "write":
                    block.lines = came
                elif settle(came) != settle(block.lines):
                    raise TranscriptMismatch(difference(block, came))
        if os.environ.get("CRABTRAP_TRANSCRIPTS") == "write":
            self.path.write_text(rewritten(lines, blocks), "utf-8")

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None
    ) -> str:
        if isinstance(excinfo.value, TranscriptMismatch):
            return f"{self.path}:\n{excinfo.value}"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


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
    import difflib

    expected, actual = settle(block.lines).split("\n"), settle(came).split("\n")
    shown = difflib.unified_diff(expected, actual, "written", "came", lineterm="", n=4)
    return f"block at line {block.start}\n" + "\n".join(shown)


def rewritten(lines: list[str], blocks: list[Block]) -> str:
    """The page with the blocks' lines in place of what was between their fences."""
    result = list(lines)
    for block in reversed(blocks):
        end = next(i for i in range(block.start, len(lines)) if lines[i] == "```")
        result[block.start : end] = block.lines
    return "\n".join(result) + "\n"


@contextlib.contextmanager
def running_blocks(blocks: list[Block]) -> Generator[Iterator[list[str]]]:
    with contextlib.ExitStack() as stack:
        yield _results(blocks, stack)


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

    def __init__(self, session: Session) -> None:
        self._stream = io.StringIO()
        output = Output(self._stream, colour=False)
        self._console = Console(session, output, stdio=Stdio.pipes())

    @staticmethod
    @contextlib.contextmanager
    def on(attributes: dict[str, str]) -> Generator[Player]:
        program, directory = find_program(attributes["program"])
        with contextlib.chdir(directory), Session.for_program(str(program)) as session:
            player = Player(session)
            player._console.preferences.arguments = tuple(
                shlex.split(attributes.get("arguments", ""))
            )
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
            came += self._stream.getvalue().splitlines()
        return came


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
