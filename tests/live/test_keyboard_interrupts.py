"""Ctrl-C between any two instructions of ours: nothing is lost, nothing is wedged."""

from __future__ import annotations

import os
import random

from crabtrap import Session, Stdio
from tests.support.inferiors import build, running
from tests.support.interrupting import begin_under_interrupts, step_under_interrupts
from tests.support.sessions import Server
from tests.support.traces import is_text_intact, threads_traced

SECONDS = 3.0
BEGINNINGS = 60


def seed() -> int:
    return int(os.environ.get("CRABTRAP_SEED", random.randrange(1 << 32)))


def test_stepping_under_interrupts_loses_nothing(server: Server) -> None:
    verbs, interrupted = step_under_interrupts(server, 1, SECONDS)
    assert verbs > 50
    assert interrupted > 50


def test_an_interrupted_launch_leaves_a_program_or_none() -> None:
    number = seed()
    had, not_had = begin_under_interrupts(
        lambda session: session.launch(("2",), stdio=Stdio.pipes()), number, BEGINNINGS
    )
    assert had, number
    assert not_had, number


def test_an_interrupted_attach_leaves_a_program_or_lets_it_go() -> None:
    number = seed()
    with running(build("attachme"), "2") as program:

        def attach(session: Session) -> None:
            # Whatever came of the attach before.
            assert not threads_traced(program.pid), number
            assert is_text_intact(program.pid), number
            session.attach(program.pid)

        had, not_had = begin_under_interrupts(attach, number, BEGINNINGS)
        assert not threads_traced(program.pid)
        assert is_text_intact(program.pid)
    assert had, number
    assert not_had, number
