"""Every type and several hundred expressions, on a real program built in several ways."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.corpora import answers, sections
from tests.support.inferiors import require_profile
from tests.support.json_trees import kinds_in

CORPUS = Path(__file__).with_name("values_corpus.txt")
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "expressions.md"


def documented_kinds() -> set[str]:
    """The kinds of nodes that the page names, each in a row of its table."""
    section = DOCUMENTATION.read_text().partition("| kind |")[2]
    return set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))


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
    require_profile(profile)
    found = list(answers(CORPUS, "values", profile))
    wrong = [str(each) for each in found if not (each.fits and each.tree_agrees)]
    assert not wrong, "\n".join(wrong)
    trees = [each.tree for each in found if each.tree is not None]
    assert documented_kinds() - set[str]().union(*map(kinds_in, trees)) <= {"omitted"}
    wanted = sections(CORPUS, profile)
    assert len(found) == sum(len(section.lines) for section in wanted)


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
    require_profile(profile)
    found = list(answers(CORPUS, "values", profile))
    wrong = [
        str(each)
        for each in found
        if not ((each.fits or each.is_optimised_out) and each.tree_agrees)
    ]
    assert not wrong, "\n".join(wrong)
    assert sum(each.fits for each in found) >= least
