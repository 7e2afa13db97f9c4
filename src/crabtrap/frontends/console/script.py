"""Sources of command lines: options, files, standard input, a prompt."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Protocol, TextIO

from crabtrap.errors import UsageError
from crabtrap.files import read_file_or_pipe, text_lines

_LONGEST_LINE = 1 << 20
"""Characters of a line of standard input."""
_LONGEST_SCRIPT = 16 << 20
"""Bytes of a command file."""


class LineSource(Protocol):
    """A source of command lines.

    Attributes:
        interactive: A person types them, so an empty line repeats and questions are asked.
        name: For messages about a line in a file, ``""`` otherwise.
        number: Number of the line given last, counted from 1.
    """

    interactive: bool
    name: str
    number: int

    def next_line(self, prompt: str) -> str | None:
        """The next line without its end, ``None`` when there are no more."""
        ...


class ListedLines:
    """Lines known beforehand, of ``-ex`` options or a script."""

    interactive = False

    def __init__(self, lines: Iterable[str], name: str = "") -> None:
        self._lines = iter(lines)
        self.name = name
        self.number = 0

    def next_line(self, prompt: str) -> str | None:
        """Return the next of the lines."""
        self.number += 1
        return next(self._lines, None)


class StreamLines:
    """Lines of a stream that is no terminal, read as they are needed."""

    interactive = False
    name = ""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.number = 0

    def next_line(self, prompt: str) -> str | None:
        """Read one line.

        Raises:
            UsageError: It cannot be read, or does not end.
        """
        self.number += 1
        try:
            line = self._stream.readline(_LONGEST_LINE)
        except OSError as error:
            raise UsageError(f"cannot read commands: {error.strerror}") from error
        if len(line) == _LONGEST_LINE:
            raise UsageError(f"line {self.number} of the input is longer than a command can be")
        return line.rstrip("\r\n") if line else None


def script_lines(path: str) -> ListedLines:
    """Read a command file.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        data = read_file_or_pipe(os.path.expanduser(path), _LONGEST_SCRIPT)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    return ListedLines(text_lines(data.decode("utf-8-sig", "replace")), path)
