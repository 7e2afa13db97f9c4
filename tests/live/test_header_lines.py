"""Breakpoints on the line of a function's header: its own frame is the place and the selection."""

from __future__ import annotations

import pytest

from crabtrap import Breakpoint
from crabtrap.events import BreakpointHit
from tests.support.inferiors import require_profile
from tests.support.sessions import Debug, Driver

UNOPTIMISED = ("debug", "v0", "debian-rustc", "debian-rustc-web-oldest", "debian-rustc-web")
OPTIMISED = ("release-debug", "debian-rustc-o", "debian-rustc-web-oldest-o", "debian-rustc-web-o")
HEADERS = {
    "header": ("header", {"v": "Some(1)"}),
    "mapped_header": ("mapped", {"v": "&[1]", "more": '"1"'}),
    "dropping_header": ("dropping", {"holder": "Box(Holder { item: 1 })"}),
}


def stopped_at_header(debug: Debug, profile: str, marker: str) -> Driver:
    require_profile(profile)
    driver = debug("places", profile)
    point = driver.session.breakpoints.add(driver.location(marker))
    assert len(point.locations) == 1
    event = driver.launch().session.continue_()
    assert event.reasons == (BreakpointHit(point.number, 1),)
    assert driver.here[0] == HEADERS[marker][0]
    assert not driver.session.frame.inlined
    return driver


@pytest.mark.parametrize("profile", [*UNOPTIMISED, "line-tables"])
@pytest.mark.parametrize("marker", HEADERS)
def test_a_header_line_is_its_functions_own_frame(debug: Debug, profile: str, marker: str) -> None:
    driver = stopped_at_header(debug, profile, marker)
    (point,) = (each for each in driver.session.breakpoints if isinstance(each, Breakpoint))
    assert not point.notes
    assert driver.session.frame.line in (driver.line(marker), driver.line(f"after_{marker}"))
    if profile != "line-tables":
        arguments = HEADERS[marker][1]
        assert {name: driver.shown(name) for name in arguments} == arguments


@pytest.mark.parametrize("profile", OPTIMISED)
@pytest.mark.parametrize("marker", HEADERS)
def test_the_arguments_of_optimised_functions_are_whole_or_gone(
    debug: Debug, profile: str, marker: str
) -> None:
    driver = stopped_at_header(debug, profile, marker)
    for name, expected in HEADERS[marker][1].items():
        shown = driver.shown(name)
        assert shown == expected or "optimised out" in shown


@pytest.mark.parametrize("profile", UNOPTIMISED)
def test_a_line_without_code_says_which_one_is_used(debug: Debug, profile: str) -> None:
    require_profile(profile)
    driver = debug("places", profile)
    above = driver.line("header") - 1
    point = driver.session.breakpoints.add(f"main.rs:{above}")
    expected = f"line {above} has no code of its own; using line {above + 1}"
    assert point.notes == (expected,)
