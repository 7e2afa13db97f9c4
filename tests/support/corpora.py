"""Corpora: files of expressions and their expected values at markers of a program.

::

    @file.rs marker [recent]
    expression => text
    expression => !part of the error
    old expression => text

In a text, ``…`` matches anything.  A ``recent`` section is skipped for a std before 1.80,
and a line that begins with ``old`` is the expectation for such a std.  Lines without an
arrow are comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from crabtrap import Session
from crabtrap.engine.machine import Stopped
from crabtrap.errors import CrabtrapError
from crabtrap.present import RenderOptions
from crabtrap.target.server import ServerKind
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import PROFILES, build
from tests.support.json_trees import Tree, text_of

SHOWN = RenderOptions(max_items=20, max_text=100)
_OLD = "old "
_GONE = ("optimised out", "it has no address")


@dataclass(frozen=True, slots=True)
class Section:
    """The expressions of one marker.

    Attributes:
        file, marker: Source file and marker; the marker names the section.
        lines: Expressions with their expected texts.
    """

    file: str
    marker: str
    lines: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result for one line of a corpus.

    Attributes:
        found: The rendered value, or ``!`` and the error.
        tree: The value as a JSON tree; ``None`` for an error.
    """

    section: Section
    expression: str
    expected: str
    found: str
    tree: Tree | None

    @property
    def tree_agrees(self) -> bool:
        """Whether the text can be rebuilt from the tree."""
        return self.tree is None or text_of(self.tree) == self.found

    @property
    def fits(self) -> bool:
        """Whether the result is the expected one."""
        if self.expected.startswith("!"):
            return self.found.startswith("!") and self.expected[1:] in self.found
        if "…" not in self.expected:
            return self.expected == self.found
        pattern = ".*".join(map(re.escape, self.expected.split("…")))
        return re.fullmatch(pattern, self.found) is not None

    @property
    def is_optimised_out(self) -> bool:
        """Whether the value, or what it needs, was optimised out."""
        return any(reason in self.found for reason in _GONE)

    def __str__(self) -> str:
        return (
            f"{self.section.marker}: {self.expression}\n"
            f"  expected {self.expected}\n  found    {self.found}"
        )


def sections(corpus: Path, profile: str) -> tuple[Section, ...]:
    """Read the sections and lines of a corpus that apply to a profile."""
    is_old = "--cfg=old_std" in PROFILES[profile].flags
    found: list[Section] = []
    for block in corpus.read_text().split("\n@")[1:]:
        head, *rest = block.strip().splitlines()
        file, marker, *words = head.split()
        lines = dict(_pair(line) for line in rest if " => " in line)
        old = {text.removeprefix(_OLD): lines.pop(text) for text in [*lines] if _OLD in text[:4]}
        if not (is_old and "recent" in words):
            found.append(Section(file, marker, lines | old if is_old else lines))
    return tuple(found)


def _pair(line: str) -> tuple[str, str]:
    text, _, expected = line.partition(" => ")
    return text, expected


def ask(session: Session, section: Section, text: str, expected: str) -> Answer:
    """Evaluate an expression at a stop."""
    try:
        value = session.evaluate(text)
    except CrabtrapError as error:
        return Answer(section, text, expected, f"!{error}", None)
    tree = cast("Tree", session.values.tree(value, SHOWN))
    return Answer(section, text, expected, session.values.render(value, SHOWN), tree)


def answers(
    corpus: Path, package: str, profile: str, server: ServerKind = "guard"
) -> Iterator[Answer]:
    """Run a program from marker to marker, and evaluate the expressions of each."""
    inferior = build(package, profile)
    with Session(str(inferior.path), server=server) as session:
        session.launch((), stdio=Stdio.pipes())
        locations: dict[tuple[str, int], Section] = {}
        for section in sections(corpus, profile):
            line = inferior.marker(section.marker, section.file)
            locations[section.file, line] = section
            session.breakpoints.add(f"{section.file}:{line}", temporary=True)
        while True:
            session.continue_()
            if not isinstance(session.state, Stopped):
                return
            frame = session.frame
            reached = locations.pop((Path(frame.path or "").name, frame.line), None)
            if reached is not None:
                for text, expected in reached.lines.items():
                    yield ask(session, reached, text, expected)
