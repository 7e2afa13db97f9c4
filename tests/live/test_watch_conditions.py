"""Conditions of watchpoints, on the target where that is possible."""

from crabtrap import PANIC_STOP, Watchpoint
from crabtrap.events import ConditionFailed, Exited, StopEvent, WatchHit, WatchScopeEnded
from tests.support.sessions import Debug, Driver


def watched(driver: Driver, expression: str, condition: str | None) -> Watchpoint:
    item = driver.session.breakpoints.watch(expression, condition=condition)
    assert item.on_target == (driver.server == "guard"), item.not_on_target
    assert bool(item.not_on_target) == (driver.server == "gdbserver")
    return item


def values(event: StopEvent) -> list[tuple[str | None, str]]:
    return [(hit.old, hit.new) for hit in event.reasons if isinstance(hit, WatchHit)]


def test_a_false_condition_of_a_watchpoint_stops_nothing(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("counted_start")
    item = watched(driver, "counter", "counter == 21")
    event = driver.session.continue_()
    assert values(event) == [("18", "21")]
    assert item.hits == 1
    (ended,) = driver.session.continue_().reasons
    assert isinstance(ended, WatchScopeEnded)
    assert ended.last == "60"
    assert [each.number for each in driver.session.breakpoints] == [PANIC_STOP]


def test_a_value_that_is_back_to_what_was_seen_last_has_changed(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("counted_start")
    item = watched(driver, "flag", "flag == 1")
    for hits in (1, 2):
        assert values(driver.session.continue_()) == [("2", "1")]
        assert item.hits == hits


def test_names_in_a_watch_condition_are_those_where_it_was_set(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("counted_start")
    # What writes has a variable of the same name, with the value 3.
    watched(driver, "counter", "rounds == 20 && counter > 3")
    assert values(driver.session.continue_()) == [("3", "6")]
    assert driver.here[0] == "advance"


def test_hits_of_a_watch_condition_are_ignored_by_count(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("counted_start")
    item = watched(driver, "counter", "counter % 2 == 0")
    driver.session.breakpoints.set_ignore(item.number, 2)
    assert values(driver.session.continue_()) == [("15", "18")]
    assert item.hits == 3
    driver.session.breakpoints.set_condition(item.number, "counter == 33")
    assert values(driver.session.continue_()) == [("30", "33")]
    assert item.hits == 4


def test_the_condition_of_a_watched_static_outlives_the_frame(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("local_start")
    watched(driver, "PLAIN", "PLAIN == 101")
    assert values(driver.session.continue_()) == [("100", "101")]
    assert isinstance(driver.session.continue_().reasons[0], Exited)


def test_an_access_is_judged_by_its_condition(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("statics_start")
    item = driver.session.breakpoints.watch("PLAIN", kind="access", condition="PLAIN == 101")
    event = driver.session.continue_()
    assert [hit.new for hit in event.reasons if isinstance(hit, WatchHit)] == ["101"]
    assert item.hits == 1


def test_a_wide_value_is_compared_whole(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("fields_start")
    item = watched(driver, "account.wide", "account.wide[1] == 9")
    assert values(driver.session.continue_()) == [("[0, 0, 0]", "[0, 9, 0]")]
    assert item.hits == 1


def test_a_watch_condition_that_cannot_be_judged_stops_once(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("counted_start")
    item = driver.session.breakpoints.watch("counter", condition="counter / (counter - 9) < 0")
    event = driver.session.continue_()
    (failed,) = event.reasons
    assert isinstance(failed, ConditionFailed)
    assert isinstance(driver.session.continue_().reasons[0], WatchScopeEnded)
    assert item.failures >= 1


def test_a_condition_of_what_moves_is_judged_by_the_debugger(debug: Debug) -> None:
    driver = debug("watch")
    driver.run_to("counted_start")
    item = driver.session.breakpoints.watch("counter", condition='format!("{counter}") == "x"')
    assert not item.on_target
    assert item.not_on_target
