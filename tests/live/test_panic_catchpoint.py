"""The stop at panics is a catchpoint: listed, changed, conditioned, off after an attach."""

from collections.abc import Callable

import pytest

from crabtrap import PANIC_STOP, Catchpoint, Session
from crabtrap.errors import UsageError
from crabtrap.events import Event, Exited, Notice, Panicked
from tests.support.inferiors import build, running
from tests.support.sessions import Debug, Driver, kinds

Choice = Callable[[Driver], object]


def first_stop(debug: Debug, kind: str, choose: Choice, profile: str = "debug") -> type[object]:
    """Run ``panics KIND`` to its first stop, with the panics that ``choose`` chooses."""
    driver = debug("panics", profile)
    driver.launch(kind)
    choose(driver)
    return kinds(driver.session.continue_())[0]


def test_every_session_begins_with_the_catchpoint(debug: Debug) -> None:
    session = debug("panics").session
    (item,) = session.breakpoints
    assert isinstance(item, Catchpoint)
    assert (item.number, item.kind, item.enabled) == (PANIC_STOP, "panic", True)
    session.breakpoints.remove(PANIC_STOP)
    assert not list(session.breakpoints)
    session.breakpoints.stop_at_panics("uncaught")
    assert session.breakpoints.panic_stop == "uncaught"


@pytest.mark.parametrize(
    "choose",
    [
        lambda d: d.session.breakpoints.enable(PANIC_STOP, False),
        lambda d: d.session.breakpoints.remove(PANIC_STOP),
        lambda d: d.session.breakpoints.stop_at_panics("off"),
        lambda d: d.session.breakpoints.stop_at_panics("uncaught"),
        lambda d: d.session.breakpoints.set_condition(PANIC_STOP, "order.amount > 0"),
        lambda d: d.session.breakpoints.catch_panics(crate="core"),
        lambda d: d.session.breakpoints.catch_panics(message="amount -8$"),
        lambda d: d.session.breakpoints.catch_panics(condition="order.number == 1"),
    ],
)
def test_panics_that_are_not_wanted_do_not_stop(debug: Debug, choose: Choice) -> None:
    assert first_stop(debug, "caught", choose) is Exited


@pytest.mark.parametrize(
    "choose",
    [
        lambda d: d.session.breakpoints.set_condition(PANIC_STOP, "order.amount < 0"),
        lambda d: d.session.breakpoints.catch_panics(crate="panics"),
        lambda d: d.session.breakpoints.catch_panics(own=True),
        lambda d: d.session.breakpoints.catch_panics(message="amount -[67]$"),
        lambda d: d.session.breakpoints.catch("panic"),
    ],
)
def test_panics_that_are_wanted_stop(debug: Debug, choose: Choice) -> None:
    assert first_stop(debug, "caught", choose) is Panicked


@pytest.mark.parametrize("profile", ["debug", "release-debug"])
@pytest.mark.parametrize(
    ("kind", "reason"), [("caught", Exited), ("thread", Panicked), ("unwind", Panicked)]
)
def test_only_uncaught_panics_stop(
    debug: Debug, profile: str, kind: str, reason: type[object]
) -> None:
    def uncaught(driver: Driver) -> None:
        driver.session.breakpoints.stop_at_panics("uncaught")

    assert first_stop(debug, kind, uncaught, profile) is reason


def test_two_catchpoints_report_a_panic_once(debug: Debug) -> None:
    driver = debug("panics")
    driver.launch("caught")
    items = [driver.session.breakpoints.catch_panics() for _ in range(2)]
    assert kinds(driver.session.continue_()) == [Panicked]
    assert [item.hits for item in items] == [1, 1]
    assert driver.session.breakpoints.panic_stop == "off"


def test_other_events_take_no_condition(debug: Debug) -> None:
    session = debug("panics").session
    item = session.breakpoints.catch("fork")
    with pytest.raises(UsageError, match="takes no condition"):
        session.breakpoints.set_condition(item.number, "true")


def test_an_attached_program_stops_at_panics_once_that_is_asked_for() -> None:
    told: list[Event] = []
    with running(build("attachme", "debug"), "2") as program, Session(None) as session:
        session.subscribe(told.append)
        session.attach(program.pid)
        assert session.breakpoints.panic_stop == "off"
        assert any("set panic-stop on" in each.text for each in told if isinstance(each, Notice))
        session.breakpoints.stop_at_panics("on")
        session.detach()
        told.clear()
        session.attach(program.pid)
        assert session.breakpoints.panic_stop == "on"
        assert not any("panic-stop" in each.text for each in told if isinstance(each, Notice))
