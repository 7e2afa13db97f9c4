"""A thousand sessions of one process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.many_sessions import check_that_sessions_give_back, no_collector


@pytest.mark.timeout(7200)
def test_a_thousand_sessions_give_back_all_they_took(
    pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    count = int(str(pytestconfig.getoption("--sessions")))
    with no_collector():
        early, late = check_that_sessions_give_back(count)
    report(f"{count} sessions: early {early}, at the end {late}")
