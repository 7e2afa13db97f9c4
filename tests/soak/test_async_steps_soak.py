"""One task of four is stepped for 200 rounds: no step may stop in another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.async_rounds import enter_task, step_rounds
from tests.support.sessions import Debug, debug

__all__ = ["debug"]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("profile", ["debug", "release-debug"])
def test_two_hundred_rounds_without_a_wrong_stop(
    debug: Debug, profile: str, pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    rounds = int(str(pytestconfig.getoption("--rounds")))
    driver = debug("async_steps", profile).launch()
    enter_task(driver.session)
    moves = step_rounds(driver.session, driver.inferior, rounds)
    report(f"{driver.server}, {profile}: {rounds} rounds, {moves} times on another thread")
    assert moves > 0
