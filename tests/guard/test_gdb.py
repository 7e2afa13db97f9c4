"""Stock gdb as the client."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.guard.programs import Running, tracer_of

pytestmark = pytest.mark.differential


@contextmanager
def listening(binary: Path, address: str, *arguments: str) -> Iterator[tuple[str, Path]]:
    """A listening guard; gives what gdb connects to."""
    command = [str(binary), "--listen", address, *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as guard:
        assert guard.stderr is not None
        line = guard.stderr.readline()
        match = re.search(r"listening on (?:unix:)?(\S+)", line)
        assert match is not None, line
        yield match[1]
        guard.stderr.read()
        assert guard.wait(20) == 0


def run_gdb(*commands: str) -> str:
    options = ["set pagination off", "set confirm off", "set sysroot /"]
    arguments = [part for command in (*options, *commands) for part in ("-ex", command)]
    environment = {**os.environ, "DEBUGINFOD_URLS": ""}
    result = subprocess.run(
        ["gdb", "-nx", "-batch", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )
    return result.stdout + result.stderr


@pytest.fixture(params=["unix", "tcp"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"unix:{tmp_path}/guard.sock" if request.param == "unix" else "127.0.0.1:0"


@pytest.mark.timeout(90)
def test_run_break_step_watch_and_continue(guard_binary, build, address):
    counter = build("counter")
    with listening(guard_binary, address) as where:
        out = run_gdb(
            f"target extended-remote {where}",
            f"set remote exec-file {counter.path}",
            f"file {counter.path}",
            "set args 3 20",
            "break work if i == 7",
            "run",
            "print i",
            "bt 1",
            "info threads",
            "print/x $cs",
            "print $xmm0.uint128",
            "stepi",
            "info sharedlibrary",
            "delete",
            "watch total",
            "continue",
            "delete",
            "continue",
        )
    assert "hit Breakpoint 1, work (i=i@entry=7)" in out
    assert "$1 = 7" in out
    assert re.search(r"\* *\d+ +Thread .* work \(i=i@entry=7\)", out)
    assert len(re.findall(r"^\*? +\d+ +Thread ", out, re.M)) >= 2
    assert "$2 = 0x33" in out
    assert "libc.so.6" in out
    assert re.search(r"Old value = \d+\nNew value = \d+", out)
    assert "exited normally" in out
    assert "warning" not in out, out


@pytest.mark.timeout(90)
def test_next_finish_and_a_breakpoint_in_every_thread(guard_binary, build, address):
    counter = build("counter")
    with listening(guard_binary, address, "--", counter.path, "2", "10") as where:
        out = run_gdb(
            f"file {counter.path}",
            f"target remote {where}",
            "break work",
            "continue",
            # Another thread's hit would end the steps of this one, which has calls left.
            "delete",
            "finish",
            "next",
            "next",
            'eval "tbreak work thread %d", $_thread',
            "continue",
            "continue",
        )
    assert out.count("hit Breakpoint 1, work") >= 1, out
    assert "hit Temporary breakpoint 2, work" in out, out
    assert re.search(r"^run \(unused=", out, re.M), out
    assert "exited normally" in out, out
    assert "SIGTRAP" not in out, out


@pytest.mark.timeout(90)
def test_attach_interrupt_and_detach(guard_binary, build, address):
    looper = build("looper")
    with Running(looper.path, "3") as program:
        with listening(guard_binary, address) as where:
            out = run_gdb(
                f"file {looper.path}",
                f"target extended-remote {where}",
                f"attach {program.pid}",
                "break trapped",
                "continue",
                "continue",
                "info threads",
                "detach",
            )
        assert out.count("hit Breakpoint 1, trapped") == 2, out
        assert len(re.findall(r"Thread \d+\.\d+", out)) >= 4
        assert tracer_of(program.pid) == 0
        assert program.finish() == 0


@pytest.mark.timeout(90)
def test_non_stop(guard_binary, build, address):
    counter = build("counter")
    with listening(guard_binary, address) as where:
        out = run_gdb(
            "set non-stop on",
            f"target extended-remote {where}",
            f"set remote exec-file {counter.path}",
            f"file {counter.path}",
            "set args 1 5",
            "break work if i == 3",
            "run",
            "info threads",
            "thread 2",
            "print i",
            "stepi",
            "continue",
        )
    assert "(running)" in out, out
    assert "$1 = 3" in out, out
    assert "exited normally" in out, out


@pytest.mark.timeout(90)
def test_fork_is_followed(guard_binary, build, address):
    spawner = build("spawner")
    with listening(guard_binary, address) as where:
        out = run_gdb(
            f"target extended-remote {where}",
            f"set remote exec-file {spawner.path}",
            f"file {spawner.path}",
            "set follow-fork-mode child",
            "break trapped",
            "run",
            "info inferiors",
            "continue",
            "info inferiors",
            "kill inferiors 2",
        )
    assert re.search(r"\* 2 +process \d+ ", out), out
    assert 'Thread 2.1 "spawner" hit Breakpoint 1, trapped' in out, out
