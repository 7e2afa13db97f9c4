"""Programs killed at a thousand random moments, all verbs in turn."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.support.inferiors import build
from tests.support.killing import VERBS, Assault, Killer, seed
from tests.support.sessions import Server


@pytest.mark.timeout(3600)
def test_programs_killed_within_verbs(
    server: Server, pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    number = seed()
    killer = Killer()
    assault = Assault(build("attachme"), server, killer, random.Random(number))
    verbs = list(VERBS)
    try:
        for trial in range(pytestconfig.getoption("--kills")):
            assault.trial(verbs[trial % len(verbs)])
    finally:
        assault.close()
        killer.close()
    report(f"{server}: {assault.tally}")
    assert not assault.tally.faults, f"CRABTRAP_SEED={number}: {assault.tally.faults}"
