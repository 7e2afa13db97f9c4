"""Steps through real programs: every line once, in recursion, through std, and out again."""

from __future__ import annotations

import pytest

from crabtrap.events import BreakpointHit, Exited, Notice, StepDone
from tests.support.sessions import Debug, Driver, kinds


def lines_of(driver: Driver, count: int, verb: str) -> list[tuple[str | None, int]]:
    found = []
    for _ in range(count):
        getattr(driver.session, verb)()
        found.append(driver.here)
    return found


def test_next_shows_every_line_of_a_loop_once(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("loop_start")
    body, head = driver.line("loop_body"), driver.line("loop_head")
    shown = [line for _, line in lines_of(driver, 8, "next")]
    assert shown == [head, body, head, body, head, body, head, body + 2]


@pytest.mark.parametrize("verb", ["next", "step"])
def test_a_round_of_a_loop_is_shown_though_no_statement_begins_it(debug: Debug, verb: str) -> None:
    driver = debug("iterators")
    driver.run_to("numbered_body")
    head, body, end = (driver.line(f"numbered_{part}") for part in ("head", "body", "end"))
    shown = [line for _, line in lines_of(driver, 6, verb)]
    assert shown == [head, body, head, body, head, end]


def test_step_enters_and_returns_to_the_call(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("multi_first")
    shown = lines_of(driver, 3, "step")
    assert ("counted_loop", driver.line("loop_start")) in shown
    event = driver.session.finish()
    assert driver.here[0] == "multiline"
    assert event.reasons == (StepDone("finish", "3", "u32"),)


def test_next_stays_in_its_activation_of_a_recursion(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("fib_first")
    start = driver.session.frame.cfa
    driver.session.next()
    assert driver.here[1] == driver.line("fib_second")
    assert driver.session.frame.cfa == start
    driver.session.next()
    assert (driver.here[1], driver.session.frame.cfa) == (driver.line("fib_sum"), start)


def test_a_breakpoint_on_the_way_of_next_is_hit(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("fib_first")
    point = driver.session.breakpoints.add(driver.location("fib_leaf"))
    event = driver.session.next()
    assert event.reasons == (BreakpointHit(point.number, 1),)
    assert driver.here == ("fibonacci", driver.line("fib_leaf"))


def test_a_breakpoint_where_a_step_ends_is_counted_once(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("loop_start")
    point = driver.session.breakpoints.add(driver.location("loop_body"))
    driver.session.next()
    event = driver.session.next()
    assert BreakpointHit in kinds(event)
    driver.session.continue_()
    assert driver.session.breakpoints[point.number].hits == 2


def test_step_goes_through_an_iterator_chain_into_user_code(debug: Debug) -> None:
    driver = debug("iterators")
    driver.run_to("main_chained")
    shown = lines_of(driver, 5, "step")
    visits = [index for index, (name, _) in enumerate(shown) if name == "visit"]
    assert visits
    assert visits[0] <= 3, shown


@pytest.mark.parametrize("marker", ["map", "filter", "compare", "next"])
def test_step_enters_closures_that_std_calls(debug: Debug, marker: str) -> None:
    starts = {"map": "adapters", "filter": "adapters", "compare": "sorting", "next": "custom"}
    driver = debug("iterators")
    driver.run_to(f"main_{starts[marker]}")
    shown = [line for _, line in lines_of(driver, 8, "step")]
    assert driver.line(marker) in shown


def test_std_is_never_stepped_into(debug: Debug) -> None:
    driver = debug("iterators")
    driver.run_to("main_callbacks")
    while driver.here[1] != driver.line("end"):
        driver.session.step()
        assert driver.session.frame.is_user, driver.session.frame


def test_finish_shows_what_was_returned(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("early_return")
    event = driver.session.finish()
    assert driver.here[0] == "main"
    assert kinds(event) == [StepDone]


def test_advance_and_until(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("loop_body")
    driver.session.until(driver.location("while_body"))
    assert driver.here[1] == driver.line("while_body")
    driver.session.advance(driver.location("loop_end"))
    assert driver.here[1] == driver.line("loop_end")


def test_until_leaves_a_loop(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("loop_body")
    driver.session.next()
    driver.session.until()
    driver.session.until()
    assert driver.here[1] > driver.line("loop_body")


def test_advance_stops_where_the_frame_returns(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("early_return")
    driver.session.advance(driver.location("match_square"))
    assert driver.here[0] == "main"


def test_single_instructions(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("multi_first")
    session = driver.session
    for _ in range(40):
        before = session.frame.pc
        size = session.memory.disassemble(before, count=1)[0].size
        flow = session.memory.disassemble(before, count=1)[0].flow
        session.next_instruction()
        if flow == "call":
            assert session.frame.pc == before + size
            break
    else:
        pytest.fail("no call found")


def test_stepping_over_the_end_reports_the_exit(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("end")
    event = driver.session.continue_()
    assert event.reasons == (Exited(event.pid, 0),)
    assert "3" in driver.output


def test_next_passes_over_inlined_functions(debug: Debug) -> None:
    driver = debug("inlined", "release-debug")
    driver.run_to("host")
    for _ in range(12):
        driver.session.next()
        name, line = driver.here
        assert name in ("host", "main"), (name, line)
        if line == driver.line("host_direct"):
            break
    else:
        pytest.fail("the line after the loop was not reached")


def test_step_enters_inlined_functions_one_at_a_time(debug: Debug) -> None:
    driver = debug("inlined", "release-debug")
    driver.run_to("host")
    shown = [name for name, _ in lines_of(driver, 12, "step")]
    order = [shown.index(name) for name in ("outermost", "middle", "innermost") if name in shown]
    assert order
    assert order == sorted(order)


def test_no_step_ends_on_the_line_it_began_on(debug: Debug) -> None:
    driver = debug("iterators")
    driver.run_to("lengths")
    before = driver.here
    while driver.here[1] != driver.line("and_then"):
        frames = len(driver.session.thread.frames())
        driver.session.next()
        assert (driver.here, len(driver.session.thread.frames())) != (before, frames)
        before = driver.here


def test_a_return_to_nobodys_code_is_reported_and_runs_on(debug: Debug) -> None:
    driver = debug("threads")
    driver.session.breakpoints.add(driver.location("end"))
    driver.run_to("worker_end", "1", "2")
    for _ in range(5):
        event = driver.session.next()
        if kinds(event) != [StepDone]:
            break
    assert kinds(event) == [BreakpointHit]
    assert driver.here == ("main", driver.line("end"))
    told = [each.text for each in driver.events if isinstance(each, Notice)]
    assert [text for text in told if "runs on" in text] == told[-1:]


@pytest.mark.parametrize("profile", ["debug", "release-debug"])
def test_finish_out_of_inlined_functions_ends_at_a_line(debug: Debug, profile: str) -> None:
    driver = debug("inlined", profile)
    driver.run_to("innermost")
    while (frame := driver.session.frame).inlined:
        driver.session.finish()
        assert driver.session.frame.line, frame.function
