"""Loggers for debug lines that cost nothing until somebody wants to read them.

``logging`` is slow to import.  Unless it has been imported nobody has asked for a line
to be shown, and every line would be thrown away.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

_DEBUG = 10  # logging.DEBUG


class Log:
    """Debug lines of one layer, to be had from ``logging.getLogger(name)``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._logger: logging.Logger | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether debug lines are written anywhere."""
        logger = self._find()
        return logger is not None and logger.isEnabledFor(_DEBUG)

    def debug(self, text: str, *arguments: object) -> None:
        """Write a line, its ``%`` filled in only if somebody reads it."""
        logger = self._find()
        if logger is not None:
            logger.debug(text, *arguments, stacklevel=2)

    def _find(self) -> logging.Logger | None:
        if self._logger is None and "logging" in sys.modules:
            self._logger = sys.modules["logging"].getLogger(self.name)
        return self._logger
