"""The limit of a test's time, of which compiling a program is no part.

A first run compiles what later runs find built, and takes as long as the machine is busy; a test
that is slow for that reason alone has not failed.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator


@contextlib.contextmanager
def clock_stopped() -> Generator[None]:
    """Stop the timer of ``pytest-timeout``, an interval timer of the process, meanwhile.

    Does nothing outside the main thread, and where no timer runs. What is done meanwhile has
    to have a limit of its own.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    remaining, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, remaining)
