"""Programs killed at random moments of every command of a stock gdb that our guard serves."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.support.gdb_kills import COMMANDS, GdbAssault
from tests.support.inferiors import build
from tests.support.killing import Killer, seed
from tests.support.needs import require


@pytest.mark.timeout(7200)
def test_programs_killed_within_the_commands_of_gdb(
    pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    require("gdb")
    number, killer = seed(), Killer()
    assault = GdbAssault(build("attachme"), killer, random.Random(number))
    kills = pytestconfig.getoption("--kills")
    try:
        for trial in range(kills):
            assault.trial(COMMANDS[trial % len(COMMANDS)])
    finally:
        killer.close()
    counts = ", ".join(f"{what} {count}" for what, count in sorted(assault.outcomes.items()))
    report(f"gdb: {kills} kills, the end told {counts}; {len(assault.faults)} faults")
    assert not assault.faults, f"CRABTRAP_SEED={number}: {assault.faults}"
