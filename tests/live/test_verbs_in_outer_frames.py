"""Verbs at a stop in a system call or a signal handler act on the frame that is shown."""

from __future__ import annotations

import pytest

from crabtrap.events import BreakpointHit, SignalReceived, SyscallStop
from tests.support.inferiors import require_profile
from tests.support.sessions import Debug, Driver, kinds

PROFILES = ("debug", "debian-rustc", "debian-rustc-web-oldest")


def show(driver: Driver, function: str) -> None:
    """Select the innermost frame of a function."""
    frames = driver.session.thread.frames()
    index = next(each.index for each in frames if (each.function or "").endswith(function))
    driver.session.select_frame(index)


def at_signal(debug: Debug, profile: str = "debug") -> Driver:
    driver = debug("signals", profile)
    event = driver.launch().session.continue_()
    assert kinds(event) == [SignalReceived]
    return driver


def test_the_frame_that_raised_a_signal_is_shown(debug: Debug) -> None:
    driver = at_signal(debug)
    assert driver.here == ("raise_signal", driver.line("raise"))
    assert driver.session.frame.index > 0


@pytest.mark.parametrize(
    ("verb", "line"), [("next", "raise"), ("step", "handler"), ("finish", "first")]
)
def test_a_verb_at_a_signal_is_about_the_frame_that_is_shown(
    debug: Debug, verb: str, line: str
) -> None:
    driver = at_signal(debug)
    getattr(driver.session, verb)()
    function, here = driver.here
    if verb == "next":
        assert (function, here) == ("raise_signal", driver.line(line) + 1)
    elif verb == "finish":
        assert function == "main"
        assert here in (driver.line(line), driver.line("ignored"))
    else:
        assert function in ("handler", "raise_signal")


def in_handler(debug: Debug) -> Driver:
    driver = debug("signals")
    driver.session.signals.set("SIGUSR1", stop=False)
    event = driver.run_to("handler")
    assert kinds(event) == [BreakpointHit]
    return driver


@pytest.mark.parametrize("verb", ["next", "step", "until"])
def test_a_step_in_the_frame_that_a_handler_interrupted(debug: Debug, verb: str) -> None:
    driver = in_handler(debug)
    show(driver, "raise_signal")
    getattr(driver.session, verb)()
    assert driver.here == ("raise_signal", driver.line("raise") + 1)


def test_finish_out_of_the_frame_that_a_handler_interrupted(debug: Debug) -> None:
    driver = in_handler(debug)
    show(driver, "raise_signal")
    driver.session.finish()
    assert driver.here[0] == "main"


def test_steps_lead_out_of_a_handler_into_what_it_interrupted(debug: Debug) -> None:
    driver = in_handler(debug)
    seen = [driver.here[0]]
    while driver.here[0] == "handler":
        driver.session.next()
        seen.append(driver.here[0])
    assert set(seen) == {"handler", "raise_signal"}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("verb", ["next", "step", "finish", "until"])
def test_a_verb_in_a_system_call_is_about_the_frame_that_is_shown(
    debug: Debug, profile: str, verb: str
) -> None:
    require_profile(profile)
    driver = debug("forks", profile)
    caught = driver.session.breakpoints.catch("syscall", "wait4")
    event = driver.launch("fork", "1").session.continue_()
    assert kinds(event) == [SyscallStop]
    driver.session.breakpoints.remove(caught.number)
    show(driver, "forked")
    assert driver.here == ("forked", driver.line("parent"))
    getattr(driver.session, verb)()
    expected = (
        ("main", driver.line("fork_round"))
        if verb == "finish"
        else ("forked", driver.line("parent") + 1)
    )
    assert driver.here == expected
