"""Programs that somebody kills, in whatever verb: one end, reported once, as SIGKILL."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Generator
from contextlib import suppress

import pytest

from crabtrap import Session
from crabtrap.engine.machine import Ended
from crabtrap.errors import ProcessGone
from crabtrap.events import Exited, StopEvent
from tests.support.inferiors import build
from tests.support.killing import VERBS, Assault, Killer, is_end, seed, starved
from tests.support.sessions import Debug, Driver, Server

TRIALS = {"guard": 84, "gdbserver": 28}
LOOKS: dict[str, Callable[[Session], object]] = {
    "registers": lambda session: [
        [session.registers.read(name, thread=thread) for name in ("rip", "rax", "eflags", "xmm0")]
        for thread in session.threads
    ],
    "bt": lambda session: [
        [(frame.pc, str(frame.function)) for frame in thread.frames()] for thread in session.threads
    ],
    "locals": lambda session: [
        [session.values.render(each.value) for each in (*frame.arguments(), *frame.locals())]
        for frame in session.thread.frames()
    ],
    "print": lambda session: session.values.render(session.evaluate("*checksum")),
    "mappings": lambda session: session.process.mappings,
    "threads": lambda session: [thread.tid for thread in session.threads],
}
"""What is read of a program, by name."""


@pytest.fixture(scope="module")
def killer() -> Generator[Killer]:
    killer = Killer()
    yield killer
    killer.close()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_killed_at_random_moments(server: Server, killer: Killer) -> None:
    number = seed()
    assault = Assault(build("attachme"), server, killer, random.Random(number))
    verbs = list(VERBS)
    for trial in range(TRIALS[server]):
        assault.trial(verbs[trial % len(verbs)])
    assault.close()
    assert not assault.tally.faults, f"CRABTRAP_SEED={number}: {assault.tally.faults}"


def ends(driver: Driver) -> list[StopEvent]:
    return [event for event in driver.events if isinstance(event, StopEvent) and is_end(event)]


def kill_stopped(driver: Driver) -> int:
    """Kill the program at a stop, behind the debugger's back; returns its pid."""
    driver.run_to("tick", "2")
    pid = driver.session.process.pid
    os.kill(pid, signal.SIGKILL)
    return pid


@pytest.mark.parametrize("verb", ["next", "finish", "continue", "stepi", "until"])
def test_a_verb_that_runs_the_program_returns_the_end(debug: Debug, verb: str) -> None:
    driver = debug("attachme")
    pid = kill_stopped(driver)
    event = VERBS[verb](driver.session)
    assert isinstance(event, StopEvent)
    assert event.reasons == (Exited(pid, None, signal.SIGKILL, "SIGKILL"),)
    assert ends(driver) == [event]


def test_a_verb_that_reads_the_program_raises_the_end(debug: Debug) -> None:
    driver = debug("attachme")
    kill_stopped(driver)
    with pytest.raises(ProcessGone, match="killed by SIGKILL"):
        driver.session.registers.write("rax", 1)
    assert isinstance(driver.session.state, Ended)
    assert len(ends(driver)) == 1


def test_registers_of_the_dying_are_not_written(debug: Debug) -> None:
    """gdbserver keeps what is written, and answers that it was, until the thread goes on."""
    driver = debug("attachme")
    driver.run_to("tick", "2")
    pid = driver.session.process.pid
    with starved(pid):
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ProcessGone, match="killed by SIGKILL"):
            driver.session.registers.write("rax", 1)
    assert len(ends(driver)) == 1


@pytest.mark.parametrize("look", LOOKS)
def test_the_dying_are_shown_as_they_were_or_not_at_all(debug: Debug, look: str) -> None:
    driver = debug("attachme")
    driver.run_to("tick", "2")
    session = driver.session
    before = LOOKS[look](session)
    session.registers.write("rax", session.registers.read("rax"))  # what was read is forgotten
    pid = session.process.pid
    with starved(pid):
        os.kill(pid, signal.SIGKILL)
        with suppress(ProcessGone):
            assert LOOKS[look](session) == before


def test_objects_of_the_stop_raise_the_end(debug: Debug) -> None:
    driver = debug("attachme")
    session = driver.session
    driver.run_to("tick", "2")
    threads = session.threads
    os.kill(session.process.pid, signal.SIGKILL)
    with pytest.raises(ProcessGone, match="killed by SIGKILL"):
        [thread.registers for thread in threads]
    assert not session.has_program
    assert len(ends(driver)) == 1


def test_closing_says_nothing_of_a_program_that_is_gone(debug: Debug) -> None:
    driver = debug("attachme")
    kill_stopped(driver)
    driver.session.close()
    assert isinstance(driver.session.state, Ended)
    assert len(ends(driver)) == 1
