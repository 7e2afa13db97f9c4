"""The traces that a debugger leaves in a program: a tracer, bytes, debug registers, states."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import time
from pathlib import Path


def tracer_of(pid: int) -> int:
    """Return the process that traces ``pid``, 0 for none."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^TracerPid:\t(\d+)$", status, re.MULTILINE)
    assert found is not None
    return int(found[1])


def threads_traced(pid: int) -> list[int]:
    """List the threads of a process that somebody traces."""
    traced: list[int] = []
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            if "\nTracerPid:\t0\n" not in status.read_text():
                traced.append(int(status.parent.name))
    return traced


def wait_until_untraced(pid: int, seconds: float = 10.0) -> None:
    """Wait for the end of a guard that has lost its client, and lets its program go."""
    deadline = time.monotonic() + seconds
    while traced := threads_traced(pid):
        assert time.monotonic() < deadline, f"the guard still holds {traced}"
        os.sched_yield()


def children_of(pid: int) -> list[int]:
    """List the children of a process that has one thread."""
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except FileNotFoundError:
        return []


def states_of(pid: int) -> set[str]:
    """Return the states of all threads of a process: R, S, T, t, ... (``proc(5)``)."""
    found: set[str] = set()
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found.add(stat.read_text().rpartition(") ")[2][0])
    return found


def is_text_intact(pid: int) -> bool:
    """Whether a program's code in memory is that of its files, byte for byte."""
    executable = os.readlink(f"/proc/{pid}/exe")
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            fields = line.split(maxsplit=5)
            if "x" not in fields[1] or len(fields) < 6 or not fields[5].startswith("/"):
                continue
            start, end = (int(each, 16) for each in fields[0].split("-"))
            memory.seek(start)
            ours = memory.read(end - start)
            # The link leads there also when the file was deleted.
            path = f"/proc/{pid}/exe" if fields[5] == executable else fields[5]
            with open(path, "rb") as file:
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
