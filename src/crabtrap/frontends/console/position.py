"""The position where ``list`` and ``x`` continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap import StackFrame


@dataclass(slots=True)
class Position:
    """The source lines and the memory shown last.

    Attributes:
        path: Source file, ``None`` where there is none.
        line: The line that the first ``list`` shows the surroundings of.
        first, last: Lines shown by the last ``list``; 0 before the first one.
        address: Where the next ``x`` without arguments continues.
        format: Letters and count of the last ``x``.
    """

    path: str | None = None
    line: int = 0
    first: int = 0
    last: int = 0
    address: int | None = None
    format: tuple[int, str] = (1, "x")

    def at_frame(self, frame: StackFrame) -> None:
        """Move to the source line of ``frame``."""
        self.path, self.line = frame.path, frame.line or 0
        self.first = self.last = 0

    def forget(self) -> None:
        """Forget the address, as the program has ended; its source can still be listed."""
        self.address = None
