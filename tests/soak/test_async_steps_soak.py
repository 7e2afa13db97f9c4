"""One task of four is stepped for 200 rounds: no stop may be in another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.async_rounds import (
    Rounds,
    arrive_rounds,
    enter_rounds,
    enter_task,
    finish_rounds,
    step_rounds,
)
from tests.support.inferiors import EVERY_TOKIO, USUAL_PROFILES, build
from tests.support.looking import WAYS, Way, begun
from tests.support.needs import skip_inapplicable
from tests.support.sessions import Server

FEWER = 10
"""Older versions of tokio have one round where the newest has so many."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("profile", EVERY_TOKIO)
@pytest.mark.parametrize("steps", [step_rounds, finish_rounds, enter_rounds, arrive_rounds])
def test_two_hundred_rounds_without_a_wrong_stop(
    server: Server,
    profile: str,
    way: Way,
    steps: Rounds,
    pytestconfig: pytest.Config,
    report: Callable[[str], None],
) -> None:
    if steps is enter_rounds and profile not in EVERY_TOKIO[::2]:
        skip_inapplicable("async functions are inlined into each other there")
    rounds = int(str(pytestconfig.getoption("--rounds")))
    if profile not in USUAL_PROFILES:
        rounds = max(rounds // FEWER, 1)
    program = build("async_steps", profile)
    with begun(program, way=way, server=server) as session:
        enter_task(session)
        moves = steps(session, program, rounds)
    told = f"{steps.__name__}, {server}, {profile}, {way}"
    report(f"{told}: {rounds} rounds, {moves} times on another thread")
