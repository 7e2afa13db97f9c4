"""A program that job control has stopped waits, and says so."""

import os
import signal

import pytest

from crabtrap.errors import NotFoundError, StillRunningError
from crabtrap.events import Exited, Interrupted, Notice, SignalReceived
from tests.support.inferiors import running
from tests.support.needs import skip_inapplicable
from tests.support.sessions import Debug, Driver, kinds


def told(driver: Driver) -> list[str]:
    return [each.text for each in driver.events if isinstance(each, Notice)]


def test_why_a_stopped_process_does_not_go_on_is_told(debug: Debug) -> None:
    driver = debug("basics")
    if driver.server == "gdbserver":
        skip_inapplicable("gdbserver lets a stopped process run on")
    driver.run_to("norm2")
    before = len(told(driver))
    with pytest.raises(StillRunningError):
        driver.session.continue_(signal="SIGSTOP", timeout=0.3)
    (text,) = told(driver)[before:]
    assert "is stopped" in text
    assert "signal SIGCONT" in text
    driver.session.interrupt()
    assert kinds(driver.session.wait()) == [Interrupted]
    assert kinds(driver.session.continue_(signal="SIGCONT")) == [Exited]


def test_a_signal_that_may_stop_the_process_is_told_as_such(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("norm2")
    before = len(told(driver))
    driver.session.continue_(signal="SIGTSTP")  # no shell: the kernel drops it
    texts = told(driver)[before:]
    assert [("unless" in text, "SIGTSTP" in text) for text in texts] == (
        [(True, True)] if driver.server == "guard" else []
    )


def test_a_process_that_was_stopped_before_is_told_as_such(debug: Debug) -> None:
    driver = debug("attachme")
    with running(driver.inferior) as program:
        os.kill(program.pid, signal.SIGSTOP)
        os.waitpid(program.pid, os.WUNTRACED)
        driver.session.attach(program.pid)
        assert any("is stopped" in text for text in told(driver))
        driver.session.detach()


def test_a_signal_can_be_kept_from_the_program(debug: Debug) -> None:
    driver = debug("signals").launch("term")
    event = driver.session.continue_()
    while kinds(event) != [SignalReceived]:
        event = driver.session.continue_()
    (end,) = driver.session.continue_(signal=0).reasons
    assert isinstance(end, Exited)
    assert end.signal is None
    with pytest.raises(NotFoundError):
        debug("basics").launch().session.continue_(signal="SIGNONE")
