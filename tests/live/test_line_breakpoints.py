"""Breakpoints on lines: how often each is hit in a whole run, on every compiler at hand."""

from collections import Counter

import pytest

from crabtrap import Frame
from crabtrap.engine.machine import Stopped
from tests.support.inferiors import PROFILES, USUAL_PROFILES
from tests.support.sessions import Debug, Driver

UNOPTIMISED = (
    "debug",
    "dwarf5",
    "v0",
    "line-tables",
    "debian-rustc",
    "debian-rustc-web",
    "debian-rustc-web-oldest",
)
OPTIMISED = ("release-debug", "debian-rustc-o", "debian-rustc-web-o", "debian-rustc-web-oldest-o")

# One hit each time the line is arrived at, as the source says.
ARRIVALS = {
    "dropped": 13,  # twice of these by unwinding
    "owns_header": 3,
    "owns_first": 3,
    "owns_result": 3,
    "owns_end": 3,
    "consumes_header": 1,
    "consumes_end": 1,
    "early_header": 3,
    "early_return": 1,
    "early_end": 3,
    "for_slice": 4,
    "for_slice_body": 3,
    "for_range": 5,
    "for_range_body": 4,
    "while_head": 5,
    "while_body": 4,
    "for_one_line": 1,
    "one_line_choice": 3,
    "arm_zero": 1,
    "arm_few": 1,
    "chosen_end": 3,
    "first_header": 1,
    "fails_header": 4,
    "fails_unwinds": 2,
    "fails_result": 2,
    "fails_end": 2,
    "catches_call": 8,  # the closure and the call of it
    "catches_ok": 2,
    "catches_err": 2,
    "chain_body": 4,
    "main_loop": 4,
}
# What optimisers leave of a line is theirs to choose, but not of these.
KEPT = {
    name: ARRIVALS[name]
    for name in ("owns_header", "consumes_header", "early_header", "fails_header")
}


def hits_of(driver: Driver, markers: Counter[str]) -> Counter[str]:
    """Run the program from beginning to end, counting the stops at each marker."""
    driver.session.breakpoints.stop_at_panics("off")
    hits: Counter[str] = Counter()

    def count(name: str) -> None:
        def hit(frame: Frame) -> bool:
            assert frame.line == driver.line(name) or name.endswith("_header")
            hits[name] += 1
            return False

        driver.session.breakpoints.add(driver.location(name), callback=hit, pending=False)

    for name in markers:
        count(name)
    driver.launch().session.continue_()
    assert not isinstance(driver.session.state, Stopped)
    return hits


@pytest.mark.parametrize("profile", UNOPTIMISED)
def test_a_line_is_stopped_in_once_per_arrival(debug: Debug, profile: str) -> None:
    assert profile in PROFILES
    expected = Counter(ARRIVALS)
    assert hits_of(debug("arrivals", profile), expected) == expected


@pytest.mark.parametrize("profile", OPTIMISED)
def test_optimised_functions_are_stopped_in_once_per_call(debug: Debug, profile: str) -> None:
    expected = Counter(KEPT)
    assert hits_of(debug("arrivals", profile), expected) == expected


CALLS = [
    *(("arrivals", "copied", 3, profile) for profile in ("debug", *OPTIMISED)),
    *(("inlined", "innermost", 7, profile) for profile in USUAL_PROFILES),
]
"""Functions that are inlined into loops which optimisers unroll, and how often they are called."""


@pytest.mark.parametrize(("program", "function", "calls", "profile"), CALLS)
def test_copies_in_an_unrolled_loop_are_calls(
    debug: Debug, program: str, function: str, calls: int, profile: str
) -> None:
    driver = debug(program, profile)
    hits: list[int] = []

    def hit(frame: Frame) -> bool:
        hits.append(frame.line)
        return False

    driver.session.breakpoints.stop_at_panics("off")
    driver.session.breakpoints.add(function, callback=hit, pending=False)
    driver.launch().session.continue_()
    assert not isinstance(driver.session.state, Stopped)
    assert len(hits) == calls, hits
