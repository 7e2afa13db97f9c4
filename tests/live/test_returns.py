"""What ``finish`` says a function returned, for every way the calling convention has."""

from __future__ import annotations

import re

import pytest

from crabtrap.events import BreakpointHit, StepDone
from tests.support.inferiors import WORKSPACE
from tests.support.sessions import Debug, kinds

SOURCE = WORKSPACE / "programs/returns/src/main.rs"
FOUND: list[tuple[str, str]] = re.findall(
    r"^fn (\w+)\(\).*\{\n(?:.*;\n)*.*// = (.*)$", SOURCE.read_text(), flags=re.MULTILINE
)
EXPECTED = {name: None if text == "?" else text for name, text in FOUND}
"""What cannot be told is not shown."""


@pytest.mark.parametrize("profile", ["debug", "release-debug"])
def test_every_way_to_return(debug: Debug, profile: str) -> None:
    driver = debug("returns", profile)
    assert len(EXPECTED) > 30
    names = "|".join(EXPECTED)
    driver.session.breakpoints.add(f"/^returns::({names})$/")
    driver.launch()
    seen = {}
    while kinds(driver.session.continue_()) == [BreakpointHit] and driver.here[0] not in seen:
        name = driver.here[0]
        assert name is not None
        done = driver.session.finish().reasons[0]
        assert isinstance(done, StepDone)
        seen[name] = done.return_value
    if profile == "debug":
        assert seen == EXPECTED | {"unit": None}
        return
    # The optimiser may have merged functions, or dropped results: then nothing is shown.
    wrong = {name: text for name, text in seen.items() if text not in (EXPECTED[name], None)}
    assert not wrong
    assert sum(text is not None for text in seen.values()) > len(EXPECTED) * 2 // 3
