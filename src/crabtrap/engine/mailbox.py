"""Functions that other threads want carried out on the session's own thread."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from crabtrap.engine.door import Door

T = TypeVar("T")


class Mailbox:
    """A queue into the engine's one wait.

    Whoever waits for the program is woken by ``post``, carries out what was posted, and
    goes on waiting.  ``post`` is the only method for other threads.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._posted: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._wakers: list[Callable[[], None]] = []
        self._arrived = threading.Event()

    def __bool__(self) -> bool:
        """Whether anything waits to be carried out."""
        return bool(self._posted)

    def post(self, function: Callable[[], T]) -> Future[T]:
        """Have ``function`` called on the session's thread; may be called from any thread.

        Functions are called in the order in which they were posted.

        Returns:
            Its result, or the exception it raised.  Cancelling it before the call begins
            prevents the call.
        """
        from concurrent.futures import Future  # noqa: PLC0415 - slow to import, rarely needed

        future: Future[T] = Future()
        self._posted.append((function, future))
        self._arrived.set()
        for wake in tuple(self._wakers):
            wake()
        return future

    def add_waker(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called, from any thread, whenever something was posted."""
        self._wakers.append(wake)

    def remove_waker(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` no more; harmless to repeat."""
        if wake in self._wakers:
            self._wakers.remove(wake)

    def run_posted(self) -> None:
        """Carry out what has been posted so far; what a function raises is its caller's.

        Raises:
            BaseException: What is no ``Exception``, ``KeyboardInterrupt`` above all, after
                it was put into the future, too.
        """
        self._arrived.clear()
        for _ in range(len(self._posted)):
            self._run_next()

    def _run_next(self) -> None:
        """Carry out one function; whoever waits for it is answered, whatever is raised."""
        from concurrent.futures import InvalidStateError  # noqa: PLC0415 - see ``post``

        future = None
        try:
            function, future = self._posted.popleft()
            if future.set_running_or_notify_cancel():
                with self._door.cancellable():
                    result = function()
                future.set_result(result)
        except BaseException as error:
            # Answered already where it was raised behind the call.
            with suppress(InvalidStateError):
                if future is not None:
                    future.set_exception(error)
            if not isinstance(error, Exception):
                raise

    def wait(self, timeout: float | None) -> bool:
        """Sleep until something is posted; ``False`` when ``timeout`` seconds have passed."""
        return bool(self._posted) or self._arrived.wait(timeout)

    def close(self) -> None:
        """Cancel what nobody will carry out any more."""
        while self._posted:
            _, future = self._posted.popleft()
            future.cancel()
