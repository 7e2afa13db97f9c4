"""Execution of one command line: find its command, run it, show the reply or the error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.errors import CancelledError, CrabtrapError, ParseError
from crabtrap.frontends.bug import bug_report
from crabtrap.frontends.console.quitting import Quit
from crabtrap.frontends.shortages import find_shortage
from crabtrap.frontends.streams import OutputLostError

if TYPE_CHECKING:
    from crabtrap.frontends.console.command import Command, CommandTable
    from crabtrap.frontends.console.context import CommandContext

_ABSURD_NUMBER = re.compile(r"\d[xob]?[0-9a-fA-F_]{1000,}")


class LineExecutor:
    """Executes command lines one by one.

    Args:
        table: The commands.

    Attributes:
        failed: A command has failed.
        buggy: A command has failed because of a bug in crabtrap.
    """

    def __init__(self, table: CommandTable) -> None:
        self._table = table
        self.failed = False
        self.buggy = False

    def execute(self, context: CommandContext, line: str) -> str | None:
        """Execute one line; its errors are shown and end queued lines.

        Returns:
            The line that an empty one after it repeats, ``""`` for none; ``None`` if the
            command failed.

        Raises:
            Quit: The command was ``quit``.
            OutputLostError: The output cannot be written any more.
            KeyboardInterrupt: Ctrl-C came, and the line is one of a script.
        """
        name = ""
        try:
            _check_numbers(line)
            resolved = self._table.resolve(line)
            name = resolved.command.name
            rest = resolved.arguments.rest
            reply = resolved.command.run(context, resolved.arguments)
        except (Quit, OutputLostError):
            raise
        except CrabtrapError as error:
            context.lines.drop_queue()
            self.report_error(context, name or line.split(maxsplit=1)[0], _in_line(error, line))
            return None
        except KeyboardInterrupt:
            # Of a script it is the end, and of a command that a person typed no more than that.
            if not context.lines.interactive:
                raise
            context.lines.drop_queue()
            self.report_error(context, name, CancelledError("the command was interrupted"))
            return None
        except Exception as error:
            # A bug costs one command; the program, and what was learnt about it, stay.
            context.lines.drop_queue()
            self._report_unexpected(context, name, error)
            return None
        if reply is not None:
            context.output.reply(name, reply.data, reply.lines)
            if reply.failed:
                self.failed = True
                return None
        return _repeated(resolved.command, line, rest)

    def report_error(self, context: CommandContext, command: str, error: CrabtrapError) -> None:
        """Show why a command failed, and remember that one did."""
        self.failed = True
        context.output.error(error, command)

    def _report_unexpected(self, context: CommandContext, command: str, error: Exception) -> None:
        shortage = find_shortage(error)
        if shortage is not None:
            self.report_error(context, command, shortage)
            return
        self.failed = self.buggy = True
        context.output.bug(bug_report(error), command)


def _check_numbers(line: str) -> None:
    """Refuse a number that none of the commands could mean, and that Python would not convert."""
    found = _ABSURD_NUMBER.search(line)
    if found is not None:
        raise ParseError("this number is too long", line, found.start(), found.end())


def _repeated(command: Command, line: str, rest: str) -> str:
    """What an empty line after ``line`` executes."""
    match command.repeats:
        case "line":
            return line
        case "verb":
            return line[: len(line) - len(rest)] if rest else line
        case "no":
            return ""


def _in_line(error: CrabtrapError, line: str) -> CrabtrapError:
    """Make an error about a part of ``line``, such as an expression, point into all of it."""
    if not isinstance(error, ParseError) or error.text == line or not error.text:
        return error
    start = line.find(error.text)
    if start < 0:
        return error
    return ParseError(str(error), line, start + error.start, start + error.end, hint=error.hint)
