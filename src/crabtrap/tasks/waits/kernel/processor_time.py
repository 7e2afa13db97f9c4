"""How long a thread has had a processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError

if TYPE_CHECKING:
    from crabtrap.engine.inspect.thread import Thread

_USER, _SYSTEM = 11, 12
"""Fields of ``proc_pid_stat(5)`` behind the name, which may have blanks and brackets in it."""
_TICKS = 100
"""A second, of x86-64: ``USER_HZ`` of the kernel, whatever its own clock does."""


def processor_time(thread: Thread) -> float | None:
    """Return the seconds of processor time that a thread has used; ``None`` where unknown."""
    process = thread.process
    try:
        raw = process.target.read_file(f"/proc/{process.pid}/task/{thread.tid}/stat")
    except CrabtrapError:
        return None
    fields = raw.rpartition(b")")[2].split()
    if len(fields) <= _SYSTEM:
        return None
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
