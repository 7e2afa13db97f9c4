"""Values are of one stop: kept ones are refused after a resume, and never lie."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crabtrap import Value
from crabtrap.errors import StaleError
from tests.support.sessions import Debug, Driver


def at_norm2(debug: Debug, profile: str = "debug") -> Driver:
    driver = debug("basics", profile)
    driver.session.breakpoints.add("norm2", temporary=True)
    driver.launch()
    driver.session.continue_()
    return driver


@pytest.mark.parametrize("is_read", [False, True])
@pytest.mark.parametrize("text", ["self", "*self", "self.x", "&self.x"])
def test_a_kept_value_is_refused_after_a_resume(debug: Debug, text: str, is_read: bool) -> None:
    driver = at_norm2(debug)
    value = driver.session.evaluate(text)
    if is_read:
        driver.session.values.render(value)
        value.read_bytes()
    driver.session.step_instruction()
    with pytest.raises(StaleError, match="value belongs to an earlier stop"):
        value.read_bytes()
    with pytest.raises(StaleError):
        driver.session.values.render(value)


USES: dict[str, Callable[[Value], object]] = {
    "number": lambda value: int(value["x"]),
    "comparison": lambda value: value["x"] == 3,
    "truth": lambda value: bool(value["x"]),
    "text": str,
    "item": lambda value: value["x"].integer(),
}


@pytest.mark.parametrize("use", USES)
def test_what_python_does_with_a_kept_value_is_refused(debug: Debug, use: str) -> None:
    driver = at_norm2(debug)
    value = driver.session.evaluate("self")
    USES[use](value)
    driver.session.step_instruction()
    with pytest.raises(StaleError):
        USES[use](value)
    assert "earlier stop" in repr(value)


def test_what_was_computed_is_of_no_stop(debug: Debug) -> None:
    driver = at_norm2(debug)
    sum_ = driver.session.evaluate("self.x + 1")
    driver.session.step_instruction()
    assert int(sum_) == 4


def test_the_history_keeps_what_was_shown(debug: Debug) -> None:
    driver = debug("stepping")
    driver.run_to("while_body")
    session = driver.session
    history = session.client.history
    first: Value = session.evaluate("left")
    assert history.remember(first) == 1
    session.assign("$kept", "left")
    session.assign("$place", "&left")
    driver.session.next()
    driver.session.next()
    driver.session.next()
    assert driver.shown("left") != "2"
    assert driver.shown("$1") == "2"
    assert driver.shown("$kept + 10") == "12"
    assert driver.shown("*$place") == driver.shown("left")
    session.continue_()
    assert driver.shown("$1") == "2"
