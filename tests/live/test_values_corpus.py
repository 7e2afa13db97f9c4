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
from tests.support.inferiors import PROFILES, build, missing_tools

_CORPUS = Path(__file__).with_name("values_corpus.txt")
# How an answer tells that the optimiser took away what it would need.
_GONE = ("optimised out", "it has no address")
_SHOWN = RenderOptions(max_items=20, max_text=100)


@dataclass(frozen=True)
class Section:
    file: str
    marker: str
    lines: dict[str, str]


def sections(profile: str) -> Iterator[Section]:
    is_old = "--cfg=old_std" in PROFILES[profile].flags
    for block in _CORPUS.read_text().split("\n@")[1:]:
        head, *rest = block.strip().splitlines()
        file, marker, *words = head.split()
        lines = dict(line.split(" => ", 1) for line in rest if " => " in line)
        old = {
            text.removeprefix("old "): lines.pop(text) for text in [*lines] if text[:4] == "old "
        }
        if is_old:
            lines |= old
        if not (is_old and "recent" in words):
            yield Section(file, marker, lines)


def answer(session: Session, text: str) -> str:
    try:
        return session.render(session.evaluate(text), _SHOWN)
    except CrabtrapError as error:
        return f"!{error}"


def fits(expected: str, found: str) -> bool:
    return expected[1:] in found[1:] if expected.startswith("!") else expected == found


def answers(profile: str) -> Iterator[tuple[Section, str, str, str]]:
    inferior = build("values", profile)
    found = {(each.file, each.marker): each for each in sections(profile)}
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
            for text, expected in section.lines.items() if section is not None else ():
                yield section, text, expected, answer(session, text)


def skip_where_missing(profile: str) -> None:
    if missing := missing_tools(profile):
        pytest.skip(f"missing {', '.join(missing)}")


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "profile",
    [
        "debug",
        "dwarf5",
        "v0",
        "debian-rustc",
        "debian-rustc-web",
        "debian-rustc-web-oldest",
        "nightly",
    ],
)
def test_the_corpus_is_right(profile: str):
    skip_where_missing(profile)
    seen, wrong = set(), []
    for section, text, expected, found in answers(profile):
        seen.add(section.marker)
        if not fits(expected, found):
            wrong.append(f"{section.marker}: {text}\n  expected {expected}\n  found    {found}")
    assert not wrong, "\n".join(wrong)
    assert seen == {section.marker for section in sections(profile)}


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("profile", "least"),
    [
        ("release-debug", 450),
        ("debian-rustc-o", 320),
        ("debian-rustc-web-o", 450),
        ("debian-rustc-web-oldest-o", 450),
    ],
)
def test_optimised_code_gives_the_same_or_says_that_it_cannot(profile: str, least: int):
    """What the optimiser left is right, all else is said to be gone.

    ``least`` of the answers are there: what a compiler keeps is up to it, but one that
    keeps far less has a debugger that no longer finds it.
    """
    skip_where_missing(profile)
    answered, wrong = 0, []
    for section, text, expected, found in answers(profile):
        if fits(expected, found):
            answered += 1
        elif not any(reason in found for reason in _GONE):
            wrong.append(f"{section.marker}: {text}\n  expected {expected}\n  found    {found}")
    assert not wrong, "\n".join(wrong)
    assert answered >= least
