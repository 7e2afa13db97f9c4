"""Programs that fork, spawn and replace themselves."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.guard.programs import COUNT_IN_ONE, FALSE, Running


@pytest.mark.parametrize("condition", [(COUNT_IN_ONE,), ()])
def test_children_come_to_no_harm_and_the_parent_hits_are_exact(guard, build, condition):
    spawner = build("spawner")
    rounds = 50
    guard.run(spawner.path, str(rounds))
    assert guard.request("QTDV:1:0:0:") == "OK"
    trapped = spawner.symbol("trapped")
    guard.stop_at(trapped, *condition)
    # SIGCHLD is no reason to stop: 20 as GDB numbers it.
    assert guard.request("QPassSignals:14") == "OK"
    hits = 0
    while (end := guard.wait_for_end()) is None:
        hits += 1
    assert (end.kind, end.signal) == ("W", 0)
    assert (guard.variable(1) if condition else hits) == rounds


@pytest.mark.parametrize("features", ["", ";fork-events+;vfork-events+"])
@pytest.mark.parametrize("condition", [(COUNT_IN_ONE,), ()])
def test_what_a_child_shares_is_not_told_by_how_it_was_made(connect, build, features, condition):
    sharers = build("sharers")
    rounds = 5
    guard = connect(features=features)
    parent = guard.run(sharers.path, str(rounds)).pid
    assert guard.request("QTDV:1:0:0:") == "OK"
    assert guard.request("QPassSignals:14") == "OK"
    guard.stop_at(sharers.symbol("trapped"), *condition)
    hits = 0
    guard.resume()
    while (stop := guard.wait()).kind == "T":
        for kind in ("fork", "vfork"):
            if kind in stop.fields:
                guard.detach(int(stop.fields[kind][1:].split(".")[0], 16))
                break
        else:
            hits += stop.pc == sharers.symbol("trapped")
        guard.select(parent, parent)
        guard.resume(f"c:p{parent:x}.-1")
    assert (stop.kind, stop.signal) == ("W", 0)
    assert (guard.variable(1) if condition else hits) == rounds


def test_a_followed_child_is_held_clean_and_separate(connect, build):
    spawner = build("spawner")
    guard = connect(features=";fork-events+")
    stop = guard.run(spawner.path, "1")
    parent = stop.pid
    trapped = spawner.symbol("trapped")
    original = guard.read(trapped, 4)
    guard.stop_at(trapped)
    assert guard.request("QPassSignals:14") == "OK"
    guard.resume()
    assert guard.wait().pc == trapped
    guard.resume()
    stop = guard.wait()
    child, child_tid = (int(part, 16) for part in stop.fields["fork"][1:].split("."))
    guard.select(child, child_tid)
    assert guard.read(trapped, 4) == original
    # The child keeps the parent's traps until they are removed, as with gdbserver.
    guard.resume(f"c:p{child:x}.-1")
    hit = guard.wait()
    assert (hit.pid, hit.pc) == (child, trapped)
    guard.detach(child)
    guard.select(parent, parent)
    guard.resume(f"c:p{parent:x}.-1")
    while (stop := guard.wait()).kind == "T":
        guard.resume(f"c:p{parent:x}.-1")
    assert (stop.kind, stop.signal) == ("W", 0)


def test_a_followed_child_steps_over_what_its_parent_did(connect, build):
    spawner = build("spawner")
    guard = connect(features=";fork-events+")
    parent = guard.run(spawner.path, "1").pid
    assert guard.request("QTDV:1:0:0:") == "OK"
    assert guard.request("QPassSignals:14") == "OK"
    # What lies under the trap is relative to the pc, and so executed elsewhere.
    guard.stop_at(spawner.symbol("trapped"), COUNT_IN_ONE)
    guard.resume()
    child = int(guard.wait().fields["fork"][1:].split(".")[0], 16)
    assert guard.variable(1) == 1
    guard.resume(f"c:p{child:x}.-1")
    stop = guard.wait()
    assert (stop.kind, stop.signal, stop.pid) == ("W", 0, child)
    assert guard.variable(1) == 3
    guard.resume(f"c:p{parent:x}.-1")
    stop = guard.wait()
    assert (stop.kind, stop.signal, stop.pid) == ("W", 0, parent)


def test_exec_by_a_thread_that_is_not_the_leader(connect, build):
    execer = build("execer")
    rounds = 20
    guard = connect(features=";exec-events+")
    stop = guard.run(execer.path, str(rounds))
    pid = stop.pid
    execs = 0
    guard.stop_at(execer.symbol("trapped"))
    for _ in range(10_000):
        guard.resume()
        stop = guard.wait()
        if stop.kind != "T":
            break
        if "exec" in stop.fields:
            execs += 1
            assert bytes.fromhex(stop.fields["exec"]).decode() == execer.path
            assert [tid for _, tid in guard.threads()] == [pid]
        elif execs % 2:
            guard.remove(execer.symbol("trapped"))
        if "exec" in stop.fields and execs % 2:
            guard.stop_at(execer.symbol("trapped"))
    assert (stop.kind, stop.signal, execs) == ("W", 7, rounds)


def test_vfork_events_are_reported(connect, build):
    guard = connect(features=";vfork-events+")
    stop = guard.run(build("spawner").path, "1")
    parent = stop.pid
    assert guard.request("QPassSignals:14") == "OK"
    seen = []
    guard.resume()
    while (stop := guard.wait()).kind == "T":
        seen += [name for name in ("vfork", "vforkdone") if name in stop.fields]
        if "vfork" in stop.fields:
            guard.detach(int(stop.fields["vfork"][1:].split(".")[0], 16))
        guard.resume(f"c:p{parent:x}.-1")
    # posix_spawn is a vfork as well, or a clone like it.
    assert (stop.kind, stop.signal) == ("W", 0)
    assert seen[:2] == ["vfork", "vforkdone"]


@pytest.mark.timeout(90)
def test_a_child_of_a_parent_that_is_killed_comes_to_no_harm(connect, build):
    orphans = build("orphans")
    ends = {}
    for seed in range(40):
        with Running(orphans.path) as program:
            guard = connect()
            guard.attach(program.pid)
            # Be it with a SIGCHLD: one stop is all that there is to tell.
            assert not guard.stops
            assert guard.request("QPassSignals:14") == "OK"
            guard.stop_at(orphans.symbol("trapped"), FALSE)
            guard.resume()
            until = time.monotonic() + random.Random(seed).uniform(0, 0.005)
            while time.monotonic() < until:
                pass
            # Now and then between the birth of a child and what the kernel says of it.
            os.kill(program.pid, signal.SIGKILL)
            stop = guard.wait()
            assert (stop.kind, stop.signal) == ("X", 9), stop.text
            for orphan in children_but(program.pid, guard.process.pid):
                ends[orphan] = os.waitstatus_to_exitcode(os.waitpid(orphan, 0)[1])
            assert guard.close() == 0
    assert set(ends.values()) <= {7}, ends


def children_but(*known: int) -> list[int]:
    """Our children, orphans that we have inherited among them."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(pid) for pid in text.split() if int(pid) not in known]
