"""What the system has run out of: an error to show, not a bug to report."""

from __future__ import annotations

import errno
import os

from crabtrap.errors import ShortageError

_SHORT = {
    errno.ENOMEM: "raise the limit on memory: ulimit -v, or that of the container",
    errno.EMFILE: "raise the limit on open files: ulimit -n",
    errno.ENFILE: "the whole system has too many open files",
    errno.EAGAIN: "raise the limit on processes and threads: ulimit -u",
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room in the quota",
}


def find_shortage(error: Exception) -> ShortageError | None:
    """Return what to show for an exception that only says what the system lacks, else ``None``.

    Example:
        >>> str(find_shortage(MemoryError()))
        'out of memory'
        >>> find_shortage(ValueError("a bug"))
    """
    match error:
        case MemoryError():
            return ShortageError("out of memory", hint=_SHORT[errno.ENOMEM])
        case OSError(errno=int(number)) if number in _SHORT:
            return ShortageError(os.strerror(number), hint=_SHORT[number])
        case ImportError() if os.strerror(errno.ENOMEM) in str(error):
            # The dynamic loader could not map a part of Python.
            return ShortageError(f"out of memory: {error}", hint=_SHORT[errno.ENOMEM])
        case RuntimeError() if "start new thread" in str(error):
            return ShortageError("no thread can be started", hint=_SHORT[errno.EAGAIN])
        case _:
            return None
