"""What this process holds: memory, descriptors, mapped files, children."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path


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
        children=sum(len(p.read_text().split()) for p in process.glob("task/*/children")),
    )


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
