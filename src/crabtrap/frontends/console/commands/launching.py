"""Commands that start the program, take it over, and end or leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.console.arguments import Arguments, parse_integer
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.program_runs import (
    go,
    is_stopped,
    require_program,
    run_to_stop,
    show_stop,
)
from crabtrap.frontends.console.run_line import parse_run_line
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap.events import StopEvent
    from crabtrap.frontends.console.context import CommandContext


def run(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Launch the program and let it run: ``run``."""
    event = _relaunch(context, arguments)
    if event is None:
        return None
    return go(context, context.client.continue_)


def start(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Launch the program and stop in ``main``: ``start``."""
    main = context.client.breakpoints.add("main", temporary=True)
    event = _relaunch(context, arguments)
    if event is None:
        context.client.breakpoints.remove(main.number)
        return None
    return go(context, context.client.continue_)


def starti(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Launch the program and stop at its first instruction: ``starti``."""
    event = _relaunch(context, arguments)
    return None if event is None else show_stop(context, event)


def restart(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Launch the program again in the same way: ``restart``."""
    arguments.end()
    if is_stopped(context) and not context.confirm("Start the program again from the beginning?"):
        return None
    run_to_stop(context, context.session.restart)
    return go(context, context.client.continue_)


def _relaunch(context: CommandContext, arguments: Arguments) -> StopEvent | None:
    """Launch the program, once a person has agreed to end the one that is alive."""
    if not arguments.empty:
        context.launch.use_run_line(parse_run_line(arguments.line, arguments.take_rest()))
    if is_stopped(context):
        if not context.confirm("The program is running. Start it again from the beginning?"):
            return None
        context.session.kill()
    return _launch(context)


def _launch(context: CommandContext) -> StopEvent:
    """Launch the program as the launch options say; it stops before its first instruction."""
    launch = context.launch
    return run_to_stop(
        context,
        lambda: context.session.launch(
            launch.arguments,
            environment=launch.complete_environment(),
            directory=launch.directory,
            randomize=launch.randomize,
            stdio=launch.complete_stdio(context.terminal.size()),
        ),
    )


def attach(context: CommandContext, arguments: Arguments) -> Reply:
    """Debug a running process: ``attach PID``."""
    options = arguments.options({"p": int, "pid": int})
    given = options.get("p") or options.get("pid")
    pid = parse_integer(given) if given else arguments.integer("a process id")
    arguments.end()
    if pid is None:
        arguments.fail("attach needs a process id", hint="attach PID")
    return go(context, lambda: context.session.attach(pid))


def connect(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Debug through a remote server: ``connect ADDRESS``."""
    for word in ("remote", "extended-remote"):
        arguments.literal(word)
    address = arguments.need_rest("an address")
    event = context.session.connect(address)
    if event is None:
        return Reply({"state": "connected"}, [Text(f"Connected to {address}")])
    return show_stop(context, event)


def kill(context: CommandContext, arguments: Arguments) -> Reply | None:
    """End the program: ``kill``."""
    arguments.end()
    require_program(context)
    if not context.confirm("Kill the program?"):
        return None
    pid = context.session.process.pid
    context.session.kill()
    return Reply({"pid": pid}, [Text(f"Process {pid} was killed")])


def detach(context: CommandContext, arguments: Arguments) -> Reply:
    """Let the program run without the debugger: ``detach``."""
    arguments.end()
    require_program(context)
    pid = context.session.process.pid
    context.session.detach()
    return Reply({"pid": pid}, [Text(f"Detached from process {pid}")])


STARTING = (
    Command(
        ("run", "r", "process launch"),
        run,
        "Start the program from its beginning",
        ("run [ARGUMENTS] [<IN] [>OUT] [2>ERR]",),
        (
            ("run", "start with the arguments given last"),
            ("run --fast input.txt", "start with these arguments, kept for the next time"),
            ("run <words.txt >out.txt", "with files as standard input and output"),
        ),
        "Quotes work as in a shell, but nothing is expanded and no shell is started.",
        completes="file",
    ),
    Command(
        ("start",),
        start,
        "Start the program and stop in main",
        ("start [ARGUMENTS]",),
        (("start", "stop at the first line of main"),),
        completes="file",
    ),
    Command(
        ("starti",),
        starti,
        "Start the program and stop at its first instruction",
        ("starti [ARGUMENTS]",),
        (("starti", "stop before anything has run, the loader included"),),
        completes="file",
    ),
    Command(
        ("restart",),
        restart,
        "Start the program again, with the same arguments and breakpoints",
        ("restart",),
        (("restart", "begin again"),),
    ),
)

ATTACHING_AND_ENDING = (
    Command(
        ("kill", "k", "process kill"),
        kill,
        "End the program at once",
        ("kill",),
        (("kill", "breakpoints stay for the next run"),),
    ),
    Command(
        ("attach", "process attach"),
        attach,
        "Debug a program that is already running",
        ("attach PID",),
        (("attach 4711", "stop process 4711 and look at it"),),
        "The program is let go unharmed by `detach`, by `quit`, and if the debugger dies.",
    ),
    Command(
        ("connect", "target", "gdb-remote"),
        connect,
        "Debug through a server that speaks the GDB remote protocol",
        ("connect ADDRESS",),
        (
            ("connect 127.0.0.1:1234", "gdbserver, rr, QEMU or crabtrap-guard"),
            ("connect unix:/run/guard.sock", "over a unix socket"),
            ("connect stdio:ssh host crabtrap-guard --stdio", "through a command"),
        ),
    ),
    Command(
        ("detach", "process detach"),
        detach,
        "Let the program go on without the debugger",
        ("detach",),
        (("detach", "leave no trace in it"),),
    ),
)
