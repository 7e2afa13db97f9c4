"""The console: takes lines, runs commands, shows what happens."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from crabtrap import events
from crabtrap.errors import CrabtrapError, ParseError, StateError, UsageError
from crabtrap.frontends import describe
from crabtrap.frontends.bug import bug_report
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.command_table import command_table
from crabtrap.frontends.console.displays import Displays
from crabtrap.frontends.console.notices import notice_lines
from crabtrap.frontends.console.output import Output, Text, Token
from crabtrap.frontends.console.position import Position
from crabtrap.frontends.console.preferences import Preferences
from crabtrap.frontends.console.quitting import Quit
from crabtrap.frontends.console.run_line import RunLine
from crabtrap.frontends.console.script import LineSource
from crabtrap.frontends.console.stop_display import Shown, exit_lines, shown_now, stop_lines
from crabtrap.frontends.console.terminal import NO_TERMINAL, Terminal
from crabtrap.records import replace
from crabtrap.target.stdio import Stdio

if TYPE_CHECKING:
    from crabtrap.session import Session


class Ask(Protocol):
    """Asks a person a yes-or-no question."""

    def __call__(self, question: str) -> bool:
        """The answer; ``False`` where it is not given."""
        ...


class Console:
    """One session with a person, a script or a program at the other end.

    Args:
        session: What is debugged.
        output: Where everything shown goes.
        stdio: How launched programs are connected.
        terminal: Set up while the program runs, if there is one.

    Attributes:
        session: The program being debugged.
        output: Where everything shown goes.
        table: The commands.
        preferences: What ``set`` changes.
        position: Where ``list`` and ``x`` go on.
        displays: What ``display`` shows at every stop.
        failed: A command has failed.
        buggy: One has failed in a way that nobody expected.
        last_exit: How the program ended last, if it did.
        shown: The frame shown last.
        redirections: Files for the program's streams, as ``run`` was told.
        append: Output files are appended to.
    """

    def __init__(
        self,
        session: Session,
        output: Output,
        *,
        stdio: Stdio,
        terminal: Terminal = NO_TERMINAL,
    ) -> None:
        self.session = session
        self.output = output
        self.table = command_table()
        self.preferences = Preferences()
        self.position = Position()
        self.displays = Displays()
        self.terminal = terminal
        self.stdio = stdio
        self.ask: Ask = lambda question: True
        self.failed = False
        self.buggy = False
        self.last_exit: events.Exited | None = None
        self.source: LineSource | None = None
        self.redirections: dict[str, str] = {}
        self.append = False
        self._pending: deque[str] = deque()
        self._repeat = ""
        self._sanitising_noted = False
        self.shown = Shown()
        session.on_event(self.on_event)

    # -- lines ---------------------------------------------------------------------
    def run_lines(self, source: LineSource, *, stop_at_error: bool = False) -> bool:
        """Execute every line of ``source``.

        Returns:
            Whether all of them succeeded.

        Raises:
            Quit: One of them was ``quit``.
        """
        outer, self.source = self.source, source
        fine = True
        try:
            while (line := source.next_line("")) is not None:
                if not self.execute(line):
                    fine = False
                    if stop_at_error:
                        break
        finally:
            self.source = outer
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
            if line and self.preferences.trace and not self._typed:
                self.say(Text())
                self.say((line, "comment"))
            return True
        self._repeat = ""
        fine = self._execute(line)
        while self._pending:
            fine = self._execute(self._pending.popleft()) and fine
        return fine

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

    def run_nested(self, line: str) -> bool:
        """Execute a line on behalf of another command; errors have been shown."""
        return self._execute(line)

    def _execute(self, line: str) -> bool:
        name = ""
        if self.preferences.trace and not self._typed:
            self.say(("(crabtrap) ", "strong"), line)
        try:
            resolved = self.table.resolve(line)
            name = resolved.command.name
            rest = resolved.arguments.rest
            reply = resolved.command.run(self, resolved.arguments)
        except (Quit, BrokenPipeError):
            raise
        except CrabtrapError as error:
            self.failed = True
            self._pending.clear()
            self.output.error(_with_line(error, line), name or line.split(maxsplit=1)[0])
            return False
        except Exception as error:
            # A bug costs one command; the program and what was found out so far stay.
            self.failed = self.buggy = True
            self._pending.clear()
            self.output.bug(bug_report(error), name)
            return False
        self._remember(resolved.command, line, rest)
        if reply is not None:
            self.output.reply(name, reply.data, reply.lines)
        return True

    def _remember(self, command: Command, line: str, rest: str) -> None:
        """Note what an empty line is to do."""
        if not self._typed:
            return
        match command.repeats:
            case "line":
                self._repeat = line
            case "verb":
                self._repeat = line[: len(line) - len(rest)] if rest else line
            case "no":
                self._repeat = ""

    # -- the program -----------------------------------------------------------------
    def go(self, verb: Callable[[], events.StopEvent]) -> Reply:
        """Run a blocking verb and show the stop it ends at."""
        return self.show_stop(self.quietly(verb))

    def quietly(self, verb: Callable[[], events.StopEvent]) -> events.StopEvent:
        """Run a blocking verb; Ctrl-C pauses the program meanwhile."""
        self._pending.clear()
        try:
            session = self.session
            with self.terminal.program_runs(session.interrupt, session.resize_terminal):
                return verb()
        except KeyboardInterrupt:
            raise StateError("the program does not stop when asked", hint="quit ends it") from None

    def show_stop(self, event: events.StopEvent) -> Reply:
        """Show a stop, then queue what its breakpoints want executed."""
        first = event.reasons[0]
        if self.output.sanitised and not self._sanitising_noted:
            self._sanitising_noted = True
            self.on_event(events.Notice(_SANITISED))
        if isinstance(first, events.Exited):
            self.output.restore_screen()
            self.last_exit = first
            self.position.forget()
            self.shown = Shown()
            self.output.event("exited", describe.reason(first), exit_lines(first))
            return Reply({"state": "exited"})
        self.last_exit = None
        commands = self._commands_of(event)
        silent = commands[:1] == ["silent"]
        self._pending.extend(commands[silent:])
        self.position.at_frame(self.session.frame)
        if not silent:
            data = describe.stop(self.session, event)
            lines = [] if self.output.json else stop_lines(self, event, self.shown)
            self.output.event("stopped", data, lines)
            self.shown = shown_now(self)
            self.displays.show(self)
        return Reply({"state": "stopped"})

    def _commands_of(self, event: events.StopEvent) -> list[str]:
        found: list[str] = []
        for reason in event.reasons:
            match reason:
                case events.BreakpointHit(breakpoint=number, temporary=False):
                    found += self.session.breakpoints[number].commands
                case events.WatchHit(watchpoint=number):
                    found += self.session.breakpoints[number].commands
                case _:
                    pass
        return found

    def on_event(self, event: events.Event) -> None:
        """Show what happens between stops; stops are shown by the command that ran to them."""
        match event:
            case events.StopEvent(reasons=(events.Exited(), *_)):
                self.output.restore_screen()
            case events.StopEvent() | events.Resumed():
                pass
            case events.OutputReceived(stream=stream, data=data):
                self.output.program(stream, data)
            case _:
                name = describe.event_name(event)
                self.output.event(name, describe.record(event), notice_lines(self, event))

    def use_run_line(self, line: RunLine) -> None:
        """Keep arguments and redirections for this launch and the next."""
        self.preferences.arguments = line.arguments
        self.redirections, self.append = line.files, line.append

    def launch_stdio(self) -> Stdio:
        """How the next launch is to be connected, after ``set tty`` and redirections."""
        stdio = replace(self.stdio, size=self.terminal.size())
        tty = self.preferences.tty
        if tty:
            stdio = Stdio.files(tty, tty, tty)
        return stdio.redirect(append=self.append, **self.redirections)

    def launch_environment(self) -> dict[str, str]:
        """The environment the program starts with."""
        environment = dict(os.environ)
        for name, value in self.preferences.environment.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        return environment

    @property
    def _typed(self) -> bool:
        """A person types the commands."""
        return self.source is not None and self.source.interactive

    def confirm(self, question: str) -> bool:
        """Ask a person; anything that is not one is sure of what it says."""
        return self.ask(question) if self._typed and self.preferences.confirm else True

    def say(self, *parts: str | Token | Text) -> None:
        """Show a line that is no answer and no event."""
        self.output.lines([Text(*parts)])


_SANITISED = (
    "the program draws on the terminal; what it writes is shown, not obeyed: "
    "`set program-output raw` lets it, `set tty DEVICE` gives it another terminal"
)


def _with_line(error: CrabtrapError, line: str) -> CrabtrapError:
    """Widen an error about a part of ``line`` (an expression) to point into the whole line."""
    if not isinstance(error, ParseError) or error.text == line or not error.text:
        return error
    start = line.find(error.text)
    if start < 0:
        return error
    return ParseError(str(error), line, start + error.start, start + error.end, hint=error.hint)
