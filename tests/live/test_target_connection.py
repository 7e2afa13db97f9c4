"""Servers that end, addresses, and interrupts at bad moments; with real servers."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from crabtrap.errors import LaunchError, RemoteError
from crabtrap.target.interface import LaunchRequest, ResumeAction
from crabtrap.target.live import connect, launch
from tests.support.backends import Backend, control_of, go, guard_path, next_stop, stop_batch
from tests.support.inferiors import build, running


def test_the_death_of_the_guard_is_reported(guard: Backend):
    target = guard.started("/bin/sleep", "60")
    control = control_of(target)
    control.resume([ResumeAction(None)])
    status = Path(f"/proc/{target.pid}/status").read_text()
    tracer = int(status.partition("TracerPid:")[2].split()[0])
    os.kill(tracer, signal.SIGKILL)
    with pytest.raises(RemoteError, match="the guard was killed by signal 9"):
        control.wait(10)
    with pytest.raises(RemoteError):
        target.threads()


def test_a_program_that_is_no_server_is_reported_as_such():
    with pytest.raises((RemoteError, LaunchError), match="ended with status 0"):
        launch(LaunchRequest("/bin/true"), server_path="/bin/true")
    with pytest.raises(RemoteError, match="does not speak"):
        connect("stdio:echo hello")
    with pytest.raises(RemoteError, match="No such file"):
        connect("stdio:cat /nonexistent/file")


@pytest.mark.needs("gdbserver")
def test_connecting_over_standard_streams():
    program = build("exits").path
    target = connect(f"stdio:gdbserver --once - {program} 4")
    try:
        next_stop(target)
        end = go(target)
        assert (end.kind, end.code) == ("exited", 4)
    finally:
        target.close()


def test_connecting_over_tcp_and_unix_sockets_to_the_guard(tmp_path):
    path = tmp_path / "socket"
    process = subprocess.Popen([guard_path(), "--listen", f"unix:{path}"])
    try:
        deadline = time.monotonic() + 5
        while not path.exists():
            assert time.monotonic() < deadline, "the guard does not listen"
            assert process.poll() is None, "the guard ended"
        target = connect(f"unix:{path}")
        try:
            assert target.pid == 0
            target.start(LaunchRequest(str(build("exits").path), ("5",)))
            next_stop(target)
            assert target.memory.read(target.read_registers(target.pid)[16] or 0, 4)
            end = go(target)
            assert (end.kind, end.code) == ("exited", 5)
        finally:
            target.close()
    finally:
        process.terminate()
        process.wait()


@pytest.mark.needs("gdbserver")
def test_connecting_to_a_server_that_has_a_running_program_already():
    inferior = build("attachme")
    with running(inferior) as process:
        target = connect(f"stdio:gdbserver --once --attach - {process.pid}")
        try:
            stops = stop_batch(target)
            assert {stop.pid for stop in stops} == {process.pid}
            control_of(target).detach()
        finally:
            target.close()
        os.kill(process.pid, signal.SIGTERM)
        assert "intact true" in process.process.communicate()[0]


def test_a_keyboard_interrupt_in_a_wait_loses_nothing(backend: Backend):
    target = backend.started("/bin/sleep", "60")
    control = control_of(target)
    control.resume([ResumeAction(None)])
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for _ in range(20):
            signal.setitimer(signal.ITIMER_REAL, 0.005)
            with pytest.raises(KeyboardInterrupt):
                control.wait(10)
        signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, old)
    control.interrupt()
    stop = control.wait(10)
    assert stop is not None
    assert stop.kind == "interrupt"
    assert target.read_registers(stop.thread)


def test_closing_twice_is_harmless(backend: Backend):
    target = backend.started("/bin/true")
    target.close()
    target.close()


def test_a_launched_program_ends_with_its_connection(backend: Backend):
    target = backend.started("/bin/sleep", "60")
    pid = target.pid
    target.close()
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{pid}/exe") and os.access(f"/proc/{pid}/exe", os.R_OK):
        assert time.monotonic() < deadline, "the program lives on"
