"""Commands while the program runs, and what surrounds a session."""

import array
import contextlib
import os
import signal
import socket
from pathlib import Path

import pytest

from tests.guard.programs import (
    COUNT_IN_ONE,
    FALSE,
    Running,
    read_memory,
    state_of,
)
from tests.guard.rsp import RIP, Guard, GuardError


@pytest.mark.timeout(60)
def test_traps_come_and_go_under_hammering_threads(connect, build):
    looper = build("looper")
    trapped = looper.symbol("trapped")
    with Running(looper.path, "8") as program:
        guard = connect()
        guard.attach(program.pid)
        original = guard.read(trapped, 4)
        guard.resume()
        for _ in range(500):
            guard.stop_at(trapped, FALSE)
            assert guard.read(trapped, 4) == original
            guard.remove(trapped)
        guard.resume("t")
        guard.wait()
        guard.detach(program.pid)
        assert program.finish() == 0


def test_plain_non_stop_reports_each_thread_and_stops_no_other(connect, build):
    counter = build("counter")
    guard = connect(stop_all=False)
    guard.run(counter.path, "4", "3")
    work = counter.symbol("work")
    guard.stop_at(work)
    guard.resume()
    hits = 0
    while (stop := guard.wait()).kind == "T":
        assert stop.pc == work
        hits += 1
        guard.resume(f"c:p{stop.pid:x}.{stop.tid:x}")
    assert (stop.kind, stop.signal, hits) == ("W", 0, 12)


def pc_unless_running(guard: Guard) -> int | None:
    """The pc of the selected thread, or ``None`` while it runs."""
    try:
        return guard.register(RIP)
    except GuardError:
        return None


def test_a_resume_is_not_for_a_stop_that_the_client_does_not_know(connect, build):
    counter = build("counter")
    guard = connect(stop_all=False)
    guard.run(counter.path, "2", "3")
    guard.stop_at(counter.symbol("work"))
    guard.resume()
    known = guard.read_notification()
    while len(threads := {tid for _, tid in guard.threads()}) < 3:
        pass
    (unknown,) = threads - {known.pid, known.tid}
    guard.select(known.pid, unknown)
    while pc_unless_running(guard) != counter.symbol("work"):
        pass
    guard.remove(counter.symbol("work"))
    guard.resume()
    stops = guard.acknowledge()
    assert [(stop.tid, stop.pc) for stop in stops] == [(unknown, counter.symbol("work"))]
    assert state_of(unknown) == "t"
    guard.resume()
    end = guard.wait()
    assert (end.kind, end.signal) == ("W", 0)


@pytest.mark.parametrize("is_marked", [True, False], ids=["one stop", "several"])
def test_the_end_comes_though_the_stop_before_it_is_not_acknowledged(connect, build, is_marked):
    counter = build("counter")
    guard = connect(stop_all=is_marked)
    program = guard.run(counter.path, "1", "3").pid
    guard.stop_at(counter.symbol("work"))
    guard.resume()
    stop = guard.read_notification()
    assert ("crabtrap.last-stop" in stop.fields) == is_marked
    os.kill(program, signal.SIGKILL)
    while guard.threads():
        pass
    with pytest.raises(GuardError, match="no program is being debugged"):
        guard.resume()
    ends = [] if is_marked else guard.acknowledge()
    end = ends[0] if ends else guard.wait()
    assert (end.kind, end.signal, end.pid) == ("X", signal.SIGKILL, program)
    assert not guard.stops


def test_the_memory_descriptor_is_the_programs(guard, build):
    counter = build("counter")
    stop = guard.run(counter.path, "1", "3")
    guard.stop_at(counter.symbol("work"))
    guard.resume()
    guard.wait()
    guard.send(f"qcrabtrap.MemoryFd:{stop.pid:x}")
    fds = array.array("i")
    data, ancillary, _, _ = guard.socket.recvmsg(64, socket.CMSG_SPACE(fds.itemsize))
    assert data == b"$OK#9a"
    fds.frombytes(ancillary[0][2])
    try:
        assert os.pread(fds[0], 8, counter.symbol("work")) == guard.read(counter.symbol("work"), 8)
        os.pwrite(fds[0], b"\x2a", counter.symbol("total"))
        assert guard.read(counter.symbol("total"), 1) == b"\x2a"
    finally:
        os.close(fds[0])


@pytest.mark.timeout(60)
def test_hot_threads_get_their_processors_back(connect, build):
    looper = build("looper")
    with Running(looper.path, "2") as program:
        threads = [int(tid) for tid in os.listdir(f"/proc/{program.pid}/task")]
        before = [os.sched_getaffinity(tid) for tid in threads]
        guard = connect()
        guard.attach(program.pid)
        assert guard.request("QTDV:1:0:0:") == "OK"
        guard.stop_at(looper.symbol("trapped"), COUNT_IN_ONE)
        guard.resume()
        while guard.variable(1) < 500:
            pass
        guard.resume("t")
        guard.wait()
        assert [os.sched_getaffinity(tid) for tid in threads] == before
        guard.detach(program.pid)
        assert program.finish() == 0


def test_a_trap_on_a_system_call_that_blocks_holds_nobody(connect, build):
    looper = build("looper")
    with Running(looper.path, "1") as program:
        guard = connect()
        guard.attach(program.pid)
        # The leader waits in read(2): its pc is right after the syscall instruction.
        guard.select(program.pid, program.pid)
        address = guard.register(16) - 2
        assert guard.read(address, 2) == b"\x0f\x05"
        guard.stop_at(address)
        guard.resume()
        # The call is restarted, and so the trap on it is hit.
        stop = guard.wait()
        assert (stop.pc, stop.tid) == (address, program.pid)
        guard.resume()
        # It blocks again, and neither the guard nor the other thread minds.
        assert len(guard.threads()) == 2
        total = read_memory(program.pid, looper.symbol("total"), 8)
        while read_memory(program.pid, looper.symbol("total"), 8) == total:
            pass
        guard.resume("t")
        guard.wait()
        guard.detach(program.pid)
        assert program.finish() == 0


def test_one_of_several_running_threads_is_shown_where_it_belongs(connect, build):
    looper = build("looper")
    with Running(looper.path, "1") as program:
        guard = connect(stop_all=False)
        guard.attach(program.pid)
        while guard.stops:
            guard.wait()
        guard.select(program.pid, program.pid)
        address = guard.register(16) - 2
        guard.stop_at(address)
        guard.resume()
        stop = guard.wait()
        assert (stop.pc, stop.tid) == (address, program.pid)
        leader = f"p{program.pid:x}.{program.pid:x}"
        guard.resume(f"c:{leader}")
        # It executes the call elsewhere and blocks there; traps stay, as the others run.
        while not blocks_in_read(program.pid):
            pass
        guard.resume(f"t:{leader}")
        stop = guard.wait()
        assert stop.tid == program.pid
        assert stop.pc in (address, address + 2)
        guard.remove(address)
        guard.detach(program.pid)
        assert program.finish() == 0


def blocks_in_read(pid: int) -> bool:
    return Path(f"/proc/{pid}/syscall").read_text().startswith("0 ")


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n", b"$qC#00", b"$" + b"x" * (17 << 20)])
def test_garbage_ends_the_session(guard, garbage):
    # The guard may be gone before the last byte of it.
    with contextlib.suppress(ConnectionError):
        guard.socket.sendall(garbage)
    with contextlib.suppress(ConnectionError):
        assert guard.socket.recv(1) == b""
    assert guard.process.wait(20) == 0
