"""Terminal modes that a program switched on, so that they can be undone."""

from __future__ import annotations

import re

# Patterns are compiled by ``re`` at their first use: only raw program output needs them.
_MODES = r"\x1b\[\?([0-9;]+)([hl])"
_UNFINISHED = r"\x1b(?:\[\??[0-9;]*)?$"
_LONGEST = 32

_CURSOR = 25
_USUALLY_ON = frozenset((_CURSOR, 7))
"""Private modes a terminal has switched on by itself: a visible cursor, wrapped lines."""
_OURS = frozenset((2004,))
"""Modes that the prompt sets and unsets itself: bracketed paste."""


class ScreenModes:
    """The DEC private modes a program has changed: alternate screen, hidden cursor, mouse."""

    def __init__(self) -> None:
        self._changed: dict[int, None] = {}
        self._rest = ""

    def follow(self, text: str) -> None:
        """Note the modes changed by program output, which may be cut anywhere in a sequence."""
        text = self._rest + text
        for match in re.finditer(_MODES, text):
            for number in map(int, filter(None, match[1].split(";"))):
                usual = (number in _USUALLY_ON) == (match[2] == "h")
                if usual:
                    self._changed.pop(number, None)
                elif number not in _OURS:
                    self._changed[number] = None
        cut = re.search(_UNFINISHED, text[-_LONGEST:])
        self._rest = cut.group() if cut is not None else ""

    def undo(self) -> str:
        """Return the sequences that undo all changes, newest first, and forget the changes."""
        sequences = "".join(
            f"\x1b[?{number}{'h' if number in _USUALLY_ON else 'l'}"
            for number in reversed(self._changed)
        )
        self._changed.clear()
        self._rest = ""
        return f"{sequences}\x1b[0m" if sequences else ""
