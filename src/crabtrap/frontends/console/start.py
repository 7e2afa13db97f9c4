"""Start of the console: from command line options to an exit code."""

from __future__ import annotations

import os
import sys
from itertools import groupby
from typing import TYPE_CHECKING

from crabtrap import Session, Stdio
from crabtrap.errors import CrabtrapError, DebugInfoError, UsageError
from crabtrap.events import Exited
from crabtrap.folders import config_folder
from crabtrap.frontends.console.commands.rules import load_file
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.output import Output, wants_colour
from crabtrap.frontends.console.program_runs import go, show_stop
from crabtrap.frontends.console.quitting import Quit
from crabtrap.frontends.console.script import LineSource, ListedLines, StreamLines, script_lines
from crabtrap.frontends.console.styled_text import escape
from crabtrap.frontends.console.terminal import NO_TERMINAL, Terminal
from crabtrap.frontends.options import INTERNAL_ERROR

if TYPE_CHECKING:
    from crabtrap.frontends.options import CommandLine

HELD_SECONDS = 30
"""How long a stopped program is held for ``crabtrap reattach`` where nothing else is set."""

_COMMAND_FAILED = 1
_SIGNAL_BASE = 128


def run_console(options: CommandLine) -> int:
    """Debug a program as the options say; return the exit code.

    Raises:
        OutputLostError: Not all of the output could be written.
    """
    _start_logging(options.log)
    person = not options.batch and not options.json and sys.stdin.isatty()
    terminal = Terminal(0) if sys.stdin.isatty() and not options.json else NO_TERMINAL
    if options.directory is not None and not os.path.isdir(options.directory):
        raise UsageError(f"--cwd {options.directory}: no such directory")
    session = _session_for(options.program)
    output = _output(options, terminal if person else NO_TERMINAL)
    console = Console(session, output, stdio=_stdio(options), terminal=terminal)
    if not options.batch:
        console.context.client.hold_program(HELD_SECONDS)
    if person:
        terminal.guard()
    try:
        code = _run(console, options, person=person)
    finally:
        try:
            session.close()
        finally:
            terminal.close()
    if console.context.output.lost is not None:
        raise console.context.output.lost
    return code


def run_one(session: Session, line: str, output: Output) -> bool:
    """Execute one command of the console on a session; whether it succeeded."""
    return Console(session, output, stdio=Stdio.inherit()).execute(line)


def _session_for(name: str | None) -> Session:
    """Open a session for a path, or for a command that is found as a shell finds it.

    Raises:
        UsageError: The file cannot be read.
        DebugInfoError: It is no program that can be debugged.
    """
    path = name
    if name is not None and "/" not in name and not os.path.exists(name):
        import shutil

        path = shutil.which(name)
    try:
        return Session(path or name)
    except OSError as error:
        built = os.path.exists("Cargo.toml")
        hint = "build and debug it with: cargo crabtrap run" if built else "check the path"
        raise UsageError(f"cannot read {name}: {error.strerror}", hint=hint) from error
    except DebugInfoError as error:
        error.hint = error.hint or "name a program for x86-64 Linux, such as target/debug/NAME"
        raise


def _run(console: Console, options: CommandLine, *, person: bool) -> int:
    _prepare(console, options)
    try:
        if person and options.init:
            _run_init(console)
        if person and options.program is None:
            _mention_held(console, options)
        _begin(console, options)
        for source in _sources(options):
            console.run_lines(source, stop_at_error=bool(source.name))
        if not options.batch:
            console.run_lines(_rest(console, person=person))
            _leave(console, person=person)
    except Quit as quitting:
        if quitting.code is not None:
            return quitting.code
    return _exit_code(console) if options.batch else 0


def _mention_held(console: Console, options: CommandLine) -> None:
    """Say which programs another session has left behind, where none was named."""
    if options.pid is not None or options.connect is not None or options.reattach:
        return
    from crabtrap import find_held

    for saved in find_held():
        name = saved.program or "a program"
        fate = f"is held for {saved.seconds_left} s more" if saved.is_held else "was let go"
        console.context.output.say(
            ("note: ", "hint"),
            f"the debugger of process {saved.pid} ({name}) has died; it {fate}: "
            f"crabtrap reattach {saved.pid}",
        )


def _run_init(console: Console) -> None:
    """Run the user's init file, unless others than the user could have written it."""
    try:
        path = os.path.join(config_folder(), "init")
        status = os.stat(path)
    except OSError:
        return
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        console.context.output.say(
            ("note: ", "hint"), f"{path} was not run: others may write to it"
        )
        return
    console.run_lines(script_lines(path), stop_at_error=True)


def _leave(console: Console, *, person: bool) -> None:
    """Leave at the end of the input; a person is asked first and may go on."""
    from crabtrap.frontends.console.commands.console_control import may_leave

    while person:
        source = _rest(console, person=True)
        console.source = source
        if may_leave(console.context):
            return
        console.run_lines(source)


def _exit_code(console: Console) -> int:
    if console.buggy:
        return INTERNAL_ERROR
    if console.failed:
        return _COMMAND_FAILED
    match console.context.stops.last_exit:
        case Exited(code=int(code)):
            return code
        case Exited(signal=int(number)):
            return _SIGNAL_BASE + number
        case _:
            return 0


def _prepare(console: Console, options: CommandLine) -> None:
    for path in options.rules:
        load_file(console.context.session, path)
    launch = console.context.launch
    launch.arguments = tuple(options.arguments)
    launch.environment.update(options.environment)
    launch.directory = options.directory
    launch.randomize = options.aslr
    launch.tty = options.tty
    named = {"stdin": options.stdin, "stdout": options.stdout, "stderr": options.stderr}
    launch.redirections = {name: file for name, file in named.items() if file is not None}


def _begin(console: Console, options: CommandLine) -> None:
    """Attach or connect before the first command."""
    context = console.context
    try:
        if options.reattach:
            go(context, lambda: context.session.reattach(options.pid))
        elif options.pid is not None:
            pid = options.pid
            go(context, lambda: context.session.attach(pid))
        elif options.connect is not None:
            event = context.session.connect(options.connect)
            if event is not None:
                show_stop(context, event)
    except CrabtrapError as error:
        command = "attach" if options.connect is None else "connect"
        console.report_error("reattach" if options.reattach else command, error)


def _sources(options: CommandLine) -> list[LineSource]:
    """The sources of ``-x`` and ``-ex``; neighbouring ``-ex`` are one, which a block can span."""
    sources: list[LineSource] = []
    for kind, run in groupby(options.commands, lambda command: command[0]):
        texts = [text for _, text in run]
        sources += [ListedLines(texts)] if kind == "ex" else map(script_lines, texts)
    return sources


def _rest(console: Console, *, person: bool) -> LineSource:
    if not person:
        return StreamLines(sys.stdin)
    from crabtrap.frontends.console.prompt import PromptLines

    prompt = PromptLines(console.context, console.table)
    console.ask = prompt.ask
    return prompt


def _output(options: CommandLine, terminal: Terminal) -> Output:
    """The output on ``sys.stdout``, with errors on ``sys.stderr``.

    Progress is drawn where a person sits at ``terminal``: of what a program without a terminal
    of its own has written there we do not know whether it ends its line.
    """
    if options.json:
        from crabtrap.frontends.console.json_lines import JsonOutput

        return JsonOutput(sys.stdout)
    colour = wants_colour(options.color, sys.stdout, os.environ)
    # Errors belong among the replies where one person reads both.
    together = sys.stdout.isatty() and sys.stderr.isatty()
    draws = terminal.columns is not None and sys.stdout.isatty()
    dumb = os.environ.get("TERM") == "dumb"
    return Output(
        sys.stdout,
        colour=colour,
        errors=None if together else sys.stderr,
        columns=(lambda: terminal.size()[1]) if draws and not dumb else None,
    )


def _stdio(options: CommandLine) -> Stdio:
    """How the program's streams are connected unless they are redirected.

    Where a person sits at a terminal, the program gets terminals of its own, so that Ctrl-C
    and its terminal settings do not affect ours.  JSON must not be mixed with the program's
    output.  Where commands are read from standard input, the program must not read them.
    """
    if options.json:
        return Stdio.pipes()
    if sys.stdin.isatty():
        return Stdio.pty(keyboard=0)
    return Stdio.inherit() if options.batch else Stdio.inherit().redirect(stdin=os.devnull)


def _start_logging(wishes: list[str]) -> None:
    """Apply ``--log engine,remote=debug``."""
    if not wishes:
        return
    import logging

    class Escaping(logging.Formatter):
        """Escapes log lines, which hold packets and names from programs and servers."""

        def format(self, record: logging.LogRecord) -> str:
            return escape(super().format(record))

    handler = logging.StreamHandler()
    handler.setFormatter(Escaping("%(relativeCreated)8.1fms %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    for wish in wishes:
        layers, _, level = wish.partition("=")
        number = logging.getLevelNamesMapping().get((level or "debug").upper())
        if number is None:
            raise UsageError(f"--log {wish}: unknown level {level}", hint="debug, info or warning")
        for layer in layers.split(","):
            name = "crabtrap" if layer == "all" else f"crabtrap.{layer}"
            logging.getLogger(name).setLevel(number)
