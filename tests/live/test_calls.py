"""Functions of the program called by the debugger: results, refusals, and failures undone."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

from crabtrap.engine.machine import Stopped
from crabtrap.errors import CallError, CrabtrapError, StateError, UsageError
from crabtrap.events import BreakpointHit, Exited, Resumed, SignalReceived
from crabtrap.expr import EvaluationError
from crabtrap.values import UnavailableError
from tests.support.sessions import Debug, Driver, kinds

# Expression and what it renders as; each leaves the program as it was.
RESULTS = {
    "integers(-1, 2, -3, 4, 5)": "7",
    "integers(-128, 65535, -2147483648, 1, 0) + 1": "-2147418239",
    "many(1, 2, 3, 4, 5, 6, 7, 8, 9)": "285",
    "floats(1.5, 2.25, 3, 4.0)": "13.0",
    "single(1.25)": "2.5",
    "logic(true, 'ß')": "'ß'",
    "logic(1 > 2, 'x')": "'?'",
    "negate(false)": "true",
    'join("a", "bc")': '"a-bc"',
    'join(&text, "x")': '"hello-x"',
    'join(&text[1..3], "")': '"el-"',
    'longest("ab", "abc")': '"abc"',
    'longest(&text, longest("a", "bb"))': '"hello"',
    "total(&numbers)": "12",
    "total(&[1, 2, 3])": "6",
    "total(&numbers[1..])": "10",
    "small(small_value)": "Small { a: 3, b: 2, c: 1 }",
    "small(Small { a: 9, b: 8, c: 7 })": "Small { a: 7, b: 8, c: 9 }",
    "middle(middle_value, 10)": "Middle { a: 11, b: 3, c: 5 }",
    "new_middle()": "Middle { a: 7, b: 8, c: 9 }",
    "large(large_value, 5)": "Large { values: [6, 7, 8], flag: false }",
    "large(large_value, 5).values[2]": "8",
    "swap(Pair { x: 2.5, y: 7 })": "Pair { x: 7.0, y: 2 }",
    "maybe(Some(4))": "Some(5)",
    "maybe(None)": "None",
    'parse("12")': "Ok(12)",
    'parse("x")': "Err(ParseIntError { kind: InvalidDigit })",
    "nothing(1, (), 5)": "5",
    "wrapped([1, 2, 3])": "6",
    "max(3, 4)": "4",
    "max(1.5, 0.5)": "1.5",
    "max('x', 'b')": "'x'",
    "max::<i32>(7, 2)": "7",
    'consume(join("a", "bcd"))': "5",
    "describe(&rect)": "24",
    "describe(&circle)": "150",
    "describe(shape)": "150",
    "rect.area(2)": "24",
    "shape.area(2)": "150",
    "boxed.area(2)": "12",
    "rect.doubled()": "24",
    "circle.doubled()": "150",
    "shape.doubled()": "150",
    "boxed.doubled() + boxed.area(1)": "18",
    "Area::doubled(&rect)": "24",
    "Rect { width: 2, height: 5 }.perimeter()": "14",
    "Rect { width: 2, height: 5 }.area(3)": "30",
    "Rect { width: 2, ..rect }.scaled(3).width": "6",
    "(Rect { width: 1 + 1, height: 5 }).doubled()": "20",
    "Circle { radius: 2 }.area(1)": "12",
    "{ let mut r = rect; r.width = 10; r.perimeter() }": "28",
    "adder(4)": "7",
    "adder(adder(0))": "6",
    'lender("abc")': "6",
    "lender(&text)": "8",
    "counting()": "2",
    "Rect::area(&rect, 1)": "12",
    "Area::area(&circle, 1)": "75",
    "<calls::shapes::Rect as Area>::area(&rect, 3)": "36",
    "rect.perimeter()": "14",
    "rect.scaled(3)": "Rect { width: 9, height: 12 }",
    "rect.scaled(2).scaled(2).perimeter()": "56",
    "Rect::square(7).area(1)": "49",
    "counter.get()": "11",
    "rect.fits(&4u8)": "true",
    "rect.fits(&2u16)": "false",
    "scale(2, 1)": "7",
    "pointer(true)": "false",
    "go.clone()": 'Go { to: Rect { width: 1, height: 2 }, name: "north" }',
    "go.clone() == go": "true",
    "tracked(Some(4))": "4",
    "nested(50)": "50",
    "(explode(0), explode(2))": "(1, 3)",
    "numbers.len() + explode(0) as usize": "4",
}

REFUSED = {
    "missing(1)": "no function missing",
    "rect.missing()": "no function Rect::missing",
    "integers(1)": "takes 5 arguments, not 1",
    "join(1, 2)": "expected &str",
    "max(1u8, 2u8)": r"takes these arguments; there is calls::max<char>\(char, char\) -> char",
    "consume(text)": "would be dropped twice: it owns memory elsewhere",
    "describe(&large_value)": "has no vtable",
    "total(numbers)": "expected &\\[u32\\]",
    "rect.fits(&2u64)": "no Rect::fits in the program takes these arguments",
    "note(1, 2)": "takes 1 argument, not 2",
}

# What evaluating refuses and `call` runs; and what `call` refuses, too, with its reason.
CALL_RUNS = [
    "negate(true)",
    "rect.perimeter()",
    "rect.doubled()",
    "boxed.area(2)",
    "adder(4)",
    "Rect { width: 1, height: 2 }.perimeter()",
    "Rect::square(3)",
    "pointer(true)",
    "numbers.iter().map(|n| maybe(Some(*n))).collect::<Vec<_>>()",
]
CALL_DOES_NOT = {
    "missing(1)": "the program has no function missing",
    "integers(1)": "takes 5 arguments, not 1",
    "consume(text)": "would be dropped twice",
    "max(1u8, 2u8)": "no max in the program takes these arguments",
    "secret.fmt()": "takes 1 argument, not 0",
    "rect.missing()": "no method named `missing`",
}

DEBUG = {
    "go": 'Go { to: Rect { width: 1, height: 2 }, name: "north" }',
    "say": 'Say("a \\"b\\"")',
    "secret": "Secret(2…)",
    "&secret": "Secret(2…)",
    "numbers": "[2, 4, 6]",
    "text": '"hello"',
    "rect": "Rect { width: 3, height: 4 }",
}


def at_stop(debug: Debug, profile: str = "debug") -> Driver:
    driver = debug("calls", profile)
    driver.run_to("stop")
    driver.events.clear()
    return driver


def call(driver: Driver, text: str, **options: float) -> str:
    return driver.session.values.render(driver.session.call(text, **options))


def test_evaluating_says_that_call_runs_it_where_it_does(debug: Debug) -> None:
    driver = at_stop(debug)
    for text in CALL_RUNS:
        with pytest.raises(EvaluationError) as caught:
            driver.session.evaluate(text)
        assert caught.value.hint == "call runs it", text
        assert call(driver, text)


def test_evaluating_says_why_call_does_not_run_it_either(debug: Debug) -> None:
    driver = at_stop(debug)
    for text, reason in CALL_DOES_NOT.items():
        with pytest.raises(EvaluationError) as caught:
            driver.session.evaluate(text)
        assert reason in f"{caught.value} {caught.value.hint}", text
        assert not caught.value.hint.startswith("call runs it"), text
        with pytest.raises(CrabtrapError):
            driver.session.call(text)


def test_a_condition_is_not_told_to_be_called(debug: Debug) -> None:
    driver = at_stop(debug)
    with pytest.raises(EvaluationError, match="would run the program") as caught:
        driver.session.breakpoints.add("maybe", condition="negate(true)")
    assert caught.value.hint == "a condition runs nothing of the program"


def test_results(debug: Debug) -> None:
    driver = at_stop(debug)
    event = driver.session.state
    got = {text: call(driver, text) for text in RESULTS}
    assert got == RESULTS
    assert driver.session.state is event
    assert Resumed not in {type(each) for each in driver.events}


def test_what_cannot_be_called(debug: Debug) -> None:
    driver = at_stop(debug)
    for text, reason in REFUSED.items():
        with pytest.raises(EvaluationError, match=reason):
            driver.session.call(text)


def test_optimised_functions_are_called_right_or_not_at_all(debug: Debug) -> None:
    driver = at_stop(debug, "release-debug")
    results: dict[str, str] = {}
    for text in RESULTS:
        # A call that ran and failed would have been made in a wrong way: it is an error here.
        with contextlib.suppress(UsageError, UnavailableError):
            results[text] = call(driver, text)
    wrong = {text: got for text, got in results.items() if got != RESULTS[text]}
    assert not wrong
    # The others are inlined, or called in a way of LLVM's own.
    assert {"total(&numbers)", "small(small_value)", "new_middle()", "rect.area(2)"} <= set(results)


def test_printing_still_runs_nothing(debug: Debug) -> None:
    driver = at_stop(debug)
    with pytest.raises(EvaluationError, match="would run the program"):
        driver.session.evaluate("negate(true)")


def test_changes_stay(debug: Debug) -> None:
    driver = at_stop(debug)
    assert driver.shown("counter") == "Counter { count: 11 }"
    assert call(driver, "counter.bump(5)") == "16"
    assert driver.shown("counter") == "Counter { count: 16 }"
    assert call(driver, "double_all(&mut numbers)") == "()"
    assert driver.shown("numbers") == "[4, 8, 12]"
    assert call(driver, "note(4)") == "5"
    # A frame that was asked for before is still of this stop.
    frame = driver.session.frame
    call(driver, "counter.bump(1)")
    frame.check()
    assert driver.session.frame is frame


def test_a_panic_is_reported_and_taken_back(debug: Debug) -> None:
    driver = at_stop(debug)
    counts = driver.session.code.modules.main
    assert counts is not None
    (symbol,) = counts.symbols_named("std::panicking::panic_count::GLOBAL_PANIC_COUNT")
    for _ in range(3):
        with pytest.raises(CallError, match=r"len is 3 but the index is 7 \(main.rs:\d+\)"):
            driver.session.call("explode(7)")
        assert driver.session.memory.read(symbol.address, 8) == bytes(8)
    with pytest.raises(CallError, match="calls::tracked panicked: there is a value"):
        driver.session.call("tracked(None)")
    assert kinds(driver.session.continue_()) == [Exited]
    assert "panicked" not in driver.output


def test_a_call_that_does_not_return_is_given_up(debug: Debug) -> None:
    driver = at_stop(debug)
    before = registers(driver)
    for _ in range(3):
        with pytest.raises(CallError, match=r"did not return within 0\.1 s"):
            driver.session.call("forever(1)", timeout=0.1)
        assert registers(driver) == before
    assert call(driver, "negate(true)") == "false"
    event = driver.session.continue_()
    assert event.reasons == (Exited(event.pid, 0),)


def test_a_fault_is_reported_and_not_delivered(debug: Debug) -> None:
    driver = at_stop(debug)
    before = registers(driver)
    with pytest.raises(CallError, match="fault received SIGSEGV at 0x8"):
        driver.session.call("fault(8)")
    assert registers(driver) == before
    assert kinds(driver.session.continue_()) == [Exited]


def test_a_signal_that_waits_is_delivered_afterwards(debug: Debug) -> None:
    driver = debug("signals").launch("segv")
    assert kinds(driver.session.continue_()) == [SignalReceived]
    assert call(driver, "signals::descend(0)") == "0"
    assert call(driver, "signals::descend(0)") == "0"
    # std's handler lets go of the signal, and the second one ends the program.
    assert kinds(driver.session.continue_()) == [SignalReceived]
    event = driver.session.continue_()
    assert event.reasons == (Exited(event.pid, None, 11, "SIGSEGV"),)


def test_a_breakpoint_it_stands_at_is_not_hit_again(debug: Debug) -> None:
    driver = debug("calls").launch()
    item = driver.session.breakpoints.add(driver.location("stop"))
    assert kinds(driver.session.continue_()) == [BreakpointHit]
    assert call(driver, "negate(true)") == "false"
    assert kinds(driver.session.continue_()) == [Exited]
    assert item.hits == 1


def test_a_call_may_end_the_program(debug: Debug) -> None:
    driver = at_stop(debug)
    with pytest.raises(CallError, match="calls::leave ended the program: code 3"):
        driver.session.call("leave(3)")
    assert not isinstance(driver.session.state, Stopped)
    with pytest.raises(StateError, match="has ended"):
        driver.session.call("leave(3)")


def test_breakpoints_are_passed_over_and_not_counted(debug: Debug) -> None:
    driver = at_stop(debug)
    item = driver.session.breakpoints.add(driver.location("nested"))
    watch = driver.session.breakpoints.watch("counter.count")
    assert call(driver, "nested(2)") == "2"
    call(driver, "counter.bump(1)")
    assert (item.hits, watch.hits) == (0, 0)
    driver.session.breakpoints.remove(watch.number)
    driver.session.breakpoints.add(driver.location("end"))
    assert kinds(driver.session.continue_()) == [BreakpointHit]


def test_all_threads_may_run(debug: Debug) -> None:
    driver = at_stop(debug)
    assert call(driver, "nested(3)", all_threads=True) == "3"
    assert not driver.session.options.scheduler_lock


def test_examples_of_the_page(debug: Debug) -> None:
    driver = at_stop(debug)
    page = (Path(__file__).parents[2] / "docs/expressions.md").read_text()
    part = page[page.index("## Calling functions") : page.index("## Conditions")]
    examples = re.findall(r"^\| `([^`]+)` \| (.+?) \|$", part, flags=re.MULTILINE)
    assert len(examples) > 10
    for text, expected in examples:
        if expected.startswith("error: "):
            with pytest.raises(CrabtrapError) as caught:
                driver.session.call(text, timeout=0.2)
            assert expected.removeprefix("error: ") in str(caught.value), text
        else:
            assert call(driver, text) == expected.strip("`"), text


@pytest.mark.parametrize("profile", ["debug", "release-debug"])
def test_debug_of_the_program(debug: Debug, profile: str) -> None:
    driver = at_stop(debug, profile)
    assert {text: driver.session.format_debug(text) for text in DEBUG} == DEBUG
    pretty = driver.session.format_debug("go", pretty=True)
    assert pretty == (
        'Go {\n    to: Rect {\n        width: 1,\n        height: 2,\n    },\n    name: "north",\n}'
    )
    assert driver.session.format_debug("go", limit=10) == "Go { to: R…"
    with pytest.raises(EvaluationError, match="no impl Debug for Middle"):
        driver.session.format_debug("middle_value")


def test_debug_of_a_result(debug: Debug) -> None:
    driver = at_stop(debug)
    assert driver.session.format_debug("rect.scaled(2)") == "Rect { width: 6, height: 8 }"
    assert driver.session.format_debug("boxed") == "Rect { width: 1, height: 6 }"


def registers(driver: Driver) -> dict[str, bytes]:
    session = driver.session
    return {name: session.registers.read(name) for name, _ in session.registers.names()}
