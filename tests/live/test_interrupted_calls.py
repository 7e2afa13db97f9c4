"""Which system calls notice that a debugger was there: they return EINTR, as signal(7) warns.

It is the kernel that ends them when a thread is stopped, even if no signal is delivered; the list
here is that of docs/reliability.md.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from crabtrap import Session
from tests.support.c_programs import build_c

INTERRUPTED = frozenset(
    {
        "accept with SO_RCVTIMEO",
        "epoll_pwait",
        "epoll_wait",
        "io_getevents",
        "recv with SO_RCVTIMEO",
        "semop",
        "semtimedop",
        "sigtimedwait",
    }
)
CUT_SHORT = frozenset({"write"})
"""Calls that return early with a part done, as they do for any signal."""

CALLS = (
    "accept", "accept with SO_RCVTIMEO", "clock_nanosleep", "epoll_pwait", "epoll_wait", "flock",
    "futex", "io_getevents", "nanosleep", "pause", "poll", "ppoll", "pselect", "read", "recv",
    "recv with SO_RCVTIMEO", "select", "semop", "semtimedop", "sigtimedwait", "wait4", "write",
)  # fmt: skip
_SECONDS = 10.0


def wait_blocked(pid: int) -> None:
    """Wait until a process sleeps, untraced."""
    deadline = time.monotonic() + _SECONDS
    while "State:\tS" not in (status := Path(f"/proc/{pid}/status").read_text()):
        assert time.monotonic() < deadline, status
        os.sched_yield()


def test_the_program_knows_these_calls() -> None:
    listed = subprocess.run([build_c("blocked")], capture_output=True, text=True, check=True)
    assert tuple(listed.stdout.splitlines()) == CALLS


@pytest.mark.parametrize("call", CALLS)
def test_a_visit_ends_no_other_call(call: str) -> None:
    with subprocess.Popen(
        [build_c("blocked"), call], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.read(1) == b"r"
            wait_blocked(process.pid)
            with Session(None) as session:
                session.attach(process.pid)
                assert session.thread.frames()
                session.detach()
            wait_blocked(process.pid)
            os.set_blocking(process.stdout.fileno(), False)
            said = process.stdout.read() or b""
        finally:
            process.kill()
    expected = dict.fromkeys(INTERRUPTED, b"EINTR\n") | dict.fromkeys(CUT_SHORT, b"returned\n")
    assert said == expected.get(call, b"")
