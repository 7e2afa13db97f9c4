"""A thousand sessions of one process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.many_sessions import check_that_sessions_give_back


@pytest.mark.timeout(7200)
def test_a_thousand_sessions_give_back_all_they_took(
    pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    # With Python's collector at work, as in every program: some small objects of a session are
    # in cycles, and a thousand sessions of these are more than what a test of 50 would notice.
    count = int(str(pytestconfig.getoption("--sessions")))
    early, late = check_that_sessions_give_back(count)
    report(f"{count} sessions: early {early}, at the end {late}")
