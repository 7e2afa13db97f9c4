"""Killing the guard under a program in every state, and looking at what becomes of the program.

The program is ``survivor``; the debugger is a process of its own, which brings it into one of
``STATES`` and is then left without its guard.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.support.survivor import Survivor
from tests.support.traces import children_of, states_of, tracer_of

State = Literal[
    "stopped at a breakpoint",
    "stopped after a step",
    "stopped at a signal",
    "stopped at a watchpoint",
    "running, cold traps",
    "running, hot trap",
    "running, watchpoint",
    "in a call",
    "blocked in a slot",
]

_SECONDS = 20.0

# What the debugger does to get there; "there" is printed where the state is reached.
SCRIPTS: dict[State, str] = {
    "stopped at a breakpoint": "stop_in_hot(); there()",
    "stopped after a step": "stop_in_hot(); session.next(); there()",
    "stopped at a signal": "go(); there()",
    "stopped at a watchpoint": "watch(); go(); there()",
    "running, cold traps": "points.add('survivor::cold'); points.add(f'*{code:#x}'); go()",
    "running, hot trap": "points.add('survivor::hot', condition='*count == 0xffff_ffff'); go()",
    "running, watchpoint": "watch(); go()",
    "in a call": "stop_in_hot(); points.enable(1, False); session.call('survivor::slow()')",
    # The main thread waits for a command: in a relocated copy of its system call, from its
    # next one on.
    "blocked in a slot": "points.add(f'*{read_call():#x}', ignore=1_000_000); go()",
}

_PROLOGUE = """
import sys
from crabtrap import Session
from crabtrap.errors import CrabtrapError
from crabtrap.events import Notice
pid, code = map(int, sys.argv[1:3])
session = Session(None)
session.attach(pid)
points = session.breakpoints
def said(event):
    if isinstance(event, Notice):
        print(event.text, flush=True)
session.subscribe(said)
def there():
    print("there", flush=True)
    sys.stdin.read()
def go():
    print("running", flush=True)
    session.continue_()
def watch():
    points.watch("survivor::CELL")
def read_call():
    session.select_thread(1)
    while not (session.frame.function or "").endswith("read"):
        session.select_frame(session.frame.index + 1)
    return session.frame.pc - 2
def stop_in_hot():
    points.add("survivor::hot")
    session.continue_()
try:
    exec(sys.argv[3])
except CrabtrapError as error:
    print("error:", error, flush=True)
"""


@dataclass(slots=True)
class Debugger:
    """A debugger that has brought a program into a state.

    Attributes:
        process: The front end.
        guard: Its guard.
        program: The program.
    """

    process: subprocess.Popen[str]
    guard: int
    program: Survivor

    def kill_guard(self) -> None:
        """Kill the guard, and wait until whoever repairs at once has done so."""
        helpers = [(pid, os.pidfd_open(pid)) for pid in children_of(self.guard)]
        try:
            os.kill(self.guard, signal.SIGKILL)
            for _, descriptor in helpers:
                assert select.select([descriptor], [], [], _SECONDS)[0]
        finally:
            for _, descriptor in helpers:
                os.close(descriptor)

    def kill_groups(self) -> None:
        """Kill the process groups of the front end and of the guard, and see them gone."""
        helpers = children_of(self.guard)
        descriptors = [os.pidfd_open(pid) for pid in (self.process.pid, self.guard, *helpers)]
        try:
            for pid in (self.process.pid, self.guard):
                with contextlib.suppress(ProcessLookupError):  # it has noticed already
                    os.killpg(pid, signal.SIGKILL)
            for descriptor in descriptors:
                assert select.select([descriptor], [], [], _SECONDS)[0]
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def kill_guard_and_warden(self) -> None:
        """Kill the guard when nobody is left to repair: the front end is killed first."""
        self.process.send_signal(signal.SIGSTOP)
        for pid in children_of(self.guard):
            with contextlib.suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                os.kill(pid, signal.SIGKILL)
                select.select([descriptor], [], [], _SECONDS)
                os.close(descriptor)
        descriptor = os.pidfd_open(self.guard)
        os.kill(self.guard, signal.SIGKILL)
        select.select([descriptor], [], [], _SECONDS)
        os.close(descriptor)
        self.process.kill()
        self.process.communicate()

    def finish(self) -> str:
        """Have the front end go on without its guard; return what it has said."""
        output, _ = self.process.communicate("", timeout=_SECONDS)
        return output


@contextlib.contextmanager
def debugging(program: Survivor, state: State) -> Generator[Debugger]:
    """Bring a program into a state by a debugger, which is killed afterwards."""
    script, call = SCRIPTS[state], _system_call_of(program.pid)
    process = subprocess.Popen(
        [sys.executable, "-c", _PROLOGUE, str(program.pid), str(program.code), script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        _bring_into(program, process, state)
        if state == "blocked in a slot":
            # It reads again, and the pc says that it does so elsewhere.
            while (now := _system_call_of(program.pid))[0] != "0" or now[-1] == call[-1]:
                os.sched_yield()
        yield Debugger(process, tracer_of(program.pid), program)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _bring_into(program: Survivor, process: subprocess.Popen[str], state: State) -> None:
    """Do the program's part in reaching a state, and wait for it."""
    assert process.stdout is not None
    if state == "in a call":
        program.wait_for("slow")
        return
    line = process.stdout.readline()
    if line == "running\n":
        wait_until_running(program.pid)
    if state.startswith("running"):
        assert line == "running\n", line
        return
    if state == "stopped at a watchpoint":
        program.tell("write")
    elif state == "stopped at a signal":
        os.kill(program.pid, signal.SIGUSR1)
    elif state == "blocked in a slot":
        program.ask("cold")
        return
    while line == "running\n":
        line = process.stdout.readline()
    assert line == "there\n", line


def wait_until_running(pid: int) -> None:
    """Wait until a debugger has resumed every thread, with its traps in."""
    deadline = time.monotonic() + _SECONDS
    while "t" in states_of(pid):
        assert time.monotonic() < deadline
        os.sched_yield()


def _system_call_of(pid: int) -> list[str]:
    """Return number, arguments, sp and pc of the call that a main thread blocks in."""
    return Path(f"/proc/{pid}/task/{pid}/syscall").read_text().split()


def journals(pid: int) -> list[Path]:
    """List the journals that there are of a process."""
    folder = Path(os.environ["XDG_STATE_HOME"], "crabtrap/live")
    return list(folder.glob(f"*-{pid}-*"))
