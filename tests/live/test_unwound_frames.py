"""Frames that end by unwinding: steps, finishes and watches of locals end there, too."""

from collections.abc import Callable

import pytest

from crabtrap import PANIC_STOP, Frame
from crabtrap.events import FrameUnwound, StepDone, StopEvent, WatchScopeEnded
from tests.support.sessions import Debug, Driver, kinds

WITH_VARIABLES = ("debug", "debian-rustc", "debian-rustc-web-oldest")
PROFILES = (*WITH_VARIABLES, "line-tables")


def about_to_unwind(debug: Debug, profile: str = "debug") -> Driver:
    driver = debug("arrivals", profile)
    driver.session.breakpoints.stop_at_panics("off")
    driver.run_to("fails_unwinds")
    return driver


def frame_of(driver: Driver, function: str) -> Frame:
    return next(each for each in driver.session.thread.frames() if each.function == function)


def assert_landed(driver: Driver, event: StopEvent, plan: str) -> None:
    assert event.reasons == (FrameUnwound(plan, "arrivals::fails"),)
    assert driver.here == ("catches", driver.line("catches_call"))


VERBS: dict[str, Callable[[Driver], StopEvent]] = {
    "finish": lambda driver: driver.session.finish(),
    "next": lambda driver: driver.session.next(),
    "step": lambda driver: driver.session.step(),
    "until": lambda driver: driver.session.until(driver.location("fails_result")),
    "advance": lambda driver: driver.session.advance(driver.location("fails_end")),
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("verb", VERBS)
def test_a_frame_that_unwinds_ends_the_verb(debug: Debug, verb: str, profile: str) -> None:
    driver = about_to_unwind(debug, profile)
    assert_landed(driver, VERBS[verb](driver), verb)
    driver.session.next()
    assert driver.here == ("catches", driver.line("catches_match"))


def test_until_a_later_line_ends_with_the_frame(debug: Debug) -> None:
    driver = about_to_unwind(debug)
    assert_landed(driver, driver.session.until(), "next")


def test_the_caller_of_a_frame_that_unwinds_is_finished_too(debug: Debug) -> None:
    driver = about_to_unwind(debug)
    closure = frame_of(driver, "arrivals::catches::{closure#0}")
    event = driver.session.finish(frame=closure)
    assert event.reasons == (FrameUnwound("finish", "arrivals::catches::{closure#0}"),)


def test_the_catching_frame_itself_returns(debug: Debug) -> None:
    driver = about_to_unwind(debug)
    event = driver.session.finish(frame=frame_of(driver, "arrivals::catches"))
    assert event.reasons == (StepDone("finish", "0", "u32"),)


@pytest.mark.parametrize("profile", WITH_VARIABLES)
def test_watches_of_locals_end_where_the_frame_does(debug: Debug, profile: str) -> None:
    driver = debug("arrivals", profile)
    driver.session.breakpoints.stop_at_panics("off")
    driver.run_to("fails_unwinds")
    first = driver.session.breakpoints.watch("fail")
    second = driver.session.breakpoints.watch("guard.0")
    event = driver.session.continue_()
    assert kinds(event) == [WatchScopeEnded, WatchScopeEnded]
    ended = [reason for reason in event.reasons if isinstance(reason, WatchScopeEnded)]
    assert [reason.watchpoint for reason in ended] == [first.number, second.number]
    assert all(reason.unwound for reason in ended)
    assert [each.number for each in driver.session.breakpoints] == [PANIC_STOP]


def test_watches_of_two_locals_end_at_the_same_return(debug: Debug) -> None:
    driver = debug("arrivals")
    driver.run_to("early_return")
    driver.session.breakpoints.watch("early")
    driver.session.breakpoints.watch("guard.0")
    event = driver.session.continue_()
    assert kinds(event) == [WatchScopeEnded, WatchScopeEnded]
    ended = [reason for reason in event.reasons if isinstance(reason, WatchScopeEnded)]
    assert not any(reason.unwound for reason in ended)


def test_a_function_that_catches_by_inlined_code_is_stepped_on(debug: Debug) -> None:
    driver = debug("arrivals", "release-debug")
    driver.session.breakpoints.stop_at_panics("off")
    driver.run_to("fails_header")
    while driver.shown("fail") == "false":
        driver.run_to("fails_header")
    event = driver.session.finish()
    assert kinds(event) == [FrameUnwound]
    assert driver.here == ("catches", driver.line("catches_call"))
