"""Requests that have come and are not carried out yet."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.frontends.dap.requests import Request


class Inbox:
    """A queue from the thread that reads to the one that answers.

    Attributes:
        wake: Called, by the thread that reads, when something has come; it may be replaced by
            whoever answers.
    """

    def __init__(self) -> None:
        self._waiting: deque[Request | Callable[[], None]] = deque()
        self._arrived = threading.Event()
        self.wake: Callable[[], None] = lambda: None

    def put(self, item: Request | Callable[[], None]) -> None:
        """Add a request, or something else to do in its turn."""
        self._waiting.append(item)
        self._arrived.set()
        self.wake()

    def take(self) -> Request | Callable[[], None] | None:
        """Take the first that is there, ``None`` if there is none."""
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def wait(self) -> None:
        """Wait until something is there."""
        while not self._waiting:
            self._arrived.wait()
            self._arrived.clear()

    def remove(self, seq: int) -> Request | None:
        """Take a request out of its turn; ``None`` if it is not there any more."""
        for each in tuple(self._waiting):
            if not callable(each) and each.seq == seq:
                try:
                    self._waiting.remove(each)
                except ValueError:
                    return None  # it was taken meanwhile
                return each
        return None
