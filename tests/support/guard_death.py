"""Killing the guard under a program in every state, and looking at what becomes of the program.

The program is ``survivor``; the debugger is a process of its own, which brings it into one of
``STATES`` and is then left without its guard.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.support.inferiors import build, wait_ready

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


@dataclass(frozen=True, slots=True)
class Ending:
    """The last words of a ``survivor``.

    Attributes:
        has_ended: It has ended by itself, with 0.
        is_right: And every result of its threads is right.
        signals: The SIGUSR1 it has received.
    """

    has_ended: bool
    is_right: bool
    signals: int


@dataclass(slots=True)
class Survivor:
    """A running ``survivor``.

    Attributes:
        process: The program.
        code: Address of code that no file holds.
    """

    process: subprocess.Popen[str]
    code: int
    _ready: int

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """It has not ended."""
        return self.process.poll() is None

    def tell(self, command: str) -> None:
        """Give it a command, without waiting for what it says."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command: str) -> str:
        """Give it a command and return what it says."""
        self.tell(command)
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def wait_for(self, text: str) -> None:
        """Wait until it says on its ready pipe that it has got somewhere."""
        assert wait_ready(self._ready, _SECONDS) == text

    def end(self) -> Ending:
        """Have it do everything that would kill a program with remains in it, and end."""
        try:
            output, _ = self.process.communicate("cold\njit\nwrite\nend\n", timeout=_SECONDS)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            return Ending(False, False, 0)
        found = re.search(r"count (\d+) total (\d+) intact (\w+) signals (\d+)", output)
        if found is None or self.process.returncode:
            return Ending(False, False, 0)
        did_all = {"cold 42", "jit 42", "written"} <= set(output.splitlines())
        is_right = did_all and found[1] == found[2] and found[3] == "true"
        return Ending(True, is_right, int(found[4]))


@contextlib.contextmanager
def survivor(threads: int = 4, hertz: int = 50) -> Generator[Survivor]:
    """Start a ``survivor``, wait until it is ready, and kill it afterwards."""
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [build("survivor").path, str(threads), str(hertz)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=(writer,),
        env=os.environ | {"CRABTRAP_READY_FD": str(writer)},
    )
    os.close(writer)
    try:
        assert wait_ready(reader, _SECONDS) == "ready"
        assert process.stdout is not None
        code = process.stdout.readline().removeprefix("code ")
        yield Survivor(process, int(code), reader)
    finally:
        os.close(reader)
        if process.poll() is None:
            process.kill()
        with contextlib.suppress(BrokenPipeError):
            process.communicate()


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
    while "t" in _states_of(pid):
        assert time.monotonic() < deadline
        os.sched_yield()


def _system_call_of(pid: int) -> list[str]:
    """Return number, arguments, sp and pc of the call that a main thread blocks in."""
    return Path(f"/proc/{pid}/task/{pid}/syscall").read_text().split()


def _states_of(pid: int) -> set[str]:
    stats = Path(f"/proc/{pid}/task").glob("*/stat")
    return {stat.read_text().rpartition(") ")[2][0] for stat in stats}


# -- looking at a program ----------------------------------------------------------------


def tracer_of(pid: int) -> int:
    """Return the process that traces ``pid``, 0 for none."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^TracerPid:\t(\d+)$", status, re.MULTILINE)
    assert found is not None
    return int(found[1])


def children_of(pid: int) -> list[int]:
    """List the children of a process that has one thread."""
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except FileNotFoundError:
        return []


def journals(pid: int) -> list[Path]:
    """List the journals that there are of a process."""
    folder = Path(os.environ["XDG_STATE_HOME"], "crabtrap/live")
    return list(folder.glob(f"*-{pid}-*"))


def is_text_intact(pid: int) -> bool:
    """Whether a program's code in memory is that of its files, byte for byte."""
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            fields = line.split(maxsplit=5)
            if "x" not in fields[1] or len(fields) < 6 or not fields[5].startswith("/"):
                continue
            start, end = (int(each, 16) for each in fields[0].split("-"))
            memory.seek(start)
            ours = memory.read(end - start)
            with open(fields[5], "rb") as file:
                file.seek(int(fields[2], 16))
                theirs = file.read(end - start)
            if ours != theirs.ljust(len(ours), b"\0"):
                return False
    return True


def debug_registers_in_use(pid: int) -> list[int]:
    """List the threads of a process that nobody traces whose DR7 enables anything."""
    tids = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
    return [tid for tid in tids if _read_control(tid) & 0xFF]


_SEIZE, _INTERRUPT, _PEEKUSER, _DETACH = 0x4206, 0x4207, 3, 17
_WALL = 0x40000000
# offsetof(struct user, u_debugreg[7]) of sys/user.h.
_DR7 = 848 + 7 * 8


def _read_control(tid: int) -> int:
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.restype = ctypes.c_long
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    for request in (_SEIZE, _INTERRUPT):
        if library.ptrace(request, tid, 0, 0) == -1 and ctypes.get_errno() == errno.ESRCH:
            return 0  # it is dying
    _, status = os.waitpid(tid, _WALL)
    if not os.WIFSTOPPED(status):
        return 0
    control = library.ptrace(_PEEKUSER, tid, _DR7, 0)
    # A trap that it was about to receive, and would die of, is its own again.
    library.ptrace(_DETACH, tid, 0, os.WSTOPSIG(status) if status >> 16 == 0 else 0)
    return int(control)
