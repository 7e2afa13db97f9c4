"""Steps in async functions stay in their task, whatever thread polls it next."""

from __future__ import annotations

import pytest

from crabtrap import PANIC_STOP
from crabtrap.errors import StateError, StillRunningError, UsageError
from crabtrap.events import CoroutineEnded, Exited, FrameUnwound, Interrupted, StepDone, StopEvent
from tests.support.async_rounds import (
    STEPPED,
    Rounds,
    arrive_rounds,
    enter_rounds,
    enter_task,
    finish_rounds,
    step_rounds,
)
from tests.support.inferiors import EVERY_TOKIO, USUAL_PROFILES, build
from tests.support.looking import WAYS, Way, begun
from tests.support.sessions import Debug, Driver

ENDS = "async_steps::endings::{}"


@pytest.fixture(params=USUAL_PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    return request.param


def stopped_at(debug: Debug, profile: str, source: str, marker: str) -> Driver:
    """A session whose program is at a marker of another file than ``main.rs``."""
    driver = debug("async_steps", profile)
    driver.session.breakpoints.enable(PANIC_STOP, False)
    line = driver.inferior.marker(marker, f"{source}.rs")
    driver.session.breakpoints.add(f"{source}.rs:{line}", temporary=True)
    driver.launch(source)
    driver.session.continue_()
    assert driver.session.frame.line == line
    return driver


def only_reason(event: StopEvent) -> object:
    (reason,) = event.reasons
    return reason


# -- over awaits ---------------------------------------------------------------------------------
def test_next_goes_over_awaits_in_the_same_task(debug: Debug, profile: str) -> None:
    driver = debug("async_steps", profile).launch()
    enter_task(driver.session)
    step_rounds(driver.session, driver.inferior, 4)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("profile", EVERY_TOKIO)
@pytest.mark.parametrize("steps", [step_rounds, finish_rounds, arrive_rounds])
def test_steps_stay_in_their_task_in_every_version(profile: str, way: Way, steps: Rounds) -> None:
    program = build("async_steps", profile)
    with begun(program, way=way) as session:
        enter_task(session)
        steps(session, program, 2)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("profile", EVERY_TOKIO[::2])
def test_step_enters_what_its_own_task_awaits_in_every_version(profile: str, way: Way) -> None:
    program = build("async_steps", profile)
    with begun(program, way=way) as session:
        enter_task(session)
        enter_rounds(session, program, 2)


def test_finish_waits_for_the_result_of_an_async_function(debug: Debug, profile: str) -> None:
    driver = stopped_at(debug, profile, "entering", "plain")
    session = driver.session
    session.step()
    assert driver.here == ("child", driver.line("child_first"))
    event = session.finish()
    assert only_reason(event) == StepDone("finish", "70", "u32")
    assert session.frame.line == driver.inferior.marker("plain", "entering.rs")


def test_finish_follows_its_own_call_while_others_run(debug: Debug, profile: str) -> None:
    driver = debug("async_steps", profile).launch()
    enter_task(driver.session)
    finish_rounds(driver.session, driver.inferior, 4)


def test_finish_in_an_outer_frame_waits_for_that_function(debug: Debug, profile: str) -> None:
    driver = stopped_at(debug, profile, "entering", "plain")
    session = driver.session
    session.step()
    enters = next(f for f in session.thread.frames(1, 9) if "enters" in (f.function or ""))
    event = session.finish(frame=enters)
    ended = only_reason(event)
    assert isinstance(ended, CoroutineEnded)
    assert (ended.how, ended.return_value, ended.return_type) == ("completed", "240", "u32")


# -- into what is awaited --------------------------------------------------------------------------
@pytest.mark.parametrize(("marker", "number"), [("plain", 7), ("timeout", 8), ("dyn", 9)])
def test_step_enters_the_body_of_what_a_line_awaits(debug: Debug, marker: str, number: int) -> None:
    driver = stopped_at(debug, "debug", "entering", marker)
    driver.session.step()
    assert driver.here == ("child", driver.line("child_first"))
    assert driver.session.evaluate("id").integer() == number
    driver.session.next()
    assert driver.here[1] == driver.line("child_sleep")
    driver.session.next()
    assert driver.here[1] == driver.line("child_resumed")
    assert driver.session.evaluate("tenfold").integer() == number * 10
    driver.session.finish()
    assert driver.session.frame.line == driver.inferior.marker(marker, "entering.rs")


def test_step_enters_a_branch_of_select_when_that_is_polled(debug: Debug) -> None:
    driver = stopped_at(debug, "debug", "endings", "select")
    seen: list[str | None] = []
    while driver.session.frame.function != ENDS.format("waits_long"):
        seen.append(driver.session.frame.function)
        driver.session.step()
    assert set(seen) == {ENDS.format("races")}
    assert driver.session.frame.line == driver.inferior.marker("waits_long", "endings.rs") - 1


def test_step_enters_a_boxed_future_of_optimised_code(debug: Debug) -> None:
    driver = stopped_at(debug, "release-debug", "entering", "dyn")
    driver.session.step()
    assert driver.here == ("child", driver.line("child_first"))
    assert only_reason(driver.session.finish()) == StepDone("finish", "90", "u32")


def test_step_goes_over_what_is_not_the_users(debug: Debug) -> None:
    driver = stopped_at(debug, "debug", "entering", "sleep")
    driver.session.step()
    assert driver.session.frame.line == driver.inferior.marker("entered", "entering.rs")


# -- ends --------------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", ["next", "finish"])
def test_a_future_that_loses_a_select_is_said_to_be_dropped(
    debug: Debug, profile: str, verb: str
) -> None:
    driver = stopped_at(debug, profile, "endings", "waits_long")
    event = getattr(driver.session, verb)()
    assert only_reason(event) == CoroutineEnded(verb, ENDS.format("waits_long"), "cancelled")
    assert driver.session.frame.function == ENDS.format("races")
    assert driver.session.frame.line == driver.inferior.marker("select", "endings.rs")


@pytest.mark.parametrize("verb", ["next", "finish"])
def test_an_aborted_task_is_said_to_be_dropped(debug: Debug, profile: str, verb: str) -> None:
    driver = stopped_at(debug, profile, "endings", "aborted")
    event = getattr(driver.session, verb)()
    assert only_reason(event) == CoroutineEnded(verb, ENDS.format("aborted"), "cancelled")


@pytest.mark.parametrize("verb", ["next", "finish"])
def test_a_panic_after_the_await_ends_the_step(debug: Debug, profile: str, verb: str) -> None:
    driver = stopped_at(debug, profile, "endings", "panics_await")
    if verb == "next":
        driver.session.next()
        assert driver.session.frame.line == driver.inferior.marker("panics", "endings.rs")
    event = getattr(driver.session, verb)()
    assert only_reason(event) == FrameUnwound(verb, ENDS.format("panics"))


def test_the_end_of_a_task_is_told_and_not_taken_for_a_return_to_main(
    debug: Debug, profile: str
) -> None:
    driver = stopped_at(debug, profile, "endings", "root_last")
    session = driver.session
    last = driver.inferior.marker("root_last", "endings.rs")
    while isinstance(reason := only_reason(session.next()), StepDone):
        assert session.frame.line in (last, last + 1)  # the closing brace
    assert reason == CoroutineEnded("next", ENDS.format("root"), "completed")


def test_the_result_of_a_task_is_shown(debug: Debug) -> None:
    driver = stopped_at(debug, "debug", "endings", "root_await")
    event = driver.session.finish()
    assert only_reason(event) == CoroutineEnded(
        "finish", ENDS.format("root"), "completed", "5", "u32"
    )


# -- tasks that wait ---------------------------------------------------------------------------
def test_next_of_a_selected_task_that_waits_begins_where_it_waits(
    debug: Debug, profile: str
) -> None:
    driver = stopped_at(debug, profile, "entering", "plain")
    session = driver.session
    session.breakpoints.add("async_steps::entering::idle", temporary=True)
    session.continue_()
    (task,) = (one for one in session.tasks if one.root == "async_steps::entering::enters")
    session.select_task(task)
    child = next(f for f in task.frames() if (f.function or "").endswith("child"))
    session.select_frame(child.index)
    assert session.frame.line == driver.line("child_sleep")
    session.next()
    assert driver.here == ("child", driver.line("child_resumed"))


def test_until_resumed_stops_at_the_await_that_has_become_ready(debug: Debug, profile: str) -> None:
    driver = stopped_at(debug, profile, "entering", "plain")
    event = driver.session.until_resumed()
    assert only_reason(event) == StepDone("until-resumed")
    assert driver.session.frame.line == driver.inferior.marker("plain", "entering.rs")


def test_functions_that_are_not_async_have_no_such_steps(debug: Debug) -> None:
    driver = debug("async_steps")
    driver.run_to("marks")
    with pytest.raises(StateError, match="mark is no async function"):
        driver.session.until_resumed()


# -- breakpoints -----------------------------------------------------------------------------
def count_stops(driver: Driver) -> int:
    count = 0
    while not isinstance(only_reason(driver.session.continue_()), Exited):
        count += 1
    return count


def test_a_breakpoint_at_an_await_stops_once_an_arrival(debug: Debug, profile: str) -> None:
    driver = debug("async_steps", profile)
    driver.session.breakpoints.add(driver.location("child_sleep"))
    driver.launch("entering")
    assert count_stops(driver) == 3


@pytest.mark.parametrize("marker", ["plain", "timeout", "dyn", "sleep"])
def test_a_breakpoint_at_one_await_does_not_stop_at_others(
    debug: Debug, profile: str, marker: str
) -> None:
    driver = debug("async_steps", profile)
    line = driver.inferior.marker(marker, "entering.rs")
    driver.session.breakpoints.add(f"entering.rs:{line}")
    driver.launch("entering")
    assert count_stops(driver) == 1


def test_a_breakpoint_at_an_await_can_stop_at_every_poll(debug: Debug) -> None:
    driver = debug("async_steps")
    driver.session.breakpoints.add(driver.location("child_sleep"), every_poll=True)
    driver.launch("entering")
    assert count_stops(driver) == 6


def test_a_breakpoint_of_one_task_stops_in_that_task_alone(debug: Debug, profile: str) -> None:
    driver = debug("async_steps", profile).launch()
    session = driver.session
    enter_task(session)
    own = session.task_on(session.thread)
    assert own is not None
    assert own.number is not None
    session.breakpoints.add("async_steps::mark", task=str(own.number))
    marks = session.evaluate("MARKS[1].v.value").integer()
    for count in range(1, 10):
        session.continue_()
        assert session.frame["id"].integer() == STEPPED
        assert session.evaluate("MARKS[1].v.value").integer() == marks + count - 1


def test_a_breakpoint_of_tasks_by_their_future_has_a_condition_too(debug: Debug) -> None:
    driver = debug("async_steps")
    session = driver.session
    session.breakpoints.add("child", task="/::parent/", condition="id == 201")
    driver.launch()
    for _ in range(3):
        session.continue_()
        task = session.task_on(session.thread)
        assert task is not None
        assert (task.root, session.evaluate("id").integer()) == ("async_steps::parent", 201)
    session.breakpoints.add("child", task="/no such/")


def test_tasks_can_be_stopped_where_they_are_made_and_complete(debug: Debug, profile: str) -> None:
    driver = debug("async_steps", profile)
    session = driver.session
    spawned = session.breakpoints.add("task-spawn /parent/", pending=False)
    driver.launch()
    for _ in range(4):
        event = session.continue_()
        assert [getattr(why, "breakpoint", 0) for why in event.reasons] == [spawned.number]


def test_a_task_can_be_stopped_where_it_completes(debug: Debug, profile: str) -> None:
    driver = debug("async_steps", profile)
    driver.session.breakpoints.add("task-complete /enters/", pending=False)
    driver.launch("entering")
    assert count_stops(driver) == 1


@pytest.mark.parametrize("task", ["seven", "/(/"])
def test_a_task_that_cannot_be_meant_is_refused(debug: Debug, task: str) -> None:
    with pytest.raises(UsageError):
        debug("async_steps").session.breakpoints.add("child", task=task)


def test_the_future_of_block_on_returns_to_the_function_that_runs_it(
    debug: Debug, profile: str
) -> None:
    driver = debug("async_steps", profile)
    session = driver.session
    session.breakpoints.add("async_steps::entering::idle", temporary=True)
    driver.launch("entering")
    session.continue_()
    session.finish()
    event = session.finish()
    reason = only_reason(event)
    assert isinstance(reason, StepDone)
    assert session.frame.function == "async_steps::entering::all"
    if profile == "debug":
        assert (reason.return_value, reason.return_type) == ("240", "u32")


# -- without debug registers ---------------------------------------------------------------------
def use_all_debug_registers(driver: Driver) -> None:
    for index in range(4):
        driver.session.breakpoints.watch(f"MARKS[{index}]")


def test_a_drop_is_noticed_by_its_function_where_no_debug_register_is_free(
    debug: Debug,
) -> None:
    driver = stopped_at(debug, "debug", "endings", "waits_long")
    use_all_debug_registers(driver)
    event = driver.session.next()
    assert only_reason(event) == CoroutineEnded("next", ENDS.format("waits_long"), "cancelled")


def test_next_goes_over_an_await_where_no_debug_register_is_free(
    debug: Debug, profile: str
) -> None:
    driver = stopped_at(debug, profile, "endings", "panics_await")
    use_all_debug_registers(driver)
    driver.session.next()
    assert driver.session.frame.line == driver.inferior.marker("panics", "endings.rs")


# -- no end ------------------------------------------------------------------------------------
def test_a_step_over_a_long_wait_can_be_interrupted(debug: Debug, profile: str) -> None:
    driver = debug("async_steps", profile)
    session = driver.session
    line = driver.inferior.marker("aborted", "endings.rs")
    session.breakpoints.add(f"endings.rs:{line}", temporary=True)
    driver.launch("forever")
    session.continue_()
    with pytest.raises(StillRunningError):
        session.next(timeout=0.5)
    session.interrupt()
    assert only_reason(session.wait()) == Interrupted()
    assert "async_steps::endings::aborted" in [task.root for task in session.tasks]
