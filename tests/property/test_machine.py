"""Whatever stops arrive in whatever order, the machine keeps its promises."""

from hypothesis import given
from hypothesis import strategies as st

from crabtrap.engine import machine
from crabtrap.engine.machine import Announce, Consume, Ignore, Moving, Parked, Report
from crabtrap.events import BreakpointHit, Exited, StepDone

TIDS = st.integers(1, 5)
REASONS = st.one_of(
    st.builds(BreakpointHit, st.integers(1, 3), st.integers(1, 9)),
    st.builds(StepDone, st.sampled_from(("step", "next", "finish"))),
    st.builds(Exited, TIDS, st.integers(0, 255)),
)
VERDICTS = st.lists(
    st.one_of(st.just(Ignore()), st.just(Consume()), st.builds(Report, REASONS)), max_size=4
)
STOPS = st.lists(
    st.tuples(TIDS, st.integers(0, 1 << 47), st.booleans(), VERDICTS), min_size=1, max_size=8
)


@given(threads=st.sets(TIDS, min_size=1), stops=STOPS, preferred=TIDS)
def test_a_batch_of_stops(
    threads: set[int],
    stops: list[tuple[int, int, bool, list[machine.Verdict]]],
    preferred: int,
) -> None:
    state = machine.start_running("plan", ((tid, Moving()) for tid in threads))
    expected: list[tuple[int, object]] = []
    for tid, pc, gone, verdicts in stops:
        state = machine.advance(state, tid, None if gone else pc, gone, verdicts)
        expected += [(tid, v.reason) for v in verdicts if isinstance(v, Report)]
        if gone:
            assert machine.thread_state(state, tid) is None
        else:
            assert machine.thread_state(state, tid) == Parked(pc)
    state = machine.park_all(state)
    assert not any(isinstance(each, Moving) for _, each in state.threads)
    assert len({tid for tid, _ in state.threads}) == len(state.threads)
    assert list(state.reports) == expected

    action = machine.settle(state, preferred)
    assert isinstance(action, Announce) == bool(expected)
    if isinstance(action, Announce):
        event = machine.announce(state, action.thread, 1, 1).event
        assert event.reasons
        told = [(event.thread, why) for why in event.reasons] + list(event.also)
        assert sorted(map(repr, told)) == sorted(map(repr, expected))
        if any(isinstance(why, Exited) for _, why in expected):
            assert any(isinstance(why, Exited) for why in event.reasons)


@given(
    threads=st.dictionaries(TIDS, st.one_of(st.none(), st.integers(0, 3))),
    sites=st.frozensets(st.integers(0, 3)),
)
def test_whoever_stands_on_a_told_trap_is_helped_off_once(
    threads: dict[int, int | None], sites: frozenset[int]
) -> None:
    state = machine.start_running("plan", ((t, Parked(pc)) for t, pc in threads.items()))
    helped = []
    while (step := machine.first_to_step_off(state, sites)) is not None:
        helped.append(step.thread)
        state = machine.set_thread(state, step.thread, Parked())
    assert sorted(helped) == sorted(t for t, pc in threads.items() if pc in sites)
