"""Breakpoints and steps in async functions that no runtime drives."""

from __future__ import annotations

import pytest

from crabtrap import Session, Stdio
from crabtrap.events import BreakpointHit, Exited
from tests.support.inferiors import build, require_profile
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


# Compilers that describe a body's argument or do not, and that inline it into the executor's loop.
@pytest.mark.parametrize(
    "profile",
    ["debug", "release-debug", "debian-rustc", "debian-rustc-o", "debian-rustc-web-o", "nightly"],
)
def test_next_goes_over_awaits_however_the_body_was_compiled(profile: str) -> None:
    require_profile(profile)
    inferior = build("awaits", profile)
    with Session(str(inferior.path)) as session:
        last = inferior.marker("kept_twice")
        session.breakpoints.add(f"main.rs:{inferior.marker('kept_once') - 1}", temporary=True)
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        for line in (last - 2, last - 1, last):
            session.next()
            assert session.frame.line == line
