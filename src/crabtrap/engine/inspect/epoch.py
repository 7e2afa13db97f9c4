"""The epoch of an object: the stop it belongs to, so that stale objects are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import StaleError

if TYPE_CHECKING:
    from crabtrap.engine.door import Door


LIVE = -1
"""Epoch of an object that shows a running program: it belongs to no stop."""


class EpochClock:
    """A counter of the stops of a program.

    Every object that shows the program at one stop carries the epoch it was made in
    and calls ``check`` before it reads anything.

    Attributes:
        current: The present epoch; it changes whenever the program is resumed.
        door: Refuses calls from other threads and cancelled ones, ``None`` where the
            objects belong to no session.
    """

    __slots__ = ("_last", "current", "door")

    def __init__(self, door: Door | None = None) -> None:
        self.current = self._last = 0
        self.door = door

    def advance(self) -> int:
        """Make everything of the present stop stale; returns the new epoch."""
        self._last += 1
        self.current = self._last
        return self.current

    def return_to(self, epoch: int) -> None:
        """Return to an earlier stop, whose objects are valid again."""
        self.current = epoch

    def check(self, epoch: int, what: str) -> None:
        """Refuse an object of an earlier stop, and a call from another Python thread.

        Args:
            epoch: Epoch of the object, or ``LIVE``.
            what: What it is, for the message: "frame", "thread".

        Raises:
            StaleError: The program was resumed since.
            WrongThreadError: The session belongs to another thread.
            CancelledError: The present operation was cancelled.
        """
        if self.door is not None:
            self.door.check()
        if epoch not in (self.current, LIVE):
            raise StaleError(
                f"this {what} belongs to an earlier stop; the program has run since",
                hint=f"ask the session for the {what} again",
            )
