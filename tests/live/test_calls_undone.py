"""After a call the thread is where it was: registers, stack, system call and all."""

from __future__ import annotations

import os
import random
from collections.abc import Generator
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.events import Exited
from tests.support.inferiors import RunningInferior, build, running
from tests.support.sessions import Debug, Server, kinds

RED_ZONE = 256
# System V ABI AMD64, as the kernel numbers them.
BLOCKING = {
    "read": {0},
    "poll": {7},
    "nanosleep": {35, 230},
    "accept": {43, 288},
    "futex": {202},
    "epoll_wait": {232},
}


def state(session: Session) -> tuple[dict[str, bytes], bytes]:
    """All registers, and what lies right below the stack pointer."""
    registers = {name: session.registers.read(name) for name, _ in session.registers.names()}
    sp = int.from_bytes(registers["rsp"], "little")
    return registers, session.memory.read(sp - RED_ZONE, RED_ZONE)


def differences(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, tuple[str, str]]:
    return {
        name: (before[name].hex(), after[name].hex())
        for name in before
        if before[name] != after[name]
    }


def call_and_compare(session: Session, text: str, expected: str) -> None:
    registers, below = state(session)
    assert session.values.render(session.call(text)) == expected
    after, still_below = state(session)
    assert not differences(registers, after)
    assert below == still_below


@pytest.mark.parametrize("profile", ["debug", "release-debug"])
def test_calls_at_any_instruction(debug: Debug, profile: str) -> None:
    """Leaf functions use the red zone; vector code has live vector registers."""
    driver = debug("calls", profile)
    session = driver.session
    session.breakpoints.add("calls::total", temporary=True)
    driver.launch()
    session.continue_()
    chance = random.Random(profile)
    for _ in range(50):
        for _ in range(chance.randrange(1, 4)):
            session.step_instruction()
        call_and_compare(session, "calls::total(&[1, 2, 3])", "6")
    assert kinds(session.continue_()) == [Exited]


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
