"""Functions that other threads post, to be called on the session's own thread."""

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
    """A queue of posted functions, served by the thread that waits for the program.

    ``post`` wakes that thread, which calls the posted functions and then waits again.  It is
    the only method that other threads may call.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._posted: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._wakers: list[Callable[[], None]] = []
        self._arrived = threading.Event()

    def __bool__(self) -> bool:
        """Whether any function is posted and not called yet."""
        return bool(self._posted)

    def post(self, function: Callable[[], T]) -> Future[T]:
        """Have ``function`` called on the session's thread; may be called from any thread.

        Functions are called in the order in which they were posted.

        Returns:
            A future of its result, or of the exception it raised.  Cancelling the future
            before the call begins prevents the call.
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
        """Stop calling ``wake``; may be called again."""
        if wake in self._wakers:
            self._wakers.remove(wake)

    def run_posted(self) -> None:
        """Call the functions posted so far; exceptions go into their futures.

        Raises:
            BaseException: A function raised what is no ``Exception``, such as
                ``KeyboardInterrupt``; it is in the future, too.
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
                with self._door.cancellable("carrying out what was posted"):
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
        """Wait until something is posted; ``False`` when ``timeout`` seconds have passed."""
        return bool(self._posted) or self._arrived.wait(timeout)

    def close(self) -> None:
        """Cancel the functions that were not called."""
        while self._posted:
            _, future = self._posted.popleft()
            future.cancel()
