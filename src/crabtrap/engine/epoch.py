"""Which stop an object belongs to, so that a stale one is refused instead of believed."""

from __future__ import annotations

from crabtrap.errors import StaleError


class EpochClock:
    """Counts the stops of a session.

    Every object that shows the program at one stop carries the epoch it was made in
    and asks ``check`` before it reads anything.

    Attributes:
        current: The present epoch; grows by one when the program is set going.
    """

    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current = 0

    def advance(self) -> int:
        """Make everything of the present stop stale; returns the new epoch."""
        self.current += 1
        return self.current

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
