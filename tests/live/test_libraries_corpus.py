"""Types of libraries that people print daily, shown by the rules shipped for them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.corpora import answers, sections
from tests.support.inferiors import build

CORPUS = Path(__file__).with_name("libraries_corpus.txt")
SECTION = re.compile(r"^@\S+ (\w+)(.*?)(?=^@|\Z)", re.MULTILINE | re.DOTALL)
DIFFERS = re.compile(r"^differs (\w+): .+$", re.MULTILINE)
CUT = re.compile(r",\.\.\.\d+more\]$")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("profile", ["debug", "v0"])
def test_the_corpus_is_right(profile: str):
    found = list(answers(CORPUS, "libraries", profile))
    wrong = [str(each) for each in found if not (each.fits and each.tree_agrees)]
    assert not wrong, "\n".join(wrong)
    assert len(found) == sum(len(section.lines) for section in sections(CORPUS, profile))


@pytest.mark.timeout(300)
def test_optimised_code_gives_the_same_or_says_that_it_cannot():
    found = list(answers(CORPUS, "libraries", "release-debug"))
    wrong = [
        str(each)
        for each in found
        if not ((each.fits or each.is_optimised_out) and each.tree_agrees)
    ]
    assert not wrong, "\n".join(wrong)
    assert any(each.fits for each in found)


def test_values_are_shown_as_the_program_prints_them():
    program = build("libraries", "debug").path
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    told = {(place, name): text for place, name, text in map(_told, printed.splitlines())}
    differing = {
        (section[1], name)
        for section in SECTION.finditer(CORPUS.read_text())
        for name in DIFFERS.findall(section[2])
    }
    assert differing <= told.keys()
    compared = 0
    for section in sections(CORPUS, "debug"):
        for name, shown in section.lines.items():
            place = (section.marker, name)
            if place in told:
                assert _alike(shown, told[place]) == (place not in differing), (place, told[place])
                compared += 1
    assert compared == len(told)


def _told(line: str) -> tuple[str, str, str]:
    place, name, text = line.split(" ", 2)
    return place, name, text


def _alike(shown: str, told: str) -> bool:
    """Whether two texts agree but for spaces, which JSON leaves out, and items left out."""
    shown, told = shown.replace(" ", ""), told.replace(" ", "")
    start = CUT.sub("", shown)
    return shown == told or (start != shown and told.startswith(f"{start},"))
