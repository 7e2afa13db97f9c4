"""``c`` and ``s``, which older clients resume by, and the thread that ``Hc`` selects for them."""

from __future__ import annotations

import pytest

from tests.guard.rsp import RIP, Guard, GuardError, Stop, parse_stop

# So many calls that the program goes on until it is killed, however slow the test is.
ENDLESS = str(2**62)


@pytest.fixture
def stopped(guard, build) -> Stop:
    """A hit of one of two threads; the trap is gone."""
    counter = build("counter")
    guard.run(counter.path, "2", ENDLESS)
    guard.stop_at(counter.symbol("work"))
    guard.resume()
    stop = guard.wait()
    guard.remove(counter.symbol("work"))
    yield stop
    assert guard.request(f"vKill;{stop.pid:x}") == "OK"


def other_of(guard: Guard, stop: Stop) -> int:
    return next(tid for _, tid in guard.threads() if tid != stop.tid)


def pc_of(guard: Guard, stop: Stop, tid: int) -> int:
    guard.select(stop.pid, tid)
    return guard.register(RIP)


def test_the_thread_for_resuming_steps_alone(guard, stopped):
    other = other_of(guard, stopped)
    before = pc_of(guard, stopped, other)
    assert guard.request(f"Hcp{stopped.pid:x}.{stopped.tid:x}") == "OK"
    step = stopped
    for _ in range(3):
        assert guard.request("s") == "OK"
        pc, step = step.pc, guard.wait()
        assert step.tid == stopped.tid
        assert step.pc != pc
    # It is not the one that registers are of, which has not moved.
    assert guard.register(RIP) == before


@pytest.mark.parametrize("everyone", ["-1", "0", "p-1.-1", "p0.0"])
def test_when_it_is_everyone_the_selected_one_steps(guard, stopped, everyone):
    assert guard.request(f"Hc{everyone}") == "OK"
    guard.select(stopped.pid, stopped.tid)
    assert guard.request("s") == "OK"
    step = guard.wait()
    assert step.tid == stopped.tid
    assert step.pc != stopped.pc


def test_a_process_means_all_its_threads(guard, stopped):
    guard.select(stopped.pid, stopped.tid)
    assert guard.request(f"Hcp{stopped.pid:x}.-1") == "OK"
    assert guard.request("s") == "OK"
    assert guard.wait().tid == stopped.tid
    assert guard.request("c") == "OK"
    guard.resume("t")
    assert guard.wait().pid == stopped.pid


def test_it_has_to_exist(guard, stopped):
    with pytest.raises(GuardError, match="no such thread"):
        guard.request("Hcp7ffffff0.7ffffff0")


def test_one_that_is_gone_resumes_nobody_and_is_forgotten_by_the_next_program(guard, build):
    counter = build("counter")
    stop = guard.run(counter.path, "1")
    assert guard.request(f"Hcp{stop.pid:x}.{stop.tid:x}") == "OK"
    assert guard.request(f"vKill;{stop.pid:x}") == "OK"
    with pytest.raises(GuardError, match="no such thread"):
        guard.request("c")
    stop = guard.run(counter.path, "1")
    assert guard.request("c") == "OK"
    end = guard.wait()
    assert (end.kind, end.signal, end.pid) == ("W", 0, stop.pid)


def test_all_stop_mode_waits_for_it(connect, build):
    counter = build("counter")
    guard = connect(stop_all=False)
    assert guard.request("QNonStop:0") == "OK"
    guard.run(counter.path, "2", ENDLESS)
    guard.stop_at(counter.symbol("work"))
    stop = parse_stop(guard.request("c"))
    guard.remove(counter.symbol("work"))
    other = other_of(guard, stop)
    before = pc_of(guard, stop, other)
    assert guard.request(f"Hcp{stop.pid:x}.{stop.tid:x}") == "OK"
    step = parse_stop(guard.request("s"))
    assert (step.tid, step.pc != stop.pc) == (stop.tid, True)
    assert pc_of(guard, stop, other) == before
