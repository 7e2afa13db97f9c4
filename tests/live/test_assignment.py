"""Changing values of a live program."""

from __future__ import annotations

import pytest

from crabtrap.errors import CrabtrapError
from tests.support.sessions import Debug


def test_memory_is_changed_and_seen_at_once(debug: Debug) -> None:
    driver = debug("basics")
    session = driver.session
    session.breakpoints.add("Point::norm2", temporary=True)
    driver.launch()
    session.continue_()
    assert driver.shown("*self") == "Point { x: 3, y: 4 }"
    session.assign("self.x", "10")
    assert driver.shown("*self") == "Point { x: 10, y: 4 }"
    event = session.finish()
    assert getattr(event.reasons[0], "return_value", None) == "116"


def test_registers_and_own_variables(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    session = driver.session
    session.assign("$rax", "0x1234")
    assert session.frame.registers()["rax"] == 0x1234
    session.assign("$mine", "7")
    assert driver.shown("$mine + 1") == "8"


@pytest.mark.parametrize(
    ("location", "value"),
    [("self.x", '"text"'), ("nothing", "1"), ("self", "0"), ("self.x", "1 +"), ("3", "4")],
)
def test_what_cannot_be_assigned_changes_nothing(debug: Debug, location: str, value: str) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    with pytest.raises(CrabtrapError):
        driver.session.assign(location, value)
    assert driver.shown("*self") == "Point { x: 3, y: 4 }"
