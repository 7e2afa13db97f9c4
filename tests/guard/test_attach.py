"""Attaching to, and parting from, programs that must not notice."""

import contextlib
import os
import select
import signal
import subprocess

import pytest

from tests.guard.programs import FALSE, Running, comes_to_state, read_memory, tracer_of
from tests.guard.rsp import GuardError


@pytest.mark.timeout(90)
def test_a_hundred_cycles_under_load_leave_no_trace(connect, build):
    looper = build("looper")
    address, size, text = looper.text()
    trapped, total = looper.symbol("trapped"), looper.symbol("total")
    with Running(looper.path, "8") as program:
        guard = connect()
        for _ in range(100):
            guard.attach(program.pid)
            guard.stop_at(trapped)
            assert guard.request(f"Z2,{total:x},8") == "OK"
            for _ in range(3):
                guard.resume()
                guard.wait()
                guard.stops.clear()
            guard.detach(program.pid)
            assert read_memory(program.pid, address, size) == text
            assert tracer_of(program.pid) == 0
        # A debug register left behind would end the program at its next count.
        assert program.finish() == 0


@pytest.mark.timeout(90)
def test_a_program_outlives_its_client_in_the_middle_of_hits(connect, build):
    looper = build("looper")
    address, size, text = looper.text()
    for _ in range(50):
        with Running(looper.path, "4") as program:
            guard = connect()
            guard.attach(program.pid)
            guard.stop_at(looper.symbol("trapped"), FALSE)
            guard.resume()
            before = guard.variable(1)
            assert before == 0
            # What a killed client leaves: a closed socket and nothing else.
            assert guard.close() == 0
            assert read_memory(program.pid, address, size) == text
            assert program.finish() == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_the_guard_reported_to_end_lets_go_first(connect, build, ending):
    looper = build("looper")
    with Running(looper.path, "2") as program:
        guard = connect()
        guard.attach(program.pid)
        guard.stop_at(looper.symbol("trapped"), FALSE)
        guard.resume()
        guard.process.send_signal(ending)
        assert guard.process.wait(20) == 0
        assert program.finish() == 0


def test_a_launched_program_ends_with_its_guard(connect, build):
    guard = connect()
    stop = guard.run(build("counter").path, "1", "100000000")
    guard.resume()
    descriptor = os.pidfd_open(stop.pid)
    guard.process.kill()
    guard.process.wait(20)
    assert select.select([descriptor], [], [], 20)[0]
    os.close(descriptor)


def test_a_program_stopped_before_stays_stopped(connect, build):
    with Running(build("looper").path, "2") as program:
        os.kill(program.pid, signal.SIGSTOP)
        os.waitpid(program.pid, os.WUNTRACED)
        guard = connect()
        guard.attach(program.pid)
        guard.detach(program.pid)
        assert comes_to_state(program.pid, "T")
        guard.attach(program.pid)
        guard.resume()
        os.kill(program.pid, signal.SIGCONT)
        stop = guard.wait()
        assert stop.signal == 19  # SIGCONT, as GDB numbers it
        guard.resume(f"C13:p{stop.pid:x}.{stop.tid:x};c")
        guard.resume("t")
        guard.wait()
        guard.detach(program.pid)
        assert program.finish() == 0


def test_stop_and_continue_signals_keep_their_meaning_under_trace(connect, build):
    with Running(build("looper").path, "2") as program:
        guard = connect()
        guard.attach(program.pid)
        # SIGSTOP and SIGCONT are 17 and 19 for GDB.
        assert guard.request("QPassSignals:11;13") == "OK"
        guard.resume()
        for _ in range(20):
            os.kill(program.pid, signal.SIGSTOP)
            _, status = os.waitpid(program.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            os.kill(program.pid, signal.SIGCONT)
            _, status = os.waitpid(program.pid, os.WCONTINUED)
            assert os.WIFCONTINUED(status)
        guard.resume("t")
        guard.wait()
        guard.detach(program.pid)
        assert program.finish() == 0


def test_who_traces_a_process_is_named(connect, build):
    with Running(build("looper").path, "1") as program:
        first, second = connect(), connect()
        first.attach(program.pid)
        with pytest.raises(GuardError, match=str(first.process.pid)):
            second.attach(program.pid)
        first.detach(program.pid)
        second.attach(program.pid)
        second.detach(program.pid)
        assert program.finish() == 0


def test_a_zombie_and_a_thread_are_refused_by_name(connect, build):
    guard = connect()
    zombie = subprocess.Popen(["/bin/true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(GuardError, match=r"(?i)zombie|ended|exited"):
        guard.attach(zombie.pid)
    zombie.wait()
    with Running(build("looper").path, "1") as program:
        threads = [int(tid) for tid in os.listdir(f"/proc/{program.pid}/task")]
        other = next(tid for tid in threads if tid != program.pid)
        with pytest.raises(GuardError, match="thread"):
            guard.attach(other)
        assert program.finish() == 0


def test_a_leader_that_has_exited_hides_nothing(connect, build):
    leaderless = build("leaderless")
    with Running(leaderless.path) as program:
        guard = connect()
        stop = guard.attach(program.pid)
        assert stop.tid != program.pid
        guard.stop_at(leaderless.symbol("trapped"))
        for _ in range(5):
            guard.resume()
            if not guard.stops:
                program.process.stdin.write(b"x")
                program.process.stdin.flush()
            assert guard.wait().pc == leaderless.symbol("trapped")
            assert guard.read_u64(leaderless.symbol("total")) < 5
        guard.resume()
        end = guard.wait()
        assert (end.kind, end.signal) == ("W", 9)


@pytest.mark.timeout(60)
def test_a_kill_at_any_moment_is_reported_once(connect, build):
    looper = build("looper")
    for round_ in range(30):
        with Running(looper.path, "4") as program:
            guard = connect()
            guard.attach(program.pid)
            guard.stop_at(looper.symbol("trapped"))
            for index in range(10):
                if index == round_ % 10:
                    os.kill(program.pid, signal.SIGKILL)
                # The guard may know of the end already, and refuse.
                with contextlib.suppress(GuardError):
                    guard.resume()
                stop = guard.wait()
                if stop.kind != "T":
                    break
            assert (stop.kind, stop.signal) == ("X", 9)
            assert not guard.stops
            assert guard.request("qfThreadInfo") == "l"
            assert guard.close() == 0
