"""Frames and their arguments on one line."""

from __future__ import annotations

import pytest

from crabtrap.frontends.console.printing import short_value

from .conftest import Screen
from .fake_session import FakeBinding, FakeFrame, FakeValue


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("optimised out: depends on the value of rdi on entry to the function", "<optimised out>"),
        ("the function has not set up its frame yet", "<…>"),
    ],
)
def test_why_an_argument_has_no_value_is_said_in_short(
    screen: Screen, reason: str, shown: str
) -> None:
    value = FakeValue("", absent=reason)
    assert short_value(screen.console.context, value, 24) == shown  # type: ignore[arg-type]


def test_a_thread_that_waits_is_shown_with_the_users_own_frame(screen: Screen) -> None:
    shown = screen.run("thread 2")
    assert "syscall" in shown
    assert "called from #1 demo::work" in shown


def test_the_users_own_frame_needs_no_caller(screen: Screen) -> None:
    line = FakeBinding("line", FakeValue('"a"'), "argument")
    screen.session.threads[0].put([FakeFrame(0, "demo::parse", "/src/demo/main.rs", 4, (line,))])
    assert "called from" not in screen.run("frame 0")
