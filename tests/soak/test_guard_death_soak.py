"""The guard is killed under attached programs, many times in every state."""

from __future__ import annotations

import pytest

from tests.soak.guard_death_table import (
    Fate,
    fate_of,
    repaired_later,
    survivors_at,
    under_crabtrap,
)
from tests.support.guard_death import SCRIPTS, Debugger, State

ROUNDS = 50
WHOLE = Fate(True, True, True, True)
QUIET = [state for state in SCRIPTS if state != "running, hot trap"]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("state", QUIET)
def test_the_warden_saves_every_quiet_program(state: State) -> None:
    for _ in range(ROUNDS):
        with under_crabtrap(state) as program:
            assert fate_of(program, state) == WHOLE


@pytest.mark.timeout(600)
@pytest.mark.parametrize("state", ["running, cold traps", "running, watchpoint", "in a call"])
def test_repair_saves_what_has_run_into_nothing_yet(state: State) -> None:
    for _ in range(ROUNDS):
        with repaired_later(state) as program:
            assert fate_of(program, state) == WHOLE


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("hertz", "least"), [(1, 48), (10, 45), (100, 40), (500, 25)])
def test_most_programs_survive_a_hot_trap(hertz: int, least: int) -> None:
    assert survivors_at(hertz, ROUNDS, Debugger.kill_guard) >= least
