"""What the console shows for some command lines, in a session of the tests."""

from __future__ import annotations

import io

from crabtrap import Session, Stdio
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.output import Output


def shown(session: Session, *lines: str) -> str:
    """Execute command lines and return what is shown, without colours.

    Raises:
        AssertionError: One of them has failed by a fault of the debugger.
    """
    stream = io.StringIO()
    console = Console(session, Output(stream, colour=False), stdio=Stdio.pipes())
    for line in lines:
        console.execute(line)
    assert not console.buggy, stream.getvalue()
    return stream.getvalue()
