"""Files that others name: read without waiting for ever and without limit.

A path in debug information, on a command line or in a script may lead to a device, a pipe or
a directory.
"""

from __future__ import annotations

import os
import select
import stat
import time

_PATIENCE_SECONDS = 10.0
_CHUNK = 1 << 16


def working_directory() -> str | None:
    """Return the working directory, ``None`` where it was deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def absolute_path(path: str | os.PathLike[str]) -> str:
    """Make a path absolute; a relative one stays so where the working directory was deleted."""
    return os.path.normpath(os.path.join(working_directory() or "", path))


def text_lines(text: str) -> list[str]:
    r"""Split a text where compilers begin a new line: at ``\n`` and ``\r\n`` alone.

    ``str.splitlines`` also splits at form feeds, at ``U+2028`` and at others, and counts wrong.

    Example:
        >>> text_lines("one\r\ntwo\x0cpage\n")
        ['one', 'two\x0cpage']
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def read_regular_file(path: str, limit: int) -> tuple[bytes, float]:
    """Read a regular file.

    Returns:
        Its bytes and its modification time in seconds.

    Raises:
        OSError: It cannot be opened, is not a regular file or has more than ``limit`` bytes.
    """
    descriptor = _open(path)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        return _whole(file.read(limit + 1), limit), status.st_mtime


def read_file_or_pipe(path: str, limit: int) -> bytes:
    """Read a regular file, or all that is written into a pipe, as a shell's ``<(…)`` makes it.

    Raises:
        OSError: It cannot be opened, is neither, has more than ``limit`` bytes, or nobody
            writes into the pipe for ten seconds.
    """
    descriptor = _open(path)
    with open(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            return _whole(file.read(limit + 1), limit)
        if not stat.S_ISFIFO(mode):
            raise OSError(0, "neither a regular file nor a pipe")
        return _read_pipe(descriptor, limit)


def _open(path: str) -> int:
    # O_NONBLOCK: a pipe that nobody writes into must not block; O_NOCTTY: a terminal must not
    # become ours.
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


def _read_pipe(descriptor: int, limit: int) -> bytes:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    data = bytearray()
    while len(data) <= limit:
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not poll.poll(int(remaining * 1000) + 1):
            raise OSError(0, "nobody writes into this pipe")
        part = os.read(descriptor, _CHUNK)
        if not part:
            break
        data += part
    return _whole(bytes(data), limit)


def _whole(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise OSError(0, f"too large: more than {limit} bytes")
    return data
