"""Every type and several hundred expressions, on a real program built in several ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.engine.machine import Stopped
from crabtrap.engine.stdio import Stdio
from crabtrap.errors import CrabtrapError
from crabtrap.present import RenderOptions
from tests.support.inferiors import build

_CORPUS = Path(__file__).with_name("values_corpus.txt")
_SHOWN = RenderOptions(max_items=20, max_text=100)


@dataclass(frozen=True)
class Section:
    file: str
    marker: str
    lines: tuple[tuple[str, str], ...]


def sections() -> Iterator[Section]:
    for block in _CORPUS.read_text().split("\n@")[1:]:
        head, *lines = block.strip().splitlines()
        file, marker = head.split()
        pairs = [line.split(" => ", 1) for line in lines if " => " in line]
        yield Section(file, marker, tuple((text, expected) for text, expected in pairs))


def answer(session: Session, text: str) -> str:
    try:
        return session.render(session.evaluate(text), _SHOWN)
    except CrabtrapError as error:
        return f"!{error}"


def fits(expected: str, found: str) -> bool:
    return expected[1:] in found[1:] if expected.startswith("!") else expected == found


def answers(profile: str) -> Iterator[tuple[Section, str, str, str]]:
    inferior = build("values", profile)
    found = {(each.file, each.marker): each for each in sections()}
    with Session(str(inferior.path)) as session:
        session.launch((), stdio=Stdio.pipes())
        places: dict[tuple[str, int], Section] = {}
        for (file, marker), section in found.items():
            line = inferior.marker(marker, file)
            places[file, line] = section
            session.breakpoints.add(f"{file}:{line}", temporary=True)
        while True:
            session.continue_()
            if not isinstance(session.state, Stopped):
                return
            frame = session.frame
            section = places.pop((Path(frame.path or "").name, frame.line), None)
            for text, expected in section.lines if section is not None else ():
                yield section, text, expected, answer(session, text)


@pytest.mark.parametrize("profile", ["debug", "dwarf5", "v0"])
def test_the_corpus_is_right(profile: str):
    seen, wrong = set(), []
    for section, text, expected, found in answers(profile):
        seen.add(section.marker)
        if not fits(expected, found):
            wrong.append(f"{section.marker}: {text}\n  expected {expected}\n  found    {found}")
    assert not wrong, "\n".join(wrong)
    assert seen == {section.marker for section in sections()}


def test_optimised_code_gives_the_same_or_says_that_it_cannot():
    answered, wrong = 0, []
    for section, text, expected, found in answers("release-debug"):
        if fits(expected, found):
            answered += 1
        elif "optimised out" not in found and not found.startswith(("!", "<")):
            wrong.append(f"{section.marker}: {text}\n  expected {expected}\n  found    {found}")
    assert not wrong, "\n".join(wrong)
    assert answered > 50
