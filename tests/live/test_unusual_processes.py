"""Processes that debuggers have trouble with: every verb works or says why not, none hangs."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.errors import CrabtrapError
from crabtrap.events import BreakpointHit
from tests.support.c_programs import build_c
from tests.support.needs import skip_inapplicable

MODES = ("plain", "leaderless", "nondumpable", "strict", "uring", "stopped")
SECONDS = 10.0
_NO_URING = 5


def continue_to_breakpoint(session: Session) -> None:
    """Continue past the signal that set a stopped program going."""
    for _ in range(3):
        event = session.continue_(timeout=SECONDS)
        if any(isinstance(each, BreakpointHit) for each in event.reasons):
            return
    raise AssertionError("the breakpoint was not hit")


VERBS: dict[str, Callable[[Session], object]] = {
    "threads": lambda s: [(each.name, each.frames()) for each in s.threads],
    "registers": lambda s: [s.registers.read(name) for name, _ in s.registers.names()],
    "read": lambda s: s.memory.read(s.frame.pc, 16),
    "evaluate": lambda s: s.values.render(s.evaluate("total")),
    "disassemble": lambda s: s.memory.disassemble(s.frame.pc, count=5),
    "modules": lambda s: [each.path for each in s.code.modules],
    "break": lambda s: s.breakpoints.add("trapped", temporary=True),
    "continue": continue_to_breakpoint,
    "finish": lambda s: s.finish(timeout=SECONDS),
    "next": lambda s: s.next(timeout=SECONDS),
    "step": lambda s: s.step(timeout=SECONDS),
    "stepi": lambda s: s.step_instruction(timeout=SECONDS),
    "watch": lambda s: s.breakpoints.watch("total"),
    "to the watchpoint": lambda s: s.continue_(timeout=SECONDS),
    "no watch": lambda s: [s.breakpoints.remove(each.number) for each in s.breakpoints],
    "write": lambda s: s.registers.write("rax", 1),
    "signal": lambda s: s.continue_(signal=0, timeout=0.1),
    "interrupt": lambda s: s.interrupt(),
    "stopped": lambda s: s.wait(timeout=SECONDS),
}


@contextmanager
def unusual(mode: str) -> Generator[subprocess.Popen[bytes]]:
    """Run the program in a mode, and end it."""
    with subprocess.Popen(
        [build_c("unusual"), mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            if not process.stdout.read(1):
                assert process.wait(SECONDS) == _NO_URING, "it did not become what it should"
                skip_inapplicable("io_uring is closed here")
            if mode == "stopped":
                os.kill(process.pid, signal.SIGSTOP)
                os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            yield process
            process.communicate(b"x", timeout=SECONDS)
            assert process.returncode == 9
        finally:
            process.kill()


@pytest.mark.parametrize("mode", MODES)
def test_every_verb_works_or_names_the_cause(mode: str) -> None:
    refused: dict[str, str] = {}
    with unusual(mode) as process, Session(str(build_c("unusual"))) as session:
        session.attach(process.pid)
        for name, verb in VERBS.items():
            start = time.monotonic()
            if (mode, name) == ("stopped", "continue"):
                # Until somebody says so, the debugger does not set it going either.
                os.kill(process.pid, signal.SIGCONT)
            try:
                verb(session)
            except CrabtrapError as error:
                refused[name] = str(error)
            assert time.monotonic() - start < 2 * SECONDS, name
        session.detach()
        assert Path(f"/proc/{process.pid}/task").exists()
    allowed = {"signal", "stopped", "interrupt"}
    assert refused.keys() <= allowed, refused
