"""Commands about the console itself: scripts, the shell, leaving."""

from __future__ import annotations

import codecs
import os
import subprocess
from typing import TYPE_CHECKING

from crabtrap.errors import UsageError
from crabtrap.files import working_directory
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.program_runs import is_stopped
from crabtrap.frontends.console.quitting import Quit
from crabtrap.frontends.console.script import script_lines
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext


def source(context: CommandContext, arguments: Arguments) -> Reply:
    """Run commands from a file, up to the first that fails: ``source FILE``."""
    path = arguments.need_rest("a file")
    lines = script_lines(path)
    if not context.lines.run_lines(lines, stop_at_error=True):
        raise UsageError(f"{path} was left at line {lines.number}, where a command failed")
    return Reply({"file": path})


def echo(context: CommandContext, arguments: Arguments) -> None:
    r"""Print a text, in which ``\n`` and ``\t`` are escapes: ``echo TEXT``."""
    text = arguments.take_rest()
    if text[:1] == text[-1:] == '"' and len(text) > 1:
        text = text[1:-1]
    context.output.plain(codecs.decode(text.encode("ascii", "backslashreplace"), "unicode_escape"))


def printf(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Print a text with values in it: ``printf "FORMAT", EXPRESSION…``."""
    text = context.client.printf(arguments.need_rest("a text and values"))
    if context.output.json:
        return Reply({"text": text})
    context.output.plain(text)
    return None


def shell(context: CommandContext, arguments: Arguments) -> Reply:
    """Run a shell command, where a person types: ``shell [COMMAND]``."""
    if not context.lines.interactive:
        raise UsageError("shell needs a person at a terminal", hint="run it outside of crabtrap")
    command = arguments.take_rest()
    shell_path = os.environ.get("SHELL", "/bin/sh")
    done = subprocess.run([shell_path, *(("-c", command) if command else ())], check=False)
    status = done.returncode
    lines = [Text(f"The command ended with status {status}.")] if status else []
    return Reply({"status": status}, lines)


def pwd(context: CommandContext, arguments: Arguments) -> Reply:
    """Show the working directory: ``pwd``."""
    arguments.end()
    directory = working_directory()
    if directory is None:
        raise UsageError("the working directory was deleted", hint="cd DIRECTORY")
    return Reply({"directory": directory}, [Text(directory)])


def cd(context: CommandContext, arguments: Arguments) -> Reply:
    """Change the working directory: ``cd DIRECTORY``."""
    path = os.path.expanduser(arguments.need_rest("a directory"))
    try:
        os.chdir(path)
    except OSError as error:
        raise UsageError(f"cannot go to {path}: {error.strerror}") from error
    return Reply({"directory": working_directory()})


def quit_(context: CommandContext, arguments: Arguments) -> None:
    """Leave the console: ``quit [CODE]``."""
    code = arguments.integer("an exit code")
    arguments.end()
    if may_leave(context):
        raise Quit(code)


def may_leave(context: CommandContext) -> bool:
    """Whether the console may be left; a person is asked where that kills the program."""
    if not is_stopped(context) or not context.session.launched:
        return True
    return context.confirm("The program is still alive and would be killed. Leave?")


_CONVERSIONS = (
    "The format is a text as in Rust, with `\\n` where a line ends. %d %i are integers, %u %x %X\n"
    "%o %b their bits as unsigned, %c a character, %f %e %g floats, %p an address, %s a text\n"
    "without quotes or any other value as `print` shows it, %% a percent sign. Flags `-+ 0#`, a\n"
    "width, a precision and `*` are as in C; lengths (`%ld`, `%zu`) may stand there and say\n"
    "nothing. `bool`, `char` and enums without fields are integers, too. `print format!(..)`\n"
    "writes by Rust's own rules."
)

GROUP = Group(
    "The console",
    (
        Command(
            ("source",),
            source,
            "Run commands from a file",
            ("source FILE",),
            (("source setup.crab", "stops at the first command that fails"),),
            completes="file",
        ),
        Command(
            ("echo",),
            echo,
            "Print a text",
            ("echo TEXT",),
            (("echo done\\n", "\\n ends the line"),),
        ),
        Command(
            ("printf",),
            printf,
            "Print a text with values in it, as C's printf does",
            ('printf "FORMAT", EXPRESSION…',),
            (
                (r'printf "%d words of %s\n", words.len(), name', "numbers and texts"),
                (r'printf "%#010x %5.2f%%\n", flags, 100.0 * ratio', "flags, widths, precisions"),
                (r'printf "%-8s|%p\n", entry, &entry', "%s shows any value, %p an address"),
            ),
            _CONVERSIONS,
            completes="expression",
        ),
        Command(
            ("shell", "!"),
            shell,
            "Run a shell command",
            ("shell [COMMAND]",),
            (("shell ls", "or ! ls"),),
            "Only where a person types the commands.",
            completes="file",
        ),
        Command(("pwd",), pwd, "Show the working directory", ("pwd",)),
        Command(("cd",), cd, "Change the working directory", ("cd DIRECTORY",), completes="file"),
        Command(
            ("quit", "q", "exit"),
            quit_,
            "Leave",
            ("quit [CODE]",),
            (("quit", "a launched program ends with it, an attached one goes on"),),
        ),
    ),
)
