"""All verbs in any order, on six programs, for half an hour."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.any_verbs import run


@pytest.mark.timeout(7200)
def test_any_verbs(pytestconfig: pytest.Config, report: Callable[[str], None]) -> None:
    tally, first, last = run(60 * pytestconfig.getoption("--minutes"))
    report(f"{tally.total()} verbs: {tally}\n{first} {last}")
