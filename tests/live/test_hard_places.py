"""Breakpoints on what is hard to name or to find, hit as often as the source says."""

from __future__ import annotations

from collections import Counter

import pytest

from crabtrap import Frame
from crabtrap.events import Exited
from tests.support.inferiors import require_profile
from tests.support.sessions import Debug, Driver, kinds

UNOPTIMISED = ("debug", "v0", "debian-rustc", "debian-rustc-web-oldest", "debian-rustc-web")
OPTIMISED = ("release-debug", "debian-rustc-o", "debian-rustc-web-oldest-o", "debian-rustc-web-o")

# How often each is hit in a whole run.
NAMES = {
    "Shape::area": 2,
    "places::Shape::area": 2,
    "Square::side": 1,
    "<Square as Shape>::side": 1,
    "Shape::side": 2,
    "Holder::take": 2,
    "Holder<T>::take": 2,
    "Holder<T>::take<u32>": 1,
    "Noisy::drop": 2,
    "<Noisy as Drop>::drop": 2,
    "drop_in_place<places::Pair>": 1,
    "drop_in_place<Pair>": 1,
    "CLOSURES::{closure#0}": 1,
    "CLOSURES::{closure#1}": 1,
    "add_one": 1,
    "cubed": 1,
    "leaf": 2,
    "suspended::leaf": 2,
    "outer": 1,
    "/^places::suspended::leaf$/": 2,
}
LINES = {
    "default_method": 2,
    "square_side": 1,
    "generic_method": 2,
    "dropped": 2,
    "closure_of_static": 1,
    "block_of_static": 1,
    "of_macro": 2,
    "const_fn": 1,
}
# What every optimiser leaves.
OUT_OF_LINE = ("Noisy::drop", "<Noisy as Drop>::drop", "add_one")
KEPT = (*OUT_OF_LINE, "leaf", "outer")


def hits_of(driver: Driver, specs: dict[str, int]) -> Counter[str]:
    """Run the whole program, and count the stops at each location."""
    hits: Counter[str] = Counter()

    def count(name: str, location: str) -> None:
        def hit(frame: Frame) -> bool:
            assert name not in LINES or frame.line == driver.line(name)
            hits[name] += 1
            return False

        driver.session.breakpoints.add(location, callback=hit, pending=False)

    for name in specs:
        count(name, driver.location(name) if name in LINES else name)
    assert kinds(driver.launch().session.continue_()) == [Exited]
    return hits


@pytest.mark.parametrize("profile", UNOPTIMISED)
def test_functions_are_found_however_they_came_about(debug: Debug, profile: str) -> None:
    require_profile(profile)
    assert hits_of(debug("places", profile), NAMES) == NAMES


@pytest.mark.parametrize("profile", [*UNOPTIMISED, "line-tables"])
def test_lines_are_found_whatever_their_function_is(debug: Debug, profile: str) -> None:
    require_profile(profile)
    assert hits_of(debug("places", profile), LINES) == LINES


@pytest.mark.parametrize("profile", OPTIMISED)
def test_functions_that_exist_only_inlined_are_hit_all_the_same(debug: Debug, profile: str) -> None:
    require_profile(profile)
    expected = {name: NAMES[name] for name in KEPT}
    assert hits_of(debug("places", profile), expected) == expected


@pytest.mark.parametrize("profile", ["line-tables", "line-tables-o"])
def test_functions_are_found_by_symbols_and_rows_alone(debug: Debug, profile: str) -> None:
    expected = {name: NAMES[name] for name in OUT_OF_LINE}
    assert hits_of(debug("places", profile), expected) == expected
