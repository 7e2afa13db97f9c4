"""Breakpoints and steps in async functions that no runtime drives."""

from __future__ import annotations

from crabtrap.events import BreakpointHit, Exited
from tests.support.sessions import Debug, kinds


def test_a_breakpoint_at_an_async_function_is_hit_once_a_call_not_once_a_poll(
    debug: Debug,
) -> None:
    driver = debug("futures")
    point = driver.session.breakpoints.add("leaf")
    driver.launch()
    for call in (1, 2):
        event = driver.session.continue_()
        assert event.reasons == (BreakpointHit(point.number, call),)
        assert driver.here[1] == driver.line("leaf")
    assert kinds(driver.session.continue_()) == [Exited]


def test_next_goes_over_an_await_whether_it_is_ready_or_not(debug: Debug) -> None:
    driver = debug("futures")
    driver.run_to("leaf")
    driver.session.next()
    assert driver.here[1] == driver.line("resumed")
    assert driver.session.evaluate("waited").integer() == 20
    driver.session.next()
    assert driver.here[1] == driver.line("resumed") + 1
