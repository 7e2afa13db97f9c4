"""``crabtrap tasks PID``: lists the tasks of a process, which is stopped for a moment only."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from typing import TYPE_CHECKING

from crabtrap import Session
from crabtrap.errors import StillRunningError, UsageError
from crabtrap.events import Exited
from crabtrap.frontends.console.json_lines import JsonOutput, encode_line
from crabtrap.frontends.console.output import Output, wants_colour
from crabtrap.frontends.console.start import run_one
from crabtrap.frontends.streams import write_output

if TYPE_CHECKING:
    from collections.abc import Generator

_STOP_SECONDS = 30.0
_FAILED = 1


class _Stopwatch:
    """Adds up how long the program was stopped."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextlib.contextmanager
    def stopped(self) -> Generator[None]:
        """Count the time within."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds += time.monotonic() - start


def run_tasks(pid: int | None, *, grouped: bool, json: bool) -> int:
    """List the tasks of a process on standard output; return the exit code.

    Its files are read and its memory is searched while it runs.  It is stopped to be attached
    to, and to be copied; the copy is decoded, unless it is too large.

    Raises:
        UsageError: No process was named.
        CrabtrapError: It cannot be attached to, or has ended meanwhile.
    """
    if pid is None:
        raise UsageError("crabtrap tasks needs a process", hint="crabtrap tasks PID")
    command = "tasks -group" if grouped else "tasks"
    text, watch = io.StringIO(), _Stopwatch()
    with Session(None) as session:
        with watch.stopped():
            session.attach(pid)
            _run_on(session)
        session.look_for_tasks()
        with watch.stopped():
            session.interrupt()
            event = session.wait(_STOP_SECONDS)
            if isinstance(event.reasons[0], Exited):
                raise UsageError(f"process {pid} has ended meanwhile")
            # Looking at a hundred thousand tasks takes longer than copying their memory.
            is_copied = session.keep_copy()
            succeeded = is_copied or _list(session, command, text, json=json)
            if not is_copied:
                session.detach()
        if is_copied:
            succeeded = _list(session, command, text, json=json)
    write_output(text.getvalue() + _told(watch.seconds, json=json))
    return 0 if succeeded else _FAILED


def _run_on(session: Session) -> None:
    """Let the program run without waiting for it."""
    with contextlib.suppress(StillRunningError):
        session.continue_(timeout=0)


def _list(session: Session, command: str, text: io.StringIO, *, json: bool) -> bool:
    colour = wants_colour("auto", sys.stdout, os.environ)
    output = JsonOutput(text) if json else Output(text, colour=colour)
    return run_one(session, command, output)


def _told(seconds: float, *, json: bool) -> str:
    """How long the program was stopped."""
    if json:
        return encode_line({"kind": "stopped", "data": {"seconds": round(seconds, 4)}})
    return f"The program was stopped for {seconds:.3f} s.\n"
