"""Leaving the console."""

from __future__ import annotations


class Quit(Exception):
    """The user wants to leave; caught where lines are read.

    Attributes:
        code: Exit code asked for, ``None`` for the usual one.
    """

    def __init__(self, code: int | None = None) -> None:
        super().__init__()
        self.code = code
