"""Variables that were moved away are not shown as what is in their places now."""

from __future__ import annotations

import pytest

from crabtrap import Session
from crabtrap.engine.inspect.frame import Frame
from crabtrap.engine.machine import Stopped
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import build

GONE = "<moved or dropped: nothing uses it any more>"
ALL = {
    "first": '"first"',
    "list": "[1, 2]",
    "some": 'Some("some")',
    "boxed": "Box(5)",
    "pair": 'Pair { name: "name", list: [3] }',
    "items": "Iter [1, 2, 3]",
}
"""What the variables hold at first."""

GONE_AT = {
    40: set[str](),
    41: {"first"},
    42: {"first"},
    43: {"first", "some", "pair"},
    45: {"first", "some", "pair", "other", "name", "list"},
}


@pytest.mark.parametrize(
    "profile", ["debug", "debian-rustc", "debian-rustc-web", "debian-rustc-web-oldest"]
)
def test_what_was_moved_is_said_to_be_gone_and_nothing_else(profile: str):
    with Session(str(build("siblings", profile).path)) as session:
        session.breakpoints.add("at_stop")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        seen: set[int] = set()
        while isinstance(session.state, Stopped):
            number = session.frame["number"].integer()
            if number in GONE_AT:
                frame = next(
                    f for f in session.thread.frames() if f.function == "siblings::moved::all"
                )
                shown = texts(session, frame)
                assert {name for name, text in shown.items() if text == GONE} == GONE_AT[number]
                assert {n: t for n, t in shown.items() if n in ALL and n not in {"list"}} == {
                    name: GONE if name in GONE_AT[number] else text
                    for name, text in ALL.items()
                    if name != "list"
                }
                seen.add(number)
            if number == 46:
                assert texts(session, session.thread.frames()[1])["held"] == "[9]"
            session.continue_()
        assert seen == set(GONE_AT)


def texts(session: Session, frame: Frame) -> dict[str, str]:
    return {name: session.values.render(value) for name, value in frame.variables.items()}
