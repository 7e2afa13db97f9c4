"""What this process holds: memory, descriptors, mapped files, children."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import threading
import time
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 2.0
_INDEXING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Resources:
    """A count of each kind.

    Attributes:
        memory: Resident bytes.  A good part may be free: the C library keeps what was given
            back to it, for each of the threads that there ever were at a time.
        allocated: Bytes that native code has asked the C library for and not given back.
        descriptors: Open descriptors.
        files: Mappings of files.
        children: Child processes, of every thread, zombies among them.
    """

    memory: int
    allocated: int
    descriptors: int
    files: int
    children: int


def count_resources() -> Resources:
    """Count what this process holds now; see ``proc(5)``."""
    process = Path("/proc/self")
    pages = int((process / "statm").read_text().split()[1])
    maps = (process / "maps").read_text().splitlines()
    return Resources(
        memory=pages * os.sysconf("SC_PAGESIZE"),
        allocated=_count_allocated(),
        descriptors=len(os.listdir(process / "fd")),
        files=sum("/" in line for line in maps),
        children=len(child_pids()),
    )


def await_indexing() -> None:
    """Wait for the threads that index names: once nobody needs the names they end, but not at once.

    Raises:
        AssertionError: They do not end.
    """
    deadline = time.monotonic() + _INDEXING_SECONDS
    while any(name.startswith("crabtrap-") for name in _thread_names()):
        assert time.monotonic() < deadline, f"threads are left: {_thread_names()}"
        threading.Event().wait(0.005)


def _thread_names() -> list[str]:
    names: list[str] = []
    for each in Path("/proc/self/task").glob("*/comm"):
        with contextlib.suppress(OSError):  # one that has ended meanwhile
            names.append(each.read_text().strip())
    return names


def describe_children() -> str:
    """Say which child processes there are, and in which states, for messages."""
    found: list[str] = []
    for pid in child_pids():
        with contextlib.suppress(OSError):  # one that was reaped meanwhile
            found.append(Path(f"/proc/{pid}/stat").read_text()[:60])
    return f"children: {found}"


def describe_descriptors() -> str:
    """Say which descriptors are open, for messages."""
    found: list[str] = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # that of the folder itself
            found.append(f"{each.name} {each.readlink()}")
    return f"descriptors: {found}"


def child_pids() -> set[int]:
    """The children of this process, of every thread, zombies among them."""
    found: set[int] = set()
    for task in Path("/proc/self/task").glob("*/children"):
        # A thread that indexes names may end while we look.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.update(int(pid) for pid in task.read_text().split())
    return found


def ends_soon(pid: int) -> bool:
    """Reap a child that has ended or is about to: a killed program takes a moment to die."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ended, _, _ = select.select([descriptor], [], [], GRACE_SECONDS)
    finally:
        os.close(descriptor)
    if ended:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            return True
    return bool(ended)


class _MallInfo(ctypes.Structure):
    """``struct mallinfo2``; see ``mallinfo(3)``."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd",
            "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    )  # fmt: skip


def _count_allocated() -> int:
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = _MallInfo
    info = library.mallinfo2()
    return info.uordblks + info.hblkhd
