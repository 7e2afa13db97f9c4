"""After a call the thread is where it was, in its system call as well."""

from __future__ import annotations

import os
import random
from collections.abc import Generator
from pathlib import Path

import pytest

from crabtrap import Session
from tests.support.bar.calls import call_and_compare, call_anywhere
from tests.support.inferiors import RunningInferior, build, running
from tests.support.sessions import Server

# System V ABI AMD64, as the kernel numbers them.
BLOCKING = {
    "read": {0},
    "poll": {7},
    "nanosleep": {35, 230},
    "accept": {43, 288},
    "futex": {202},
    "epoll_wait": {232},
}


@pytest.mark.needs("gdbserver")
def test_calls_under_another_server_are_undone_as_well() -> None:
    call_anywhere(100, random.Random(1), "gdbserver")


@pytest.fixture
def waiting() -> Generator[RunningInferior]:
    """A program whose threads are all in their system calls."""
    with running(build("waits")) as program:
        for name, numbers in BLOCKING.items():
            await_call(program.pid, name, numbers)
        yield program


def await_call(pid: int, name: str, numbers: set[int]) -> None:
    """Wait until the thread called ``name`` is in one of these system calls."""
    while system_call(pid, thread_named(pid, name)) not in numbers:
        os.sched_yield()


def thread_named(pid: int, name: str) -> int:
    """A thread by its name, which it sets itself once it runs; 0 before that."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return next((int(t.name) for t in tasks if (t / "comm").read_text().strip() == name), 0)


def system_call(pid: int, tid: int) -> int:
    if not tid:
        return -1
    first = Path(f"/proc/{pid}/task/{tid}/syscall").read_text().split()[0]
    return int(first) if first.isdecimal() else -1


def test_calls_inside_blocking_system_calls(waiting: RunningInferior, server: Server) -> None:
    with Session(None, server=server) as session:
        session.attach(waiting.pid)
        for name in BLOCKING:
            session.select_thread(thread_named(waiting.pid, name))
            for _ in range(3):
                call_and_compare(session, "waits::work(10)", "285")
        session.detach()
    for name, numbers in BLOCKING.items():
        # Those with a timeout go on as restart_syscall.
        await_call(waiting.pid, name, {*numbers, 219})
    output, _ = waiting.process.communicate("x")
    assert output.splitlines()[-1] == "1 1 1 true true"
