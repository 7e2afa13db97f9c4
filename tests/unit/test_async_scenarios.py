"""The page that says what is tested of tasks names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "async-scenarios.md"
LEAST_SITUATIONS = 20


def test_every_test_that_the_page_names_is_there():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= LEAST_SITUATIONS
    for row in rows:
        named = re.findall(r"`(\w+/\w+\.py)::(\w+)`", row)
        assert named, row
        for file, function in named:
            source = (TESTS / file).read_text()
            assert re.search(rf"^def {function}\(", source, re.MULTILINE), f"{file}::{function}"
