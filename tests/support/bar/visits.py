"""Visits to a program that runs: who comes and goes leaves no trace."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable
from threading import Event, Thread

from crabtrap import Session
from crabtrap.events import BreakpointHit, Interrupted, Started
from tests.support.attachme import end_of
from tests.support.inferiors import build, running
from tests.support.survivor import survivor
from tests.support.traces import (
    debug_registers_in_use,
    is_text_intact,
    states_of,
    threads_traced,
)

_HITS = 5


def visit_workers(count: int, chance: random.Random) -> str:
    """R1: attach, a breakpoint and a watchpoint, run, detach; 8 threads, 1,000 hits a second."""
    seconds = 0.0
    with survivor(threads=8, hertz=125) as program, Session(None) as session:
        for _ in range(count):
            began = time.perf_counter()
            _visit(session, program.pid, "survivor::hot", lambda: _watch(session))
            seconds += time.perf_counter() - began
            check_untouched(program.pid)
            assert not debug_registers_in_use(program.pid)
        assert program.end().is_right
    return f"{count} visits, {seconds / count * 1000:.0f} ms each"


def _watch(session: Session) -> None:
    session.breakpoints.watch("survivor::CELL")


def visit_churn(count: int, chance: random.Random) -> str:
    """R2: the same while the program makes threads as fast as it can."""
    with running(build("churn"), "2") as program, Session(None) as session:
        for _ in range(count):
            _visit(session, program.pid, "churn::live", lambda: None)
            check_untouched(program.pid)
        output, _ = program.process.communicate("", timeout=30)
    found = re.fullmatch(r"births (\d+) ends (\d+) calls (\d+)\n", output)
    assert found is not None, (output, program.process.returncode)
    assert found[1] == found[2] == found[3], output
    return f"{count} visits, {found[1]} threads"


def _visit(session: Session, pid: int, place: str, also: Callable[[], None]) -> None:
    event = session.attach(pid)
    assert event.reasons == (Started(pid, attached=True),)
    point = session.breakpoints.add(place, ignore=_HITS)
    also()
    (reason,) = session.continue_().reasons
    assert reason == BreakpointHit(point.number, _HITS + 1)
    for stoppoint in list(session.breakpoints)[1:]:
        session.breakpoints.remove(stoppoint.number)
    session.detach()


def check_untouched(pid: int) -> None:
    """Nobody traces a process, and it is as it was and does what it did.

    Raises:
        AssertionError: It is not.
    """
    assert not threads_traced(pid)
    assert is_text_intact(pid)
    assert not states_of(pid) & {"T", "t"}


def interrupt(count: int, chance: random.Random) -> str:
    """R4: stops asked for while 64 threads run through two traps that stop nobody."""
    took: list[float] = []
    with running(build("attachme"), "64") as program, Session(None) as session:
        session.attach(program.pid)
        _set_hot_traps(session)
        for _ in range(count):
            asked: list[float] = []

            def ask(asked: list[float] = asked, seconds: float = chance.uniform(0, 0.05)) -> None:
                Event().wait(seconds)  # that each stop finds the threads elsewhere
                asked.append(time.perf_counter())
                session.interrupt()

            helper = Thread(target=ask)
            helper.start()
            (reason,) = session.continue_().reasons
            took.append(time.perf_counter() - asked[0])
            helper.join()
            assert isinstance(reason, Interrupted)
        session.detach()
        check_untouched(program.pid)
        done, total, intact = end_of(program)
        assert (done, intact) == (total, "true")
    median, longest = statistics.median(took) * 1000, max(took) * 1000
    said = f"{count} stops, {median:.0f} ms as a rule, {longest:.0f} ms at most"
    assert median < 50, said
    assert longest < 1000, said
    return said


def _set_hot_traps(session: Session) -> list[int]:
    points = session.breakpoints
    end = f"main.rs:{build('attachme').marker('tick_end')}"
    return [
        points.add("attachme::tick", condition="*count == 0xffff_ffff_ffff").number,
        points.add(end, ignore=1 << 60).number,
    ]


def toggle(count: int, chance: random.Random) -> str:
    """R4: breakpoints set and removed while 8 threads run through them, and stop nobody."""
    with running(build("attachme"), "8") as program, Session(None) as session:
        session.attach(program.pid)
        points = session.breakpoints
        numbers = _set_hot_traps(session)

        def set_and_remove() -> None:
            for turn in range(count):
                number = numbers[turn % len(numbers)]
                for on in (False, True):
                    session.post(lambda number=number, on=on: points.enable(number, on)).result()
            session.interrupt()

        helper = Thread(target=set_and_remove)
        helper.start()
        (reason,) = session.continue_().reasons
        helper.join()
        assert isinstance(reason, Interrupted)
        hits = sum(points[number].hits for number in numbers)
        session.detach()
        check_untouched(program.pid)
        done, total, intact = end_of(program)
        assert (done, intact) == (total, "true")
    return f"{count} toggles, {hits} hits counted meanwhile"
