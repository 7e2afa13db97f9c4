"""Ctrl-C between any two instructions of ours: nothing is lost, nothing is wedged."""

from __future__ import annotations

from tests.support.interrupting import step_under_interrupts
from tests.support.sessions import Server

SECONDS = 3.0


def test_stepping_under_interrupts_loses_nothing(server: Server) -> None:
    verbs, interrupted = step_under_interrupts(server, 1, SECONDS)
    assert verbs > 50
    assert interrupted > 50
