"""The pure state machine: what follows from a stop."""

import pytest

from crabtrap.address import Address
from crabtrap.engine import machine
from crabtrap.engine.machine import (
    Consume,
    Detached,
    Ended,
    Failed,
    Ignore,
    NotStarted,
    Proceed,
    Report,
    Run,
    Running,
    Stopped,
    Threads,
)
from crabtrap.engine.plans.plan import Resume
from crabtrap.engine.plans.run_to import Continue
from crabtrap.errors import StateError
from crabtrap.events import BreakpointHit, Interrupted, StepDone, StopEvent
from crabtrap.events import Exited as ExitReason
from crabtrap.target.interface import StopKind, TargetStop

MAIN, WORKER = 100, 101
HIT = BreakpointHit(1, 1)


def running(thread: int = MAIN, threads: Threads | None = None) -> Running:
    return machine.started(Run(Continue(), thread), Resume(), threads or Threads())


def stop(thread: int, pc: int | None = None, kind: StopKind = "breakpoint") -> TargetStop:
    return TargetStop(kind, MAIN, thread, pc=None if pc is None else Address(pc))


def test_a_stop_nobody_reports_lets_the_program_go_on() -> None:
    state = machine.advance(running(), stop(MAIN, 0x1000), (Ignore(), Consume()))
    assert state.threads.stop_pcs == {MAIN: 0x1000}
    assert machine.thread_to_announce(state) is None


def test_all_reasons_of_one_stop_are_reported_together() -> None:
    verdicts = (Report(StepDone("next")), Ignore(), Report(HIT))
    state = machine.advance(running(), stop(MAIN, 0x1000), verdicts)
    stopped = machine.announce(state, MAIN, 7, MAIN)
    assert stopped.event == StopEvent(7, MAIN, MAIN, (StepDone("next"), HIT))
    assert isinstance(stopped, Stopped)
    assert stopped.threads == state.threads


def test_the_plans_thread_is_reported_first_and_no_other_is_lost() -> None:
    state = machine.advance(running(), stop(WORKER, 0x1), (Report(HIT),))
    state = machine.advance(state, stop(MAIN, 0x2), (Report(StepDone("step")),))
    assert machine.thread_to_announce(state) == MAIN
    event = machine.announce(state, MAIN, 1, MAIN).event
    assert event.reasons == (StepDone("step"),)
    assert event.also == ((WORKER, HIT),)


def test_the_end_of_the_program_outranks_everything() -> None:
    state = machine.advance(running(WORKER), stop(WORKER, 0x1), (Report(Interrupted()),))
    state = machine.advance(state, stop(MAIN, None, "exited"), (Report(ExitReason(MAIN, 0)),))
    assert machine.thread_to_announce(state) == MAIN
    assert isinstance(machine.announce(state, MAIN, 1, MAIN), Ended)


def test_only_threads_that_reported_a_stop_have_a_stop_pc() -> None:
    state = machine.advance(running(), stop(MAIN, 0x1000), (Consume(),))
    state = machine.advance(state, stop(WORKER), (Consume(),))
    sites = frozenset((0x1000,))
    assert machine.next_to_step_over(state, sites) == machine.StepOver(MAIN, 0x1000)
    assert machine.next_to_step_over(state, frozenset()) is None


@pytest.mark.parametrize("kind", ["exited", "killed", "thread-exited", "interrupt"])
def test_a_thread_that_was_stopped_by_others_has_hit_nothing(kind: StopKind) -> None:
    state = machine.advance(running(), stop(MAIN, 0x1000, kind), (Consume(),))
    assert state.threads.stop_pcs == {}
    before = running(threads=Threads({MAIN: 0x2000}))
    state = machine.advance(before, stop(MAIN, 0x1000, kind), (Consume(),))
    assert state.threads.stop_pcs == {}


def test_of_threads_that_move_nothing_is_remembered() -> None:
    state = machine.advance(running(), stop(MAIN, 0x1000), (Consume(signal=10),))
    state = machine.advance(state, stop(WORKER, 0x2000), (Report(HIT, signal=12),))
    alone = machine.resumed(state, MAIN, frozenset((WORKER,)))
    assert alone.moving
    assert alone.threads == Threads({WORKER: 0x2000}, {WORKER: 12})
    assert alone.held == {WORKER}
    every = machine.resumed(alone, None, frozenset())
    assert (every.threads, every.held) == (Threads(), frozenset())
    assert every.reports == ((WORKER, HIT),)


def test_the_first_signal_of_a_stop_is_kept_for_its_own_thread() -> None:
    before = running(threads=Threads(signals={WORKER: 12}))
    state = machine.advance(
        before, stop(MAIN, 0x1, "signal"), (Consume(signal=10), Report(HIT, signal=11))
    )
    assert state.threads.signals == {MAIN: 10, WORKER: 12}
    assert machine.advance(state, stop(MAIN, 0x2), (Consume(),)).threads == Threads(
        {MAIN: 0x2}, {MAIN: 10, WORKER: 12}
    )


def test_the_plans_way_on_replaces_the_one_before() -> None:
    way = Resume("step")
    state = machine.advance(running(), stop(MAIN, 0x1), (Proceed(way), Ignore()))
    assert state.resume is way
    assert machine.thread_to_announce(state) is None
    assert machine.advance(state, stop(WORKER, 0x1), (Consume(),)).resume is way


def test_what_handlers_raise_is_kept_and_stops_the_program() -> None:
    first, second = ValueError("first"), ValueError("second")
    state = machine.advance(running(), stop(WORKER, 0x1), (Failed(first), Ignore()))
    state = machine.advance(state, stop(MAIN, 0x2), (Consume(), Failed(second)))
    assert state.errors == (first, second)
    assert machine.thread_to_announce(state) == MAIN
    assert machine.announce(state, MAIN, 1, MAIN).event.reasons == (Interrupted(),)


def test_a_report_beside_an_error_is_not_lost() -> None:
    state = machine.advance(running(), stop(WORKER, 0x1), (Failed(ValueError()), Report(HIT)))
    assert machine.thread_to_announce(state) == WORKER
    assert machine.announce(state, WORKER, 1, MAIN).event.reasons == (HIT,)


def test_an_exec_ends_every_other_thread() -> None:
    before = running(threads=Threads({WORKER: 0x1}, {WORKER: 12}, frozenset((MAIN, WORKER))))
    state = machine.advance(before, stop(MAIN, 0x2, "exec"), (Consume(),))
    assert state.threads == Threads({MAIN: 0x2})


def test_stops_wait_in_the_order_in_which_they_were_reported() -> None:
    state = machine.resumed(running(), None, frozenset())
    first, second = stop(MAIN, 0x1), stop(WORKER, 0x2)
    state = machine.reported(machine.reported(state, first), second)
    assert (state.stops, state.moving) == ((first, second), True)
    state = machine.gathered(state)
    assert (state.stops, state.moving) == ((first, second), False)
    state = machine.advance(state, first, (Consume(),))
    assert state.stops == (second,)
    assert machine.advance(state, stop(7, 0x3), (Consume(),)).stops == (second,)


def test_a_complete_batch_says_which_threads_there_are_where_that_has_changed() -> None:
    threads = Threads({MAIN: 0x1}, {MAIN: 10}, frozenset((MAIN,)))
    assert machine.gathered(running(threads=threads)).threads is threads
    assert machine.gathered(running(threads=threads), threads.listed).threads is threads
    more = frozenset((MAIN, WORKER))
    assert machine.gathered(running(threads=threads), more).threads == Threads(
        threads.stop_pcs, threads.signals, more
    )


def test_a_step_over_a_trap_leaves_no_stop_and_no_pc() -> None:
    before = running(threads=Threads({MAIN: 0x1}, {MAIN: 10}))
    state = machine.stepping_over(before, MAIN, frozenset())
    state = machine.reported(state, stop(MAIN, 0x4, "step"))
    after = machine.stepped_over(state, MAIN)
    assert (after.moving, after.stops, after.threads) == (False, (), Threads())


def test_a_thread_interrupted_before_it_has_stepped_over_a_trap_has_still_hit_it() -> None:
    before = running(threads=Threads({MAIN: 0x1, WORKER: 0x2}))
    state = machine.stepping_over(before, MAIN, frozenset((WORKER,)))
    assert state.held == {WORKER}
    state = machine.gathered(machine.reported(state, stop(MAIN, 0x1, "interrupt")))
    state = machine.advance(state, state.stops[0], (Consume(),))
    assert state.threads == before.threads


def test_a_pause_while_nothing_moves_is_reported_for_the_plans_thread() -> None:
    state = machine.interrupted(running(WORKER))
    assert machine.thread_to_announce(state) == WORKER
    assert machine.announce(state, WORKER, 1, MAIN).event.reasons == (Interrupted(),)


def test_a_thread_that_was_put_elsewhere_has_hit_nothing_there() -> None:
    threads = Threads({MAIN: 0x1, WORKER: 0x2}, {MAIN: 10}, frozenset((MAIN, WORKER)))
    assert threads.moved(MAIN) == Threads({WORKER: 0x2}, {MAIN: 10}, threads.listed)


def test_a_verb_in_the_wrong_state_names_the_state() -> None:
    with pytest.raises(StateError, match="no program has been started") as caught:
        machine.require(NotStarted(), Stopped, to="step")
    assert caught.value.hint == "start it with run"


@pytest.mark.parametrize(
    ("state", "clause"),
    [
        (NotStarted(), "no program has been started"),
        (Stopped(StopEvent(1, MAIN, MAIN, ())), "the program is stopped"),
        (running(), "the program is running"),
        (Detached(MAIN), "process 100 was detached"),
        (Detached(MAIN, lost=True), "process 100 was lost"),
        (Ended(StopEvent(1, MAIN, MAIN, ())), "the program has ended"),
    ],
)
def test_every_state_is_described(state: machine.State, clause: str) -> None:
    assert machine.describe(state) == clause
