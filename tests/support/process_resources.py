"""What this process holds: resident memory, descriptors, mapped files, children."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Resources:
    """A count of each kind.

    Attributes:
        memory: Resident bytes.
        descriptors: Open descriptors.
        files: Mappings of files.
        children: Child processes, of every thread, zombies among them.
    """

    memory: int
    descriptors: int
    files: int
    children: int


def count_resources(pid: int | str = "self") -> Resources:
    """Count what a process holds now; see ``proc(5)``."""
    process = Path(f"/proc/{pid}")
    pages = int((process / "statm").read_text().split()[1])
    maps = (process / "maps").read_text().splitlines()
    return Resources(
        memory=pages * os.sysconf("SC_PAGESIZE"),
        descriptors=len(os.listdir(process / "fd")),
        files=sum("/" in line for line in maps),
        children=sum(len(p.read_text().split()) for p in process.glob("task/*/children")),
    )
