"""The names of Linux signals."""

from __future__ import annotations

import signal as _signal

FIRST_REALTIME = 34
"""Number of ``SIGRTMIN`` as the C library has it: it keeps two for itself (nptl(7))."""
LAST = 64
"""Highest signal number."""


def signal_name(number: int) -> str:
    """Return the name of a Linux signal: ``SIGSEGV``, ``SIG32``, ``SIGRTMIN+3``."""
    if number >= FIRST_REALTIME:
        offset = number - FIRST_REALTIME
        return f"SIGRTMIN+{offset}" if offset else "SIGRTMIN"
    try:
        return _signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
