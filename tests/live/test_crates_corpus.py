"""Types of well-known crates, shown by the rules shipped for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.corpora import answers, sections

CORPUS = Path(__file__).with_name("crates_corpus.txt")


@pytest.mark.parametrize("profile", ["debug", "dwarf5", "v0"])
def test_the_corpus_is_right(profile: str):
    found = list(answers(CORPUS, "crates", profile))
    wrong = [str(each) for each in found if not (each.fits and each.tree_agrees)]
    assert not wrong, "\n".join(wrong)
    assert len(found) == sum(len(section.lines) for section in sections(CORPUS, profile))


def test_optimised_code_gives_the_same_or_says_that_it_cannot():
    found = list(answers(CORPUS, "crates", "release-debug"))
    wrong = [
        str(each)
        for each in found
        if not ((each.fits or each.is_optimised_out) and each.tree_agrees)
    ]
    assert not wrong, "\n".join(wrong)
    assert any(each.fits for each in found)
