"""Which stop an object belongs to, so that a stale one is refused instead of believed."""

from __future__ import annotations

from crabtrap.errors import StaleError


class EpochClock:
    """Counts the stops of a session.

    Every object that shows the program at one stop carries the epoch it was made in
    and asks ``check`` before it reads anything.

    Attributes:
        current: The present epoch; another one whenever the program is set going.
    """

    __slots__ = ("_last", "current")

    def __init__(self) -> None:
        self.current = self._last = 0

    def advance(self) -> int:
        """Make everything of the present stop stale; returns the new epoch."""
        self._last += 1
        self.current = self._last
        return self.current

    def return_to(self, epoch: int) -> None:
        """The program is back at an earlier stop, whose objects are true again."""
        self.current = epoch

    def check(self, epoch: int, what: str) -> None:
        """Refuse an object of an earlier stop.

        Args:
            epoch: When the object was made.
            what: What it is, for the message: "frame", "thread".

        Raises:
            StaleError: The program has run since.
        """
        if epoch != self.current:
            raise StaleError(
                f"this {what} belongs to an earlier stop; the program has run since",
                hint=f"ask the session for the {what} again",
            )
