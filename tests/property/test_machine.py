"""Whatever stops arrive in whatever order, the machine keeps its promises."""

from hypothesis import given
from hypothesis import strategies as st

from crabtrap.engine import machine
from crabtrap.engine.machine import Announce, Consume, Ignore, Report
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


@given(stops=STOPS, preferred=TIDS)
def test_a_batch_of_stops(
    stops: list[tuple[int, int, bool, list[machine.Verdict]]],
    preferred: int,
) -> None:
    state = machine.Running("plan")
    expected: list[tuple[int, object]] = []
    for tid, pc, gone, verdicts in stops:
        state = machine.advance(state, tid, None if gone else pc, verdicts)
        expected += [(tid, v.reason) for v in verdicts if isinstance(v, Report)]
        assert state.stop_pcs.get(tid) == (None if gone else pc)
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
    arrived=st.dictionaries(TIDS, st.integers(0, 3)),
    sites=st.frozensets(st.integers(0, 3)),
)
def test_whoever_stands_on_a_reported_trap_is_helped_off_once(
    arrived: dict[int, int], sites: frozenset[int]
) -> None:
    state = machine.Running("plan", arrived)
    helped = []
    while (step := machine.next_to_step_over(state, sites)) is not None:
        helped.append(step.thread)
        state = machine.resumed(state, step.thread, frozenset())
    assert sorted(helped) == sorted(t for t, pc in arrived.items() if pc in sites)
