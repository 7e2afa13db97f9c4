"""Whatever stops arrive in whatever order, the machine keeps its promises."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from crabtrap.address import Address
from crabtrap.engine import machine
from crabtrap.engine.machine import (
    Consume,
    Failed,
    Ignore,
    Proceed,
    Report,
    Run,
    Running,
    Threads,
)
from crabtrap.engine.plans.plan import Resume
from crabtrap.engine.plans.run_to import Continue
from crabtrap.events import BreakpointHit, Exited, Interrupted, StepDone
from crabtrap.target.interface import StopKind, TargetStop

TIDS = st.integers(1, 5)
PCS = st.integers(0, 1 << 47)
SIGNALS = st.sampled_from((0, 0, 10, 12))
REASONS = st.one_of(
    st.builds(BreakpointHit, st.integers(1, 3), st.integers(1, 9)),
    st.builds(StepDone, st.sampled_from(("step", "next", "finish"))),
    st.builds(Exited, TIDS, st.integers(0, 255)),
)
RESUMES = st.builds(Resume, st.sampled_from(("continue", "step")))
VERDICTS = st.lists(
    st.one_of(
        st.just(Ignore()),
        st.builds(Consume, SIGNALS),
        st.builds(Report, REASONS, SIGNALS),
        st.builds(Proceed, RESUMES),
        st.builds(Failed, st.builds(ValueError)),
    ),
    max_size=4,
)
STOPS = st.builds(
    TargetStop,
    st.sampled_from(get_args(StopKind)),
    st.just(1),
    TIDS,
    pc=st.none() | PCS.map(Address),
)
BATCHES = st.lists(st.tuples(STOPS, VERDICTS), min_size=1, max_size=8)
THREADS = st.builds(
    Threads,
    st.dictionaries(TIDS, PCS),
    st.dictionaries(TIDS, st.sampled_from((10, 12))),
    st.frozensets(TIDS),
)
NOT_ITS_OWN = ("exited", "killed", "thread-exited", "interrupt")


def started(threads: Threads, preferred: int = 1) -> Running:
    return machine.started(Run(Continue(), preferred), Resume(), threads)


def batch_of(state: Running, stops: list[TargetStop]) -> Running:
    state = machine.resumed(state, None, frozenset())
    for stop in stops:
        state = machine.reported(state, stop)
    assert state.moving
    return machine.gathered(state)


@given(batch=BATCHES, preferred=TIDS, threads=THREADS)
def test_a_batch_of_stops(
    batch: list[tuple[TargetStop, list[machine.Verdict]]], preferred: int, threads: Threads
) -> None:
    state = batch_of(started(threads, preferred), [stop for stop, _ in batch])
    told: list[tuple[int, object]] = []
    raised: list[Exception] = []
    way = state.resume
    known: dict[int, int | None] = {}
    assert not state.moving
    while state.stops:
        stop, verdicts = batch[len(batch) - len(state.stops)]
        assert state.stops[0] is stop
        state = machine.advance(state, stop, verdicts)
        told += [(stop.thread, v.reason) for v in verdicts if isinstance(v, Report)]
        raised += [v.error for v in verdicts if isinstance(v, Failed)]
        for verdict in verdicts:
            if isinstance(verdict, Proceed):
                # The plan goes on with the thread whose stop it was.
                way, preferred = verdict.resume, stop.thread
        if stop.kind == "exec":
            known = {}
        # A stop that is not about the pc says nothing new of it.
        if stop.kind not in NOT_ITS_OWN or known.get(stop.thread) != stop.pc:
            known[stop.thread] = None if stop.kind in NOT_ITS_OWN else stop.pc
        assert state.threads.stop_pcs.get(stop.thread) == known.get(stop.thread)
    assert (list(state.reports), list(state.errors), state.resume) == (told, raised, way)
    assert state.run.thread == preferred

    thread = machine.thread_to_announce(state)
    assert (thread is not None) == bool(told or raised)
    if thread is not None:
        event = machine.announce(state, thread, 1, 1).event
        shown = [(event.thread, why) for why in event.reasons] + list(event.also)
        expected = told or [(preferred, Interrupted())]
        assert sorted(map(repr, shown)) == sorted(map(repr, expected))
        if any(isinstance(why, Exited) for _, why in told):
            assert any(isinstance(why, Exited) for why in event.reasons)
        elif preferred in [tid for tid, _ in told]:
            assert event.thread == preferred


@given(batch=BATCHES, threads=THREADS)
def test_a_signal_is_kept_until_its_thread_moves_and_is_nobody_elses(
    batch: list[tuple[TargetStop, list[machine.Verdict]]], threads: Threads
) -> None:
    state = started(threads)
    kept = dict(threads.signals)
    for stop, verdicts in batch:
        state = machine.advance(state, stop, verdicts)
        if stop.kind == "exec":
            kept = {}
        numbers = [v.signal for v in verdicts if isinstance(v, Report | Consume) and v.signal]
        if numbers:
            kept[stop.thread] = numbers[0]
        assert state.threads.signals == kept
    for tid in list(kept):
        state = machine.resumed(state, tid, frozenset())
        del kept[tid]
        assert state.threads.signals == kept
    assert machine.resumed(state, None, frozenset()).threads == Threads()


@given(threads=THREADS, sites=st.frozensets(PCS), at=st.lists(TIDS))
def test_whoever_is_at_a_reported_trap_is_stepped_over_it_once(
    threads: Threads, sites: frozenset[int], at: list[int]
) -> None:
    sites |= {threads.stop_pcs[tid] for tid in at if tid in threads.stop_pcs}
    state = started(threads)
    stepped: list[int] = []
    while (step := machine.next_to_step_over(state, sites)) is not None:
        assert threads.stop_pcs[step.thread] == step.address
        stepped.append(step.thread)
        state = machine.stepping_over(state, step.thread, frozenset())
        assert state.moving
        state = machine.stepped_over(state, step.thread)
    assert stepped == sorted(t for t, pc in threads.stop_pcs.items() if pc in sites)
    assert state.threads.listed == threads.listed


@given(threads=THREADS, listed=st.none() | st.frozensets(TIDS))
def test_gathering_changes_nothing_but_who_is_there(
    threads: Threads, listed: frozenset[int] | None
) -> None:
    before = started(threads)
    after = machine.gathered(before, listed)
    expected = threads.listed if listed is None else listed
    assert after.threads == Threads(threads.stop_pcs, threads.signals, expected)
    assert not after.moving
    if expected == threads.listed:
        assert after.threads is threads
