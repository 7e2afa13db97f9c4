"""A program that ends while it is stopped: in all-stop mode the next resume tells it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.guard.rsp import RIP, Guard, GuardError, Stop, parse_stop


@pytest.fixture
def killed(connect, build) -> tuple[Guard, Stop]:
    """An all-stop client, and the stop at which its program was killed behind its back."""
    counter = build("counter")
    guard = connect(stop_all=False)
    assert guard.request("QNonStop:0") == "OK"
    guard.run(counter.path, "2", "1000000")
    guard.stop_at(counter.symbol("work"))
    stop = parse_stop(guard.request("c"))
    assert guard.request(f"Hcp{stop.pid:x}.{stop.tid:x}") == "OK"
    os.kill(stop.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{stop.pid}").exists():
        # The guard has to see it first, by itself.
        assert time.monotonic() < deadline
        os.sched_yield()
    return guard, stop


@pytest.mark.parametrize("resume", ["c", "s", "vCont;c", "vCont;s:{thread};c", "?"])
def test_a_resume_is_answered_by_the_end(killed: tuple[Guard, Stop], resume: str) -> None:
    guard, stop = killed
    thread = f"p{stop.pid:x}.{stop.tid:x}"
    # A client that finds no thread does not resume, and one that prepares a resume is to
    # come to it.
    assert guard.request("qfThreadInfo") == f"m{thread}"
    assert guard.request(f"T{thread}") == "OK"
    guard.stop_at(0x401000)
    guard.remove(0x401000)
    end = parse_stop(guard.request(resume.format(thread=thread)))
    assert (end.kind, end.signal, end.pid) == ("X", signal.SIGKILL, stop.pid)
    assert guard.request("qfThreadInfo") == "l"
    with pytest.raises(GuardError, match="no "):
        guard.request("vCont;c")


def test_another_program_can_be_run_instead(killed: tuple[Guard, Stop], build) -> None:
    guard, stop = killed
    assert guard.request(f"vKill;{stop.pid:x}") == "OK"
    again = guard.run(build("counter").path, "1")
    assert again.pid != stop.pid
    end = parse_stop(guard.request("c"))
    assert (end.kind, end.signal, end.pid) == ("W", 0, again.pid)


@pytest.mark.parametrize("how", ["killed", "exits"])
def test_the_end_of_the_only_thread_that_runs_is_that_of_all(connect, build, how: str) -> None:
    """Not "no thread is resumed any more": the threads that are held end as well."""
    looper = build("looper")
    for _ in range(20):
        guard = connect(stop_all=False)
        assert guard.request("QNonStop:0") == "OK"
        stop = guard.run(looper.path, "4")
        guard.stop_at(looper.symbol("trapped"))
        stop = parse_stop(guard.request("c"))
        guard.remove(looper.symbol("trapped"))
        guard.select(stop.pid, stop.tid)
        if how == "exits":
            call_exit_group(guard)
        else:
            os.kill(stop.pid, signal.SIGKILL)
        end = parse_stop(guard.request(f"vCont;c:p{stop.pid:x}.{stop.tid:x}"))
        wanted = ("W", 3) if how == "exits" else ("X", signal.SIGKILL)
        assert (end.kind, end.signal, end.pid) == (*wanted, stop.pid)


def call_exit_group(guard: Guard) -> None:
    """Have the selected thread call ``exit_group(3)`` next."""
    guard.write(guard.register(RIP), b"\x0f\x05")
    for number, value in ((0, 231), (5, 3)):
        assert guard.request(f"P{number:x}={value.to_bytes(8, 'little').hex()}") == "OK"
