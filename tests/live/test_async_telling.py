"""Breakpoints and variables in async code, against what the program says of itself."""

from __future__ import annotations

import re

from crabtrap.events import Exited
from tests.support.sessions import Debug, Driver

Told = list[tuple[int, dict[str, str]]]


def told(driver: Driver) -> tuple[Told, Told]:
    """What the debugger and what the program says at every line that says something.

    Of the debugger's, the variables that the program tells there.
    """
    source = driver.inferior.source.with_name("telling.rs").read_text().splitlines()
    names = {
        number: re.findall(r"(\w+)={", line)
        for number, line in enumerate(source, 1)
        if "println!" in line
    }
    for number in names:
        driver.session.breakpoints.add(f"telling.rs:{number}")
    driver.launch("telling")
    seen: Told = []
    while not isinstance(driver.session.continue_().reasons[0], Exited):
        frame, render = driver.session.frame, driver.session.values.render
        values = {name: render(frame[name]).removeprefix("&") for name in names[frame.line]}
        seen.append((frame.line, values))
    lines = (line.split(" ", 1) for line in driver.output.splitlines())
    said = [(int(n), dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", rest))) for n, rest in lines]
    return seen, said


def test_every_line_of_async_code_stops_once_with_the_programs_own_values(debug: Debug) -> None:
    seen, said = told(debug("async_steps"))
    assert seen == said
    assert len(said) > 20


def test_optimised_async_code_shows_the_same_or_says_that_it_cannot(debug: Debug) -> None:
    seen, said = told(debug("async_steps", "release-debug"))
    assert [line for line, _ in seen] == [line for line, _ in said]
    right = 0
    for (line, found), (_, values) in zip(seen, said, strict=True):
        for name, value in found.items():
            if not value.startswith("<"):
                assert (line, name, value) == (line, name, values[name])
                right += 1
    assert right > 5  # most variables are in no place that the compiler describes
