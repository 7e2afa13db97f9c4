"""Loggers that do not import ``logging``, which is slow to import.

As long as no other code has imported it, no handler can be installed, and every line would
be discarded.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

_DEBUG = 10  # logging.DEBUG


class Log:
    """The lines of one layer, which go to ``logging.getLogger(name)``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._logger: logging.Logger | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether debug lines are written anywhere."""
        logger = self._find()
        return logger is not None and logger.isEnabledFor(_DEBUG)

    def debug(self, text: str, *arguments: object) -> None:
        """Log a line; its ``%`` arguments are only formatted when it is written."""
        logger = self._find()
        if logger is not None:
            logger.debug(text, *arguments, stacklevel=2)

    def error(self, text: str, *arguments: object, error: BaseException) -> None:
        """Write what went wrong where nobody can be given the exception, with its traceback."""
        import logging  # noqa: PLC0415 - slow to import, rarely needed

        logger = logging.getLogger(self.name)
        logger.error(text, *arguments, exc_info=error, stacklevel=2)

    def _find(self) -> logging.Logger | None:
        if self._logger is None and "logging" in sys.modules:
            self._logger = sys.modules["logging"].getLogger(self.name)
        return self._logger
