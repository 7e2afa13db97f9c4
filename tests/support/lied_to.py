"""Sessions with a server that lies: what they do, and what must never come of it."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from crabtrap import Session
from crabtrap.engine import controller, stopping
from crabtrap.errors import CrabtrapError
from crabtrap.target import ending
from crabtrap.target.rsp import connection
from crabtrap.target.server import find_guard
from tests.support.inferiors import build
from tests.support.process_resources import await_indexing, count_resources

PATIENCE = 0.5
"""Seconds that a session waits here for a reply, a stop, the end of a program that seems to die."""

GROWTH = 1 << 20
"""Bytes of native memory that may be held after many sessions and were not after one."""

RATE = 40
_SECONDS_EACH = 10.0
"""For one step: some wait more than once, and all the time the machine may be busy."""

_SHORT = 1.0
"""Seconds that the program may run within a step: a stop may never be told of."""


def _stack(session: Session) -> int:
    return int.from_bytes(session.registers.read("rsp"), "little")


_SCRIPT: tuple[Callable[[Session], object], ...] = (
    lambda s: s.breakpoints.add("threads::hot"),
    lambda s: s.continue_(timeout=_SHORT),
    lambda s: s.thread.frames(),
    lambda s: s.values.render(s.evaluate("worker + round")),
    lambda s: [each.name for each in s.threads],
    lambda s: s.breakpoints.watch("*accumulator"),
    lambda s: s.step(timeout=_SHORT),
    lambda s: s.next(timeout=_SHORT),
    lambda s: s.memory.read(_stack(s), 256),
    lambda s: [s.registers.read(name) for name, _ in s.registers.names()],
    lambda s: s.registers.write("rax", 7),
    lambda s: s.memory.write(_stack(s), b"x"),
    lambda s: s.step_instruction(timeout=_SHORT),
    lambda s: s.finish(timeout=_SHORT),
    lambda s: [module.path for module in s.code.modules],
    lambda s: s.call("threads::hot(1, 2, accumulator)"),
    lambda s: s.continue_(timeout=_SHORT),
    lambda s: s.kill(),
)


@dataclass
class Lies:
    """What came of being lied to.

    Attributes:
        packets: How many the servers sent.
        refusals: How many steps of a script failed, each with an error of ours.
        faults: What must not happen: other exceptions, and steps that took too long.
        allocated: Bytes of native memory that are held after the last session, and were not
            after the first.
    """

    packets: int
    refusals: int
    faults: list[str]
    allocated: int = 0


def be_lied_to(directory: Path, packets: int, seed: int) -> Lies:
    """Go through the script again and again until the servers have sent so many packets."""
    lies = Lies(0, 0, [])
    with _impatience():
        _one_session(directory, seed, lies)  # the first one opens what stays open
        await_indexing()
        before = count_resources()
        while lies.packets < packets and len(lies.faults) < 5:
            seed += 1
            _one_session(directory, seed, lies)
    await_indexing()
    after = count_resources()
    lies.allocated = after.allocated - before.allocated
    if after.descriptors > before.descriptors:
        lies.faults.append(f"{after.descriptors - before.descriptors} descriptors are left open")
    return lies


@contextmanager
def _impatience() -> Generator[None]:
    """Have sessions wait for ``PATIENCE`` seconds where they would wait for ten or thirty."""
    limits = [
        (connection, "REPLY_TIMEOUT"),
        (ending, "DYING_SECONDS"),
        (stopping, "STOP_SECONDS"),
        (controller, "STOP_SECONDS"),
        (controller, "RECOVERY_SECONDS"),
    ]
    before = [getattr(module, name) for module, name in limits]
    for module, name in limits:
        setattr(module, name, PATIENCE)
    try:
        yield
    finally:
        for (module, name), seconds in zip(limits, before, strict=True):
            setattr(module, name, seconds)


def _one_session(directory: Path, seed: int, lies: Lies) -> None:
    program = str(build("threads").path)
    counted = directory / f"count-{seed}"
    command = [sys.executable, "-m", "tests.support.lying_server", str(seed), str(RATE),
               str(counted), find_guard(None), "--stdio", "--", program, "2", "20"]  # fmt: skip

    def attempt(step: Callable[[Session], object], session: Session) -> None:
        start = time.monotonic()
        try:
            step(session)
        except CrabtrapError:
            lies.refusals += 1
        except Exception as error:
            lies.faults.append(f"seed {seed}: {error!r} at {_place(error)}")
        if time.monotonic() - start > _SECONDS_EACH:
            lies.faults.append(f"seed {seed}: {time.monotonic() - start:.0f} seconds")

    session = Session(program)
    attempt(lambda s: s.connect("stdio:" + shlex.join(command)), session)
    for step in _SCRIPT:
        attempt(step, session)
    attempt(lambda s: s.close(), session)
    with suppress(FileNotFoundError):
        lies.packets += int(counted.read_text())
        counted.unlink()


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
