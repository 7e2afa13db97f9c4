"""What names mean where there is no frame: before the program's start and after its end."""

from __future__ import annotations

import pytest

from crabtrap.errors import NotFoundError, StateError, UsageError
from crabtrap.expr.scope import EvaluationError
from tests.support.sessions import Debug


def test_before_the_start_statics_have_their_first_values(debug: Debug) -> None:
    session = debug("basics").session
    assert session.evaluate("COUNTER").integer() == 7
    with pytest.raises(EvaluationError) as caught:
        session.evaluate("squares")
    assert "run" in caught.value.hint


def test_after_the_end_statics_are_gone_and_functions_are_not(debug: Debug) -> None:
    session = debug("basics").launch().session
    session.continue_()
    with pytest.raises(StateError, match="cannot read COUNTER: the program has ended"):
        session.evaluate("COUNTER")
    assert session.evaluate("1 + 1").integer() == 2
    assert session.evaluate("norm2").is_pointer
    with pytest.raises(EvaluationError, match="squares") as caught:
        session.evaluate("squares")
    assert "run" in caught.value.hint


def test_the_type_of_a_name_is_that_of_the_value_or_the_type_itself(debug: Debug) -> None:
    driver = debug("basics")
    assert driver.session.type_of("Point").path == "basics::Point"
    driver.run_to("norm2")
    assert driver.session.type_of("squares").name == "(i32, i32)"
    assert driver.session.type_of("Point").path == "basics::Point"
    assert driver.session.type_of("(i32, i32)").name == "(i32, i32)"
    with pytest.raises(EvaluationError, match="NoSuchType"):
        driver.session.type_of("NoSuchType")


def test_a_location_that_is_not_there_is_reported_with_what_is(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    pending = driver.session.breakpoints.add("factorail")
    assert "factorail" in pending.problem
    assert "factorial" in pending.hint
    with pytest.raises(NotFoundError, match="no function named 'factorail'") as caught:
        driver.session.until("factorail")
    assert "factorial" in caught.value.hint
    with pytest.raises(NotFoundError, match="no code at or after line 99999") as caught:
        driver.session.jump("main.rs:99999")
    assert "last line with code" in caught.value.hint


def test_what_was_made_of_a_location_is_reported(debug: Debug) -> None:
    driver = debug("basics")
    line = driver.line("norm2") + 2
    point = driver.session.breakpoints.add(f"main.rs:{line}")
    assert any(f"line {line} has no code" in note for note in point.notes)


def test_the_command_that_is_recommended_does_it(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    with pytest.raises(EvaluationError, match="would run the program") as caught:
        driver.session.evaluate("factorial(3)")
    assert caught.value.hint.startswith("call runs it")
    assert driver.session.call("factorial(3)").integer() == 6


def test_why_a_variable_cannot_be_watched_yet_is_reported(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    driver.session.select_frame(1)
    with pytest.raises(UsageError, match=r"is declared at line .* and is not in scope here"):
        driver.session.breakpoints.watch("counted")
