"""The console: reads command lines, has them executed, and repeats what an empty line asks for."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from crabtrap.errors import UsageError
from crabtrap.frontends.console.command_table import command_table
from crabtrap.frontends.console.context import CommandContext, StopRecord
from crabtrap.frontends.console.displays import Displays
from crabtrap.frontends.console.event_display import show_event
from crabtrap.frontends.console.launch_options import LaunchOptions
from crabtrap.frontends.console.line_executor import LineExecutor
from crabtrap.frontends.console.position import Position
from crabtrap.frontends.console.preferences import Preferences
from crabtrap.frontends.console.terminal import NO_TERMINAL, Terminal
from crabtrap.frontends.streams import OutputLostError

if TYPE_CHECKING:
    from crabtrap import Session, Stdio
    from crabtrap.errors import CrabtrapError
    from crabtrap.events import Event
    from crabtrap.frontends.console.output import Output
    from crabtrap.frontends.console.script import LineSource

_DEEPEST = 16
"""Files of commands, each run by a command of the one before."""


class Console:
    """One session with a person, a script or a program at the other end.

    Args:
        session: The program being debugged.
        output: Where everything shown goes.
        stdio: How launched programs are connected.
        terminal: Set up while the program runs, if there is one.

    Attributes:
        table: The commands.
        context: What commands are called with.
        source: Where lines come from at the moment, ``None`` between sources.
        ask: Asks a person a yes-or-no question.
    """

    def __init__(
        self,
        session: Session,
        output: Output,
        *,
        stdio: Stdio,
        terminal: Terminal = NO_TERMINAL,
    ) -> None:
        self.table = command_table()
        self.context = CommandContext(
            session=session,
            client=session.new_client("console"),
            output=output,
            terminal=terminal,
            lines=self,
            confirm=self.confirm,
            launch=LaunchOptions(stdio),
            preferences=Preferences(),
            position=Position(),
            displays=Displays(),
            stops=StopRecord(),
        )
        self.source: LineSource | None = None
        self.ask: Callable[[str], bool] = lambda question: True
        self._executor = LineExecutor(self.table)
        self._queue: deque[str] = deque()
        self._repeat = ""
        self._depth = 0
        session.subscribe(self._on_event)

    def _on_event(self, event: Event) -> None:
        # Whoever reads our output may be gone; the next line of our own ends the console.
        with contextlib.suppress(OutputLostError):
            show_event(self.context.output, event)

    @property
    def failed(self) -> bool:
        """A command has failed."""
        return self._executor.failed

    @property
    def buggy(self) -> bool:
        """A command has failed because of a bug in crabtrap."""
        return self._executor.buggy

    @property
    def interactive(self) -> bool:
        """A person types the lines."""
        return self.source is not None and self.source.interactive

    def run_lines(self, source: LineSource, *, stop_at_error: bool = False) -> bool:
        """Execute every line of ``source``.

        Returns:
            Whether all of them succeeded.

        Raises:
            Quit: One of them was ``quit``.
            UsageError: Sources that name sources are nested too deeply.
        """
        if self._depth >= _DEEPEST:
            raise UsageError(
                f"{source.name} is more than {_DEEPEST} files deep",
                hint="does a file run itself?",
            )
        outer, self.source = self.source, source
        self._depth += 1
        fine = True
        try:
            while (line := source.next_line("")) is not None:
                if not self.execute(line):
                    fine = False
                    if stop_at_error:
                        break
        finally:
            self.source = outer
            self._depth -= 1
        return fine

    def execute(self, line: str) -> bool:
        """Execute one line and the breakpoint commands it leads to.

        An empty line repeats the last one where a person types; a line beginning with
        ``#`` is a comment.

        Returns:
            Whether everything succeeded; errors have been shown.
        """
        line = line.strip()
        if not line:
            line = self._repeat
        if not line or line.startswith("#"):
            if line and self._traced:
                self.context.output.say()
                self.context.output.say((line, "comment"))
            return True
        self._repeat = ""
        fine = self.run_nested(line)
        while self._queue:
            fine = self.run_nested(self._queue.popleft()) and fine
        return fine

    def run_nested(self, line: str) -> bool:
        """Execute a line on behalf of another command; errors are shown, not raised."""
        if self._traced:
            self.context.output.say(("(crabtrap) ", "strong"), line)
        repeated = self._executor.execute(self.context, line)
        if repeated is not None and self.interactive:
            self._repeat = repeated
        return repeated is not None

    def read_block(self, prompt: str) -> tuple[str, ...]:
        """Read lines up to ``end`` from where the present command came from.

        Raises:
            UsageError: The lines end first.
        """
        lines: list[str] = []
        if self.source is None:
            raise UsageError("there are no further lines to read commands from")
        while (line := self.source.next_line(prompt)) is not None:
            if line.strip() == "end":
                return tuple(lines)
            lines.append(line.strip())
        raise UsageError("the commands do not end", hint="finish them with a line: end")

    def queue(self, lines: Iterable[str]) -> None:
        """Have lines executed after the present command."""
        self._queue.extend(lines)

    def drop_queue(self) -> None:
        """Forget the lines that are queued."""
        self._queue.clear()

    def confirm(self, question: str) -> bool:
        """Ask a person; a script or a program is taken to mean what it says."""
        return self.ask(question) if self.interactive and self.context.preferences.confirm else True

    def report_error(self, command: str, error: CrabtrapError) -> None:
        """Show an error of something that was done on behalf of ``command``."""
        self._executor.report_error(self.context, command, error)

    @property
    def _traced(self) -> bool:
        """Lines are shown before they are executed."""
        return self.context.preferences.trace and not self.interactive
