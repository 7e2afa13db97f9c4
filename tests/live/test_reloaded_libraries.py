"""Breakpoints in libraries that are unloaded and loaded again, at the same address."""

import pytest

from crabtrap.events import BreakpointHit, Exited, StopEvent
from tests.support.sessions import Debug, Driver, kinds

ROUNDS = 3


def launched(driver: Driver) -> Driver:
    library = driver.inferior.path.with_name("libplugin.so")
    return driver.launch(str(library), str(ROUNDS))


def stops(driver: Driver) -> list[StopEvent]:
    found: list[StopEvent] = []
    while kinds(event := driver.session.continue_()) != [Exited]:
        found.append(event)
    return found


@pytest.mark.parametrize("spec", ["plugin_entry", "plugin::work"])
def test_a_breakpoint_is_hit_each_time_its_library_is_loaded(debug: Debug, spec: str) -> None:
    driver = launched(debug("dynlib"))
    point = driver.session.breakpoints.add(spec)
    assert point.pending
    found = stops(driver)
    assert [event.reasons for event in found] == [
        (BreakpointHit(point.number, hits),) for hits in range(1, ROUNDS + 1)
    ]


def test_a_condition_is_judged_in_every_library_that_is_loaded(debug: Debug) -> None:
    driver = launched(debug("dynlib"))
    point = driver.session.breakpoints.add("plugin::work", condition="argument != 1")
    found = stops(driver)
    assert [event.reasons for event in found] == [
        (BreakpointHit(point.number, hits),) for hits in (1, 2)
    ]
    assert point.hits == 2


def test_silent_hits_are_kept_when_a_library_goes(debug: Debug) -> None:
    driver = launched(debug("dynlib"))
    point = driver.session.breakpoints.add("plugin::work", ignore=ROUNDS)
    assert stops(driver) == []
    assert point.hits == ROUNDS
