"""One task of four is stepped and finished for 200 rounds: no stop may be in another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crabtrap import Session
from tests.support.async_rounds import enter_task, finish_rounds, step_rounds
from tests.support.inferiors import Inferior
from tests.support.sessions import Debug, debug

__all__ = ["debug"]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("profile", ["debug", "release-debug"])
@pytest.mark.parametrize("steps", [step_rounds, finish_rounds])
def test_two_hundred_rounds_without_a_wrong_stop(
    debug: Debug,
    profile: str,
    steps: Callable[[Session, Inferior, int], int],
    pytestconfig: pytest.Config,
    report: Callable[[str], None],
) -> None:
    rounds = int(str(pytestconfig.getoption("--rounds")))
    driver = debug("async_steps", profile).launch()
    enter_task(driver.session)
    moves = steps(driver.session, driver.inferior, rounds)
    report(f"{driver.server}, {profile}: {rounds} rounds, {moves} times on another thread")
    assert moves > 0
