"""Where ``list`` and ``x`` go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame


@dataclass(slots=True)
class Position:
    """What was looked at last.

    Attributes:
        path: Source file, ``None`` where there is none.
        line: The line everything is relative to before the first ``list``.
        first, last: Lines shown by the last ``list``; 0 before the first one.
        address: Where the next bare ``x`` goes on.
        format: Letters and count of the last ``x``.
    """

    path: str | None = None
    line: int = 0
    first: int = 0
    last: int = 0
    address: int | None = None
    format: tuple[int, str] = (1, "x")

    def at_frame(self, frame: Frame) -> None:
        """Look at where ``frame`` stands."""
        self.path, self.line = frame.path, frame.line or 0
        self.first = self.last = 0

    def forget(self) -> None:
        """The program is gone; its source can still be listed."""
        self.address = None
