"""Ctrl-C at safe points only: the signal is noted, and its handler is called a little later.

Python calls the handler of a signal between any two bytecode instructions of the main
thread, and the usual one of ``SIGINT`` raises ``KeyboardInterrupt`` there: after a stop was
taken from the target, say, and before it is part of the state.  While the engine moves the
program, ``Interrupts.deferred`` stands in for that handler, whatever it is.  It wakes the
engine's wait, which is where the handler is called in its turn; so nobody waits longer.
"""

from __future__ import annotations

import threading
from signal import SIGINT, default_int_handler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from signal import getsignal, signal
    from types import FrameType

    Handler = Callable[[int, FrameType | None], object]
else:
    # What is under the functions of ``signal``: before Python 3.12 these look for every handler
    # among their enumerations, in vain, which takes a third of the time of a stop.
    from _signal import getsignal, signal


class Interrupts:
    """Stands in for the handler of ``SIGINT``.

    Sessions of other threads are not concerned: signals interrupt the main thread alone.
    """

    __slots__ = ("_allowed", "_before", "_note", "_pending", "_wake")

    def __init__(self, wake: Callable[[], None]) -> None:
        """Call ``wake``, from the signal handler, when a signal was noted."""
        self._wake = wake
        self._note = self._on_signal  # one object, which can be recognised
        self._before: Handler = default_int_handler
        self._pending = False
        self._allowed = False

    def deferred(self) -> AbstractContextManager[None]:
        """Call the handler at ``check``, in ``allowed``, or else after the body."""
        return _Deferred(self)

    def allowed(self) -> AbstractContextManager[None]:
        """Call the handler at once during a part of a deferred body, such as the user's code."""
        return _Allowed(self)

    def check(self) -> None:
        """Call the handler if a signal has come: here it may raise."""
        if self._pending:
            self._pending = False
            self._call(SIGINT, None)

    def install(self) -> Handler | None:
        """Stand in for the handler; returns it, ``None`` where that is not to be done."""
        if threading.get_ident() != threading.main_thread().ident:
            return None
        before = getsignal(SIGINT)
        if before is self._note or not callable(before):
            return None
        self._before, self._pending = before, False
        signal(SIGINT, self._note)
        return before

    def remove(self, before: Handler) -> None:
        """Give back the place of the handler that ``install`` has returned."""
        signal(SIGINT, before)

    def switch(self, *, allowed: bool) -> bool:
        """Set whether the handler is called at once; returns what was set before."""
        before, self._allowed = self._allowed, allowed
        return before

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._allowed:
            self._call(number, frame)
        else:
            self._pending = True
            self._wake()

    def _call(self, number: int, frame: FrameType | None) -> None:
        # Where the handler raises there may be no ``__exit__`` that ends what was allowed.
        allowed, self._allowed = self._allowed, False
        self._before(number, frame)
        self._allowed = allowed


class _Deferred:
    __slots__ = ("_before", "_interrupts", "_was_allowed")

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._before: Handler | None = None
        self._was_allowed = False

    def __enter__(self) -> None:
        self._before = self._interrupts.install()
        self._was_allowed = self._interrupts.switch(allowed=False)

    def __exit__(self, *_exc: object) -> None:
        interrupts = self._interrupts
        if self._before is not None:
            interrupts.remove(self._before)
        interrupts.switch(allowed=self._was_allowed)
        if self._before is not None or self._was_allowed:
            interrupts.check()


class _Allowed:
    __slots__ = ("_interrupts", "_was_allowed")

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._was_allowed = False

    def __enter__(self) -> None:
        self._was_allowed = self._interrupts.switch(allowed=True)
        self._interrupts.check()

    def __exit__(self, *_exc: object) -> None:
        self._interrupts.switch(allowed=self._was_allowed)
