"""A thread with many silent hits shares a CPU with the guard: it alone, and not for good."""

from __future__ import annotations

import os

import pytest

from tests.guard.programs import COUNT_IN_ONE, FALSE, Running
from tests.guard.rsp import Guard

BIRTHS = ["thread", "fork", "vfork", "spawn", "exec", "exec-by-thread"]
FOLLOWED = ";fork-events+;vfork-events+;exec-events+"


def wait_for_hits(guard: Guard, count: int) -> None:
    while guard.variable(1) < count:
        pass


def count_silently(guard: Guard, address: int) -> None:
    assert guard.request("QTDV:1:0:0:") == "OK"
    guard.stop_at(address, COUNT_IN_ONE)


@pytest.mark.parametrize("features", ["", FOLLOWED], ids=["left", "followed"])
@pytest.mark.parametrize("birth", BIRTHS)
def test_what_a_hot_thread_gives_birth_to_runs_where_it_may(connect, build, birth, features):
    guard = connect(features=features)
    own = os.sched_getaffinity(guard.process.pid)
    affinity = build("affinity")
    program = guard.run(affinity.path, birth).pid
    assert guard.request("QPassSignals:14") == "OK"
    guard.stop_at(affinity.symbol("trapped"), FALSE)
    ends = {}
    is_held = True
    while program not in ends:
        # The end of a child may be told together with a stop of its parent, and after it.
        if is_held and not guard.stops:
            guard.resume()
            is_held = False
        stop = guard.wait()
        if stop.kind == "T":
            is_held = True
        else:
            ends[stop.pid] = (stop.kind, stop.signal)
    assert set(ends.values()) == {("W", 0)}
    assert os.sched_getaffinity(guard.process.pid) == own


@pytest.mark.parametrize("birth", ["exec", "exec-by-thread"])
def test_the_guard_gets_its_own_back_after_an_exec(connect, build, birth):
    guard = connect(features=";exec-events+")
    own = os.sched_getaffinity(guard.process.pid)
    affinity = build("affinity")
    program = guard.run(affinity.path, birth).pid
    theirs = os.sched_getaffinity(program)
    guard.stop_at(affinity.symbol("trapped"), FALSE)
    guard.resume()
    assert "exec" in guard.wait().fields
    assert os.sched_getaffinity(program) == theirs
    assert os.sched_getaffinity(guard.process.pid) == own


def test_what_a_hot_thread_chooses_itself_stays(guard, build):
    affinity = build("affinity")
    program = guard.run(affinity.path, "own").pid
    before = os.sched_getaffinity(program)
    guard.stop_at(affinity.symbol("trapped"), FALSE)
    guard.stop_at(affinity.symbol("stand"))
    guard.resume()
    assert guard.wait().pc == affinity.symbol("stand")
    assert len(before) == 1 or os.sched_getaffinity(program) < before
    guard.resume()
    stop = guard.wait()
    assert (stop.kind, stop.signal) == ("W", 0)


def test_a_program_started_beside_a_hot_thread_may_run_anywhere(connect, build):
    looper, counter = build("looper"), build("counter")
    with Running(looper.path, "1") as program:
        guard = connect()
        own = os.sched_getaffinity(guard.process.pid)
        guard.attach(program.pid)
        count_silently(guard, looper.symbol("trapped"))
        guard.resume()
        wait_for_hits(guard, 100)
        started = guard.run(counter.path).pid
        assert os.sched_getaffinity(started) == own
        assert guard.request(f"vKill;{started:x}") == "OK"
        guard.detach(program.pid)
        assert os.sched_getaffinity(guard.process.pid) == own
        assert program.finish() == 0


def test_a_hot_thread_is_left_as_it_was(connect, build):
    looper = build("looper")
    with Running(looper.path, "1") as program:
        threads = [int(tid) for tid in os.listdir(f"/proc/{program.pid}/task")]
        before = [os.sched_getaffinity(tid) for tid in threads]
        guard = connect()
        guard.attach(program.pid)
        count_silently(guard, looper.symbol("trapped"))
        guard.resume()
        wait_for_hits(guard, 100)
        guard.detach(program.pid)
        assert [os.sched_getaffinity(tid) for tid in threads] == before
        assert program.finish() == 0
