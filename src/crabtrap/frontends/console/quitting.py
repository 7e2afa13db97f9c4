"""The request to leave the console."""

from __future__ import annotations


class Quit(Exception):
    """Raised by ``quit``; caught where the console was started.

    Attributes:
        code: Exit code asked for, ``None`` for the usual one.
    """

    def __init__(self, code: int | None = None) -> None:
        super().__init__()
        self.code = code
