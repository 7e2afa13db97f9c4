"""A launched program ends with its server, and is said to have ended."""

from __future__ import annotations

import contextlib
import os
import signal

import pytest

from crabtrap.engine.machine import Ended
from crabtrap.errors import CrabtrapError, StillRunningError
from crabtrap.events import Exited, StopEvent
from crabtrap.frontends import describe
from tests.support.killing import VERBS, is_end
from tests.support.sessions import Debug, Driver
from tests.support.traces import tracer_of


@pytest.mark.parametrize("verb", VERBS)
def test_a_launched_program_has_ended_with_its_server(debug: Debug, verb: str) -> None:
    driver = debug("attachme")
    driver.run_to("tick", "2")
    session = driver.session
    pid = session.process.pid
    os.kill(tracer_of(pid), signal.SIGKILL)
    with contextlib.suppress(CrabtrapError):
        VERBS[verb](session)
    if session.is_stopped:
        # It was answered by what was read before: the next run is not.
        with contextlib.suppress(CrabtrapError):
            session.continue_()
    check_ended(driver, pid)


def test_the_server_of_a_running_program_is_killed(debug: Debug) -> None:
    driver = debug("attachme")
    driver.run_to("tick", "1000000000")
    pid = driver.session.process.pid
    session = driver.session
    for stoppoint in list(session.breakpoints):
        session.breakpoints.remove(stoppoint.number)
    with pytest.raises(StillRunningError):
        driver.session.continue_(timeout=0.05)
    os.kill(tracer_of(pid), signal.SIGKILL)
    driver.session.wait()
    check_ended(driver, pid)


def check_ended(driver: Driver, pid: int) -> None:
    """One end was reported, and is what every way of asking says."""
    end = Exited(pid, None, signal.SIGKILL, "SIGKILL")
    state = driver.session.state
    assert isinstance(state, Ended)
    assert state.event.reasons == (end,)
    assert describe.state(driver.session)["state"] == "exited"
    ends = [event for event in driver.events if isinstance(event, StopEvent) and is_end(event)]
    assert [event.reasons for event in ends] == [(end,)]
