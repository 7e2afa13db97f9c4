"""The pages that promise something name tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
FILE = re.compile(r"`((?:guard|live|property|soak|support|unit)/[\w/]+\.py)(?:::(\w+))?`")
FUNCTION = re.compile(r"`(test_\w+)`")


@pytest.mark.parametrize("page", ["security.md", "reliability.md"])
def test_every_test_that_is_named_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    named = set(FILE.findall(text))
    assert len(named) > 5, "the page was read"
    for file, function in named:
        assert (TESTS / file).is_file(), file
        assert f"def {function}" in (TESTS / file).read_text(), (file, function)


def test_every_test_of_listeners_that_is_named_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    functions = set(FUNCTION.findall(page))
    assert len(functions) > 10, "the page was read"
    defined = (TESTS / "guard" / "test_listening.py").read_text()
    assert {name for name in functions if f"def {name}(" not in defined} == set()
