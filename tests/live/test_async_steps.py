"""Steps in async functions stay in their task, whatever thread polls it next."""

from __future__ import annotations

import pytest

from tests.support.async_rounds import enter_task, step_rounds
from tests.support.sessions import Debug

PROFILES = ("debug", "release-debug")


@pytest.mark.parametrize("profile", PROFILES)
def test_next_goes_over_awaits_in_the_same_task(debug: Debug, profile: str) -> None:
    driver = debug("async_steps", profile).launch()
    enter_task(driver.session)
    step_rounds(driver.session, driver.inferior, 4)
