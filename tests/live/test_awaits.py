"""Variables of async functions: their values, or that an await has not kept them."""

from __future__ import annotations

import pytest

from crabtrap import Session
from crabtrap.engine.machine import Stopped
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import build, require_profile

GONE = "<not kept over the await>"
REQUEST = 'Request { id: 7, name: "seven" }'
EXPECTED: dict[str, list[dict[str, str]]] = {
    "kept_once": [
        {
            "request": f"&{REQUEST}",
            "count": "4",
            "text": '"text"',
            "before": "8",
            "first": "20",
        }
    ],
    "kept_twice": [
        {
            "request": f"&{REQUEST}",
            "count": "4",
            "text": '"text"',
            "before": "8",
            "first": GONE,
            "after": "28",
            "second": "20",
        }
    ],
    "unused_before": [{"number": "3", "request": f"&{REQUEST}", "text": '"bb"', "sum": "0"}],
    "unused_after": [
        {
            "number": "3",
            "request": f"&{REQUEST}",
            "text": '"bb"',
            "sum": GONE,
            "local": GONE,
            "total": "14",
            "first": "20",
        }
    ],
    "patterns": [
        {"left": "1", "right": "2", "id": "7", "name": '"seven"', "hits": "7", "first": "20"}
    ],
    "shadowed": [{"number": "4", "text": "22", "first": "20"}],
    "in_rounds": [
        {"flag": "false", "count": "0", "seen": "10", "waited": "20"},
        {"flag": "false", "count": "1", "seen": "11", "waited": "20"},
    ],
    "by_reference": [
        {
            "self": '&mut Service { hits: 4, log: ["x", "yy", "seven"] }',
            "request": REQUEST,
            "first": "20",
        }
    ],
    "by_value": [
        {
            "self": 'Service { hits: 3, log: ["x", "yy"] }',
            "bytes": "[9, 8, 7]",
            "first": "20",
        }
    ],
    "in_block": [
        {
            "numbers": "&[1, 2, 3]",
            "total": "25",
            "name": '"name"',
            "inner": "1",
            "first": "20",
        }
    ],
    "in_loop": [
        {
            "owned": 'Service { hits: 3, log: ["x", "yy"] }',
            "text": '"name"',
            "first": "20",
            "index": str(index),
            "each": f'&"{name}"',
            "second": "20",
        }
        for index, name in enumerate(("x", "yy"))
    ],
}
# What `for` iterates over has no name in the source, but is worth showing.
EXTRA = {"iter"}


def variables_at_markers(profile: str) -> dict[str, list[dict[str, str]]]:
    """The variables that are not shadowed, as they are shown, at each arrival at a marker."""
    require_profile(profile)
    inferior = build("awaits", profile)
    lines = {inferior.marker(name): name for name in EXPECTED}
    seen: dict[str, list[dict[str, str]]] = {name: [] for name in EXPECTED}
    with Session(str(inferior.path)) as session:
        session.launch((), stdio=Stdio.pipes())
        for line in lines:
            session.breakpoints.add(f"main.rs:{line}")
        session.continue_()
        while isinstance(session.state, Stopped):
            frame = session.frame
            shown = {n: session.values.render(v) for n, v in frame.variables.items()}
            seen[lines[frame.line]].append({n: v for n, v in shown.items() if n not in EXTRA})
            session.continue_()
    return seen


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "profile", ["debug", "debian-rustc", "debian-rustc-web", "debian-rustc-web-oldest", "nightly"]
)
def test_what_an_await_keeps_is_shown_and_what_it_does_not_is_said_to_be_gone(profile: str):
    assert variables_at_markers(profile) == EXPECTED


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "profile",
    ["release-debug", "debian-rustc-o", "debian-rustc-web-o", "debian-rustc-web-oldest-o"],
)
def test_optimised_async_code_shows_the_same_or_says_that_it_cannot(profile: str):
    shown = 0
    for name, arrivals in variables_at_markers(profile).items():
        for found, expected in zip(arrivals, EXPECTED[name], strict=True):
            for variable, value in found.items():
                if "optimised out" in value or value == GONE:
                    continue
                assert (name, variable, value) == (name, variable, expected.get(variable))
                shown += 1
    assert shown >= 10
