"""Ten thousand flipped bits in the memory of tasks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crabtrap import Session, Stdio
from tests.support.altered import flip_and_look
from tests.support.inferiors import USUAL_PROFILES, build

SECONDS = 5.0
FLIPS = 20


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("profile", USUAL_PROFILES)
def test_flipped_bits(profile: str, pytestconfig: pytest.Config, report: Callable[[str], None]):
    rounds = int(str(pytestconfig.getoption("--flips"))) // FLIPS
    with Session(str(build("trees", profile).path)) as session:
        session.breakpoints.add("trees::look")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        toll = flip_and_look(session, seed=2, rounds=rounds, flips=FLIPS)
    report(f"{toll.flips} bits, {toll.marked} tasks marked, {toll.slowest:.2f} s at most")
    assert toll.slowest < SECONDS
