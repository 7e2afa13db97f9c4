"""A condition is checked when it is set, where it will be asked."""

from __future__ import annotations

import pytest

from crabtrap.errors import ParseError
from crabtrap.events import ConditionFailed
from crabtrap.expr.scope import EvaluationError
from tests.support.sessions import Debug, kinds


@pytest.mark.parametrize(
    ("condition", "part"),
    [
        ("nonsense > 1", "nonsense"),
        ("worker == 2 && round.nonsense == 1", "round.nonsense"),
        ("round", "round"),
        ('round == "x"', 'round == "x"'),
        ("round.len() == 1", "round.len()"),
    ],
)
@pytest.mark.parametrize("is_running", [False, True])
def test_what_cannot_be_typed_is_refused_at_once(
    debug: Debug, condition: str, part: str, is_running: bool
) -> None:
    driver = debug("threads")
    breakpoints = driver.session.breakpoints
    if is_running:
        driver.launch("1", "3")
    with pytest.raises(EvaluationError) as raised:
        breakpoints.add(driver.location("hot"), condition=condition)
    assert raised.value.text == condition
    span = raised.value.span
    assert span is not None
    assert condition[span.start : span.end] in part
    assert [each.number for each in breakpoints] == [0]  # the stop at panics
    point = breakpoints.add(driver.location("hot"), condition="round == 1")
    with pytest.raises(EvaluationError):
        breakpoints.set_condition(point.number, condition)
    assert point.condition == "round == 1"


def test_what_may_be_a_constant_is_left_to_the_stop(debug: Debug) -> None:
    driver = debug("threads")
    point = driver.session.breakpoints.add(driver.location("hot"), condition="round == LIMIT")
    assert point.unjudged == ()


@pytest.mark.parametrize("place", ["hot", "no_such_function"])
def test_what_cannot_be_parsed_is_refused_at_once_wherever_it_is(debug: Debug, place: str) -> None:
    driver = debug("threads")
    with pytest.raises(ParseError):
        driver.session.breakpoints.add(place, condition="round ==")
    catchpoint = driver.session.breakpoints.catch("panic")
    with pytest.raises(ParseError):
        driver.session.breakpoints.set_condition(catchpoint.number, "round ==")


def test_the_locations_where_it_cannot_be_judged_are_told(debug: Debug) -> None:
    driver = debug("threads")
    point = driver.session.breakpoints.add("/^threads::(hot|main)$/", condition="round < 0")
    (unjudged,) = point.unjudged
    assert len(point.locations) == 2
    assert unjudged.location.function == "threads::main"
    assert "round" in str(unjudged.error)
    driver.session.breakpoints.set_condition(point.number, "true")
    assert point.unjudged == ()


def test_a_pending_one_is_checked_when_its_library_is_loaded(debug: Debug) -> None:
    driver = debug("dynlib")
    add = driver.session.breakpoints.add
    wrong = add("plugin::work", condition="nonsense == 1")
    right = add("plugin::work", condition="argument == 12345")
    assert (wrong.pending, wrong.unjudged) == (True, ())
    driver.launch(str(driver.inferior.path.with_name("libplugin.so")), "1")
    assert kinds(driver.session.continue_()) == [ConditionFailed]
    assert "nonsense" in str(wrong.unjudged[0].error)
    assert right.unjudged == ()


def test_a_watchpoint_is_checked_in_its_frame(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("counted_start")
    with pytest.raises(EvaluationError):
        driver.session.breakpoints.watch("counter", condition="nonsense > 1")
