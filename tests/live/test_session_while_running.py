"""What a session answers while the program runs, and from which threads."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

import pytest

from crabtrap import Session, Stdio
from crabtrap.engine.machine import Detached, Ended, Running, Stopped
from crabtrap.errors import (
    CancelledError,
    NotFoundError,
    StateError,
    StillRunningError,
    WrongThreadError,
)
from crabtrap.events import (
    BreakpointHit,
    Exited,
    Interrupted,
    MemoryWritten,
    ProgressChanged,
    Resumed,
    StopEvent,
    WatchHit,
)
from tests.support.inferiors import build
from tests.support.sessions import Debug, Driver, kinds

T = TypeVar("T")

HIT_SECONDS = 0.05
"""A breakpoint in a loop that runs all the time must be hit this soon after it was added."""

TRIES = 5
"""The best of so many counts: the machine may be busy with other things."""


@contextmanager
def helper_thread(work: Callable[[], T]) -> Generator[Future[T]]:
    """Run ``work`` on another thread from the first moment that the session waits."""
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield result
    finally:
        thread.join()


def started(debug: Debug) -> Driver:
    """The program, stopped where all of its threads are busy."""
    driver = debug("busy")
    driver.session.breakpoints.add("turn", temporary=True, ignore=100)
    driver.launch()
    driver.session.continue_()
    return driver


def stop_the_loops(session: Session) -> None:
    address = session.evaluate("STOP").address
    assert address is not None
    session.memory.write(address, b"\1")


def test_everything_is_answered_while_the_program_runs(debug: Debug) -> None:
    driver = started(debug)
    session = driver.session
    answers: dict[str, object] = {}

    def ask() -> None:
        answers["state"] = type(session.state)
        answers["threads"] = len(session.threads)
        answers["modules"] = any("busy" in module.path for module in session.code.modules)
        answers["length"] = session.values.render(session.evaluate("NAMES.len()"))
        answers["names"] = session.values.render(session.evaluate("NAMES"))
        first = session.evaluate("ROUNDS.v.value").integer()
        while session.evaluate("ROUNDS.v.value").integer() == first:
            pass  # it goes on between two of our pauses
        address = session.evaluate("ROUNDS").address
        assert address is not None
        answers["memory"] = len(session.memory.read(address, 8))
        answers["resolved"] = len(session.resolve("turn").locations)

    with helper_thread(lambda: session.post(ask).result()) as asked:
        with pytest.raises(StillRunningError):
            session.continue_(timeout=3.0)
        asked.result()
    assert answers == {
        "state": Running,
        "threads": 3,
        "modules": True,
        "length": "3",
        "names": '["one", "two", "three"]',
        "memory": 8,
        "resolved": 1,
    }
    assert isinstance(session.state, Running)
    session.interrupt()
    assert kinds(session.wait()) == [Interrupted]


def test_a_breakpoint_added_while_running_is_hit_at_once(debug: Debug) -> None:
    driver = started(debug)
    session = driver.session
    spent: list[float] = []
    for _ in range(TRIES):

        def add() -> float:
            session.breakpoints.add("turn")
            return time.monotonic()

        with helper_thread(lambda: session.post(add).result()) as added:
            event = session.continue_()
            spent.append(time.monotonic() - added.result())
        assert kinds(event) == [BreakpointHit]
        assert session.frame.function == "busy::turn"
        for item in session.breakpoints:
            session.breakpoints.remove(item.number)
    assert min(spent) < HIT_SECONDS


def test_breakpoints_can_be_changed_while_running(debug: Debug) -> None:
    """A condition that is false everywhere stops nobody; once removed, the next hit stops."""
    driver = started(debug)
    session = driver.session
    point = session.breakpoints.add("turn", condition="round == 0")

    def change() -> int:
        hits = session.breakpoints[point.number].hits
        session.breakpoints.set_condition(point.number, None)
        return hits

    with helper_thread(lambda: session.post(change).result()) as changed:
        event = session.continue_()
        assert changed.result() == 0
    assert kinds(event) == [BreakpointHit]
    session.breakpoints.remove(point.number)
    with pytest.raises(StillRunningError):
        session.continue_(timeout=0.3)


def test_a_watchpoint_set_while_running_is_hit(debug: Debug) -> None:
    driver = started(debug)
    session = driver.session
    with helper_thread(lambda: session.post(lambda: session.breakpoints.watch("ROUNDS")).result()):
        event = session.continue_()
    assert kinds(event) == [WatchHit]


def test_all_of_it_from_a_second_client_on_a_second_thread(debug: Debug) -> None:
    """The client in front waits; another one adds, lists, reads, evaluates and interrupts."""
    driver = started(debug)
    session = driver.session
    second = session.new_client("second")

    def visit() -> list[object]:
        ask = session.post
        seen: list[object] = [
            ask(lambda: len(session.threads)).result(),
            ask(lambda: second.evaluate("NAMES.len()").integer()).result(),
            ask(lambda: second.evaluate("ROUNDS.v.value").integer() > 0).result(),
        ]
        ask(lambda: second.breakpoints.add("work")).result()  # its entry is never come to
        session.interrupt()
        return seen

    with helper_thread(visit) as visited:
        event = session.continue_()
        assert visited.result() == [3, 3, True]
    assert kinds(event) == [Interrupted]
    assert len(session.breakpoints) == 2  # and the stop at panics
    second.select_thread(2)
    assert (second.thread.index, session.thread.tid) == (2, event.thread)
    assert session.client.history is not second.history


def test_memory_written_while_running_changes_the_program(debug: Debug) -> None:
    driver = started(debug)
    session = driver.session
    with helper_thread(lambda: session.post(lambda: stop_the_loops(session)).result()):
        event = session.continue_()
    assert kinds(event) == [Exited]
    assert "3 names" in driver.output
    assert [type(each) for each in driver.events].count(MemoryWritten) == 1


def test_what_needs_a_frame_says_that_the_program_runs(debug: Debug) -> None:
    driver = started(debug)
    session = driver.session
    errors: list[str] = []

    def try_all() -> None:
        for attempt in (
            lambda: session.frame,
            lambda: session.threads[0].registers,
            session.next,
            session.continue_,
            lambda: session.registers.read("rip"),
            lambda: session.evaluate("round"),
        ):
            try:
                attempt()
            except (StateError, NotFoundError) as error:
                errors.append(type(error).__name__)
            except Exception as error:
                errors.append(repr(error))

    with helper_thread(lambda: session.post(try_all).result()) as tried:
        with pytest.raises(StillRunningError):
            session.continue_(timeout=0.5)
        tried.result()
    assert errors[:5] == ["StateError"] * 5
    assert len(errors) == 6


def test_detach_while_running_leaves_the_program_unharmed(debug: Debug) -> None:
    driver = started(debug)
    session = driver.session
    session.breakpoints.add("turn", condition="round == 0")

    with (
        helper_thread(lambda: session.post(session.detach).result()),
        pytest.raises(StateError, match="was detached while it ran"),
    ):
        pytest.fail(f"it stopped: {session.continue_()}")
    state = session.state
    assert isinstance(state, Detached)
    assert not state.lost
    # It goes on and ends as anybody wants it to, not by a trap that was left in it.
    os.kill(state.pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(state.pid, 0)[1]) == -signal.SIGTERM


def test_kill_while_running_is_one_end(debug: Debug) -> None:
    driver = started(debug)
    session = driver.session
    with helper_thread(lambda: session.post(session.kill).result()) as killed:
        event = session.continue_()
    assert event == killed.result()
    assert isinstance(session.state, Ended)
    stops = [each for each in driver.events if isinstance(each, StopEvent)]
    assert sum(isinstance(stop.reasons[0], Exited) for stop in stops) == 1


def test_a_timeout_leaves_the_program_running_and_wait_goes_on(debug: Debug) -> None:
    driver = started(debug)
    session = driver.session
    with pytest.raises(StillRunningError, match=r"0\.2 s"):
        session.continue_(timeout=0.2)
    assert isinstance(session.state, Running)
    assert session.evaluate("NAMES.len()").integer() == 3  # nobody waits at this moment
    session.breakpoints.add("turn")
    assert kinds(session.wait(timeout=10)) == [BreakpointHit]
    resumed = [each for each in driver.events if isinstance(each, Resumed)]
    assert len(resumed) == 2


def test_pauses_of_our_own_lose_no_hit(debug: Debug) -> None:
    """Hits that come while we pause the program for an evaluation are counted and reported."""
    driver = debug("threads")
    session = driver.session
    point = session.breakpoints.add("hot", condition="worker == 99")
    counted = session.breakpoints.add("hot", ignore=1_000_000)
    # gdbserver leaves every hit, and the step over it, to us.
    threads, rounds = (4, 500) if driver.server == "guard" else (2, 40)
    driver.launch(str(threads), str(rounds))
    done = threading.Event()

    def pester() -> int:
        asked = 0
        while not done.is_set():
            try:
                session.post(lambda: session.evaluate("1 + 1")).result()
            except StateError:
                break
            asked += 1
        return asked

    with helper_thread(pester) as pestered:
        try:
            assert kinds(session.continue_()) == [Exited]
        finally:
            done.set()
            session.serve(timeout=0.01)
        assert pestered.result() > 0
    assert (point.hits, counted.hits) == (0, threads * rounds)


def test_a_second_thread_is_refused_everywhere(debug: Debug) -> None:
    driver = started(debug)
    session, frame = driver.session, driver.session.frame
    value = session.evaluate("NAMES")
    refused: list[str] = []

    def try_all() -> None:
        for attempt in (
            lambda: session.evaluate("1"),
            lambda: session.memory.write(0, b"x"),
            lambda: session.threads,
            lambda: session.breakpoints.add("turn"),
            lambda: len(session.breakpoints),
            session.continue_,
            frame.thread.frames,
            lambda: frame.lookup("round"),
            lambda: value.index(0).field("length").integer(),
            session.close,
        ):
            try:
                attempt()
            except WrongThreadError:
                refused.append("refused")

    with helper_thread(try_all) as tried:
        tried.result()
    assert len(refused) == 10
    assert isinstance(session.state, Stopped)


def test_serve_runs_what_other_threads_post(debug: Debug) -> None:
    """As an editor's adapter works: its own thread serves, requests are posted."""
    driver = started(debug)
    session = driver.session

    def requests() -> list[object]:
        session.post(lambda: session.breakpoints.add("turn")).result()
        stop = session.post(session.continue_).result()
        line = session.post(lambda: session.frame.line).result()
        session.stop_serving()
        return [kinds(stop), line]

    with helper_thread(requests) as answered:
        session.serve()
        assert answered.result() == [[BreakpointHit], driver.line("turn")]


def test_serve_ends_while_the_program_runs(debug: Debug) -> None:
    session = debug("busy").launch().session
    with pytest.raises(StillRunningError):
        session.continue_(timeout=0)

    def end() -> None:
        session.post(lambda: None).result()  # it serves
        session.stop_serving()

    with helper_thread(end):
        session.serve()
    assert isinstance(session.state, Running)
    session.interrupt()
    assert kinds(session.wait()) == [Interrupted]


def test_a_long_evaluation_is_cancelled_from_another_thread(debug: Debug) -> None:
    driver = started(debug)
    session = driver.session
    began = threading.Event()

    def cancel() -> bool:
        began.wait()
        while not session.cancel():
            pass
        return True

    with helper_thread(cancel) as cancelled:
        began.set()
        with pytest.raises(Exception, match="cancelled"):
            session.evaluate("(0..100000000).filter(|n| NAMES.len() == n).count()")
        assert cancelled.result()
    assert session.evaluate("NAMES.len()").integer() == 3


@pytest.mark.parametrize(
    ("expression", "total"),
    [
        ("(0..1_000_000).filter(|&n| NAMES.iter().any(|name| name.len() == n)).count()", 1_000_000),
        ("(0..4_000_000_000_u64).filter(|n| n % 7 == 3).count()", 4_000_000_000),
    ],
    ids=["item by item", "as one loop"],
)
def test_a_long_evaluation_tells_how_far_it_is(debug: Debug, expression: str, total: int) -> None:
    driver = started(debug)
    session = driver.session
    told: list[ProgressChanged] = []
    counted: list[int] = []

    def listen(event: object) -> None:
        if isinstance(event, ProgressChanged):
            told.append(event)
            if event.done and not event.ended:
                assert event.total == total
                counted.append(event.done)
                if len(counted) == 3:
                    assert session.cancel()

    session.subscribe(listen)
    with pytest.raises(CancelledError):
        session.evaluate(expression)
    # On a busy machine it is told before the first item is done, too.
    *before, last = told
    assert {each.label for each in told} == {"evaluating"}
    assert [each.ended for each in before] == [False] * len(before)
    assert last.ended
    assert counted == sorted(counted)
    assert counted[-1] <= (last.done or 0) < total


@pytest.mark.parametrize("look", ["list", "change"])
def test_a_hit_that_is_seen_before_its_stop_stops_all_the_same(look: str) -> None:
    # Under the guard, which counts; where the engine does, nobody sees a hit before it does.
    with Session(str(build("attachme").path)) as session:
        session.launch(("2",), stdio=Stdio.pipes())
        points = session.breakpoints
        point = points.add("attachme::tick", condition="*count == 1000")

        def wait_for_hit() -> None:
            deadline = time.monotonic() + 10
            while not points[point.number].hits and time.monotonic() < deadline:
                if look == "change":
                    points.set_condition(point.number, "*count == 1000")

        asked = session.post(wait_for_hit)
        event = session.continue_(timeout=20)
        asked.result()
        assert event.reasons == (BreakpointHit(point.number, 1),)
        assert int(session.evaluate("*count")) == 1000
