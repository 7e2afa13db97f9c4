"""The console within another front end: lines in, texts out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from crabtrap import Stdio
from crabtrap.errors import CrabtrapError
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.output import Output
from crabtrap.frontends.console.quitting import Quit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap import Session, StackFrame
    from crabtrap.events import StreamName
    from crabtrap.frontends.console.styled_text import Text
    from crabtrap.frontends.describe import JsonObject


class _Replies(Output):
    """What commands reply; events and the program's output are told by the other front end."""

    def program(self, stream: StreamName, data: bytes) -> None:
        """Leave it to the other front end."""

    def event(self, name: str, data: JsonObject, lines: Iterable[Text]) -> None:
        """Leave it to the other front end, but for the stop that a command ends at."""
        if name in ("stopped", "exited"):
            super().event(name, data, lines)


class EmbeddedConsole:
    """Executes commands of the console on a session that is somebody else's."""

    def __init__(self, session: Session) -> None:
        self._text = io.StringIO()
        output = _Replies(self._text, colour=False)
        self._console = Console(session, output, stdio=Stdio.pipes())

    def understands(self, line: str) -> bool:
        """Whether a line begins with a command."""
        try:
            self._console.table.resolve(line.strip())
        except CrabtrapError:
            return False
        return True

    def execute(self, line: str, frame: StackFrame | None = None) -> tuple[bool, str]:
        """Execute a command, in a frame of a thread; return whether it succeeded, and its text."""
        client = self._console.context.client
        if frame is not None and frame.thread is not None:
            client.select_thread(frame.thread.tid)
            client.select_frame(frame.index)
        self._text.seek(0)
        self._text.truncate()
        try:
            succeeded = self._console.execute(line)
        except Quit:
            return False, "the session is ended by the front end, not by its console\n"
        return succeeded, self._text.getvalue()
