"""Stops that are several owners' at once, and stops that are about an outer frame."""

import pytest

from crabtrap import Frame
from crabtrap.engine.machine import Stopped
from crabtrap.events import BreakpointHit, Panicked, StepDone, WatchHit
from tests.support.sessions import Debug, kinds


def test_every_breakpoint_of_an_address_is_served_when_one_fails(debug: Debug) -> None:
    driver = debug("arrivals")
    table = driver.session.breakpoints

    def fail(_frame: Frame) -> bool:
        raise ZeroDivisionError

    failing = table.add(driver.location("owns_first"), callback=fail)
    unjudged = table.add(driver.location("owns_first"), condition='format!("{count}") == "0"')
    temporary = table.add(driver.location("owns_first"), temporary=True)
    counted = table.add(driver.location("owns_first"), commands=("info locals",))
    driver.launch()
    with pytest.raises(ZeroDivisionError):
        driver.session.continue_()
    state = driver.session.state
    assert isinstance(state, Stopped)
    hit = {why.breakpoint for why in state.event.reasons if isinstance(why, BreakpointHit)}
    assert hit == {unjudged.number, temporary.number, counted.number}
    assert temporary.number not in [each.number for each in table]
    assert (failing.hits, counted.hits) == (1, 1)


def test_every_watchpoint_of_an_address_is_reported(debug: Debug) -> None:
    driver = debug("arrivals")
    driver.run_to("while_body")
    first = driver.session.breakpoints.watch("left")
    second = driver.session.breakpoints.watch("left", condition="left < 100")
    event = driver.session.continue_()
    assert [w.watchpoint for w in event.reasons if isinstance(w, WatchHit)] == [
        first.number,
        second.number,
    ]


def test_a_step_that_ends_on_a_breakpoint_in_an_inlined_function_shows_that(debug: Debug) -> None:
    driver = debug("inlined", "release-debug")
    driver.run_to("host")
    table = driver.session.breakpoints
    addresses = {
        address for name in ("middle", "innermost") for address in table.add(name).addresses
    }
    found = 0
    while driver.here[0] != "main":
        event = driver.session.next()
        if {StepDone, BreakpointHit} <= set(kinds(event)):
            assert driver.session.thread.pc in addresses
            assert driver.here[0] in ("middle", "innermost")
            found += 1
    assert found


@pytest.mark.parametrize(("verb", "lands"), [("next", "check"), ("finish", "check")])
def test_a_verb_at_a_panic_is_about_the_frame_that_is_shown(
    debug: Debug, verb: str, lands: str
) -> None:
    driver = debug("panics")
    event = driver.launch("caught").session.continue_()
    assert kinds(event) == [Panicked]
    assert driver.here[0] == lands
    shown = driver.session.frame.index
    assert shown > 0
    getattr(driver.session, verb)()
    assert driver.here == ("caught", driver.line("catch"))


def test_a_step_in_an_outer_frame_returns_to_it(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("fib_leaf")
    outer = driver.session.select_frame(2)
    cfa, line = outer.cfa, outer.line
    driver.session.next()
    assert driver.session.frame.index == 0
    assert driver.session.frame.cfa == cfa
    assert driver.session.frame.line != line
