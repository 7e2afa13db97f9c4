"""Processes of this machine, by name."""

from __future__ import annotations

import os

from crabtrap.errors import NotFoundError, UsageError


def find_process(name: str) -> int:
    """Return the process with this name, or whose executable is this file.

    Raises:
        NotFoundError: There is none.
        UsageError: There are several; the text lists them.
    """
    found = [(pid, path) for pid, path in _processes() if _is_named(path, name)]
    if not found:
        raise NotFoundError("process", name, hint="ps -e lists processes; it may be another user's")
    if len(found) > 1:
        listed = ", ".join(f"{pid} ({path})" for pid, path in found)
        raise UsageError(f"{len(found)} processes are named {name}: {listed}", hint='"pid": …')
    return found[0][0]


def _processes() -> list[tuple[int, str]]:
    """All processes but this one whose executables can be told, with the executables' paths."""
    found: list[tuple[int, str]] = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and int(entry) != os.getpid():
            try:
                path = os.readlink(f"/proc/{entry}/exe")
            except OSError:
                continue  # it has ended, is another user's, or is the kernel's
            found.append((int(entry), path.removesuffix(" (deleted)")))
    return sorted(found)


def _is_named(path: str, name: str) -> bool:
    if "/" in name:
        return os.path.realpath(name) == path
    return os.path.basename(path) == name
