"""The standard streams of our own process, in whatever state they were left to us.

A shell's ``>&-`` starts a program without a descriptor 1.  The next file that is opened would
get that number, and what is printed would go into it: into the connection with the guard, say.
So all three numbers are taken first, by descriptors that behave as closed ones do.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Literal, TextIO, cast


class OutputLostError(Exception):
    """The output cannot be written: its reader is gone, its disk is full, it was never open.

    Attributes:
        reader_gone: There was a reader, which has closed its end: nobody need be told.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(f"cannot write the output: {error.strerror or error}")
        self.reader_gone = error.errno == errno.EPIPE


def adopt_standard_streams() -> None:
    """Make descriptors 0, 1 and 2, and ``sys.stdin``, ``stdout`` and ``stderr``, exist.

    A closed input has ended; a closed output fails when it is written to, as it would have
    without this; nothing is heard of a closed error output.  Bytes of the input that are not
    text are replaced, as in every other file of commands.
    """
    for descriptor, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is the one that was just found free.  It is inherited, as
            # the standard streams are.
            os.set_inheritable(os.open(os.devnull, flags), True)
    sys.stdin = sys.stdin or _stream(0, "r")
    sys.stdout = sys.stdout or _stream(1, "w")
    sys.stderr = sys.stderr or _stream(2, "w")
    _replace_undecodable(sys.stdin)


def _replace_undecodable(stream: object) -> None:
    # Whatever else stands in for standard input has no such choice.
    if isinstance(stream, io.TextIOWrapper):
        cast("io.TextIOWrapper[io.BufferedReader]", stream).reconfigure(errors="replace")


def _stream(descriptor: int, mode: Literal["r", "w"]) -> TextIO:
    return os.fdopen(descriptor, mode, closefd=False)


def write_output(text: str) -> None:
    """Write all of ``text`` to standard output.

    Raises:
        OutputLostError: It cannot be written.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise OutputLostError(error) from error


def give_up_output() -> None:
    """Drop what standard output still holds, which would fail again when Python ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
