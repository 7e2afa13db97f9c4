"""The pure state machine: what follows from a stop."""

import pytest

from crabtrap.engine import machine
from crabtrap.engine.machine import (
    Announce,
    Consume,
    Ended,
    Ignore,
    NotStarted,
    Report,
    ResumeThreads,
    Stopped,
)
from crabtrap.errors import StateError
from crabtrap.events import BreakpointHit, Interrupted, StepDone, StopEvent
from crabtrap.events import Exited as ExitReason

MAIN, WORKER = 100, 101
HIT = BreakpointHit(1, 1)


def running() -> machine.Running:
    return machine.Running("continue")


def test_a_stop_nobody_reports_lets_the_program_go_on() -> None:
    state = machine.advance(running(), MAIN, 0x1000, (Ignore(), Consume()))
    assert state.stop_pcs == {MAIN: 0x1000}
    assert machine.settle(state, MAIN) == ResumeThreads()


def test_all_reasons_of_one_stop_are_reported_together() -> None:
    verdicts = (Report(StepDone("next")), Ignore(), Report(HIT))
    state = machine.advance(running(), MAIN, 0x1000, verdicts)
    stopped = machine.announce(state, MAIN, 7, MAIN)
    assert stopped == Stopped(StopEvent(7, MAIN, MAIN, (StepDone("next"), HIT)))


def test_the_plans_thread_is_reported_first_and_no_other_is_lost() -> None:
    state = machine.advance(running(), WORKER, 0x1, (Report(HIT),))
    state = machine.advance(state, MAIN, 0x2, (Report(StepDone("step")),))
    assert machine.settle(state, MAIN) == Announce(MAIN)
    event = machine.announce(state, MAIN, 1, MAIN).event
    assert event.reasons == (StepDone("step"),)
    assert event.also == ((WORKER, HIT),)


def test_the_end_of_the_program_outranks_everything() -> None:
    state = machine.advance(running(), WORKER, 0x1, (Report(Interrupted()),))
    state = machine.advance(state, MAIN, None, (Report(ExitReason(MAIN, 0)),))
    assert machine.settle(state, WORKER) == Announce(MAIN)
    assert isinstance(machine.announce(state, MAIN, 1, MAIN), Ended)


def test_only_threads_that_reported_a_stop_have_arrived() -> None:
    state = machine.advance(running(), MAIN, 0x1000, (Consume(),))
    state = machine.advance(state, WORKER, None, (Consume(),))
    sites = frozenset((0x1000,))
    assert machine.next_to_step_over(state, sites) == machine.StepOver(MAIN, 0x1000)
    assert machine.next_to_step_over(state, frozenset()) is None


def test_who_is_set_going_stands_nowhere_any_more() -> None:
    state = machine.advance(running(), MAIN, 0x1000, (Consume(),))
    state = machine.advance(state, WORKER, 0x2000, (Report(HIT),))
    alone = machine.resumed(state, MAIN, frozenset((WORKER,)))
    assert (alone.stop_pcs, alone.held) == ({WORKER: 0x2000}, {WORKER})
    assert machine.resumed(alone, None, frozenset()) == machine.Running(
        "continue", {}, frozenset(), ((WORKER, HIT),)
    )


def test_a_verb_in_the_wrong_state_names_the_state() -> None:
    with pytest.raises(StateError, match="no program has been started") as caught:
        machine.require(NotStarted(), Stopped, to="step")
    assert caught.value.hint == "start it with run"
