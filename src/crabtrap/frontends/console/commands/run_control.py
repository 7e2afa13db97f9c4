"""Starting, resuming and ending the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.machine import Ended, NotStarted, Stopped
from crabtrap.errors import StateError
from crabtrap.frontends.console.arguments import Arguments, parse_integer
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.frames import frame_text
from crabtrap.frontends.console.output import Text
from crabtrap.frontends.console.run_line import parse_run_line

if TYPE_CHECKING:
    from crabtrap.events import StopEvent
    from crabtrap.frontends.console.console import Console


def launch(console: Console) -> StopEvent:
    """Launch the program by the preferences, stopped before its first instruction."""
    preferences = console.preferences
    return console.quietly(
        lambda: console.session.launch(
            preferences.arguments,
            environment=console.launch_environment(),
            directory=preferences.directory,
            randomize=preferences.randomize,
            stdio=console.launch_stdio(),
        )
    )


def _relaunch(console: Console, arguments: Arguments) -> StopEvent | None:
    """Launch after asking what must be asked; ``None`` when the answer was no."""
    if not arguments.empty:
        console.use_run_line(parse_run_line(arguments.line, arguments.take_rest()))
    if isinstance(console.session.state, Stopped):
        if not console.confirm("The program is running. Start it again from the beginning?"):
            return None
        console.session.kill()
    return launch(console)


def run(console: Console, arguments: Arguments) -> Reply | None:
    """``run``: launch and go."""
    event = _relaunch(console, arguments)
    if event is None:
        return None
    return console.go(console.session.continue_)


def start(console: Console, arguments: Arguments) -> Reply | None:
    """``start``: launch and stop in ``main``."""
    main = console.session.breakpoints.add("main", temporary=True)
    event = _relaunch(console, arguments)
    if event is None:
        console.session.breakpoints.remove(main.number)
        return None
    return console.go(console.session.continue_)


def starti(console: Console, arguments: Arguments) -> Reply | None:
    """``starti``: launch and stop at the first instruction."""
    event = _relaunch(console, arguments)
    return None if event is None else console.show_stop(event)


def continue_(console: Console, arguments: Arguments) -> Reply:
    """``continue [N]``: go on; with N, pass the breakpoint N-1 more times."""
    count = arguments.count()
    _launched(console)
    return console.go(lambda: console.session.continue_(ignore=count - 1))


def _launched(console: Console) -> None:
    """Tell newcomers how to begin, before the engine says it more dryly."""
    if isinstance(console.session.state, NotStarted | Ended):
        raise StateError("the program is not being run", hint="run")


def step(console: Console, arguments: Arguments) -> Reply:
    """``step [N]``: into calls of the user's own code."""
    count = arguments.count()
    _launched(console)
    return console.go(lambda: console.session.step(count))


def next_(console: Console, arguments: Arguments) -> Reply:
    """``next [N]``: over calls."""
    count = arguments.count()
    _launched(console)
    return console.go(lambda: console.session.next(count))


def stepi(console: Console, arguments: Arguments) -> Reply:
    """``stepi [N]``: instructions, into calls."""
    count = arguments.count()
    _launched(console)
    return _instruction(console, console.go(lambda: console.session.step_instruction(count)))


def nexti(console: Console, arguments: Arguments) -> Reply:
    """``nexti [N]``: instructions, over calls."""
    count = arguments.count()
    _launched(console)
    return _instruction(console, console.go(lambda: console.session.next_instruction(count)))


def _instruction(console: Console, reply: Reply) -> Reply:
    """Show the instruction to be executed next, as whoever steps by them wants."""
    if reply.data["state"] != "stopped":
        return reply
    frame = console.session.frame
    (found, *_) = console.session.disassemble(frame.pc, count=1)
    line = Text(("   => ", "marker"), (f"{found.address:#x}", "address"), "  ", found.text)
    return Reply(reply.data | {"instruction": found.text}, [line])


def finish(console: Console, arguments: Arguments) -> Reply:
    """``finish``: until the selected frame returns."""
    arguments.end()
    _launched(console)
    console.say(("Run until exit from ", "dim"), frame_text(console, console.session.frame))
    return console.go(console.session.finish)


def until(console: Console, arguments: Arguments) -> Reply:
    """``until [PLACE]``: forward only, or to a place in this frame."""
    spec = arguments.take_rest() or None
    _launched(console)
    return console.go(lambda: console.session.until(spec))


def advance(console: Console, arguments: Arguments) -> Reply:
    """``advance PLACE``: run to a place."""
    spec = arguments.need_rest("a location")
    _launched(console)
    return console.go(lambda: console.session.advance(spec))


def jump(console: Console, arguments: Arguments) -> Reply:
    """``jump PLACE``: go on from another place."""
    spec = arguments.need_rest("a location")
    _launched(console)
    return console.go(lambda: console.session.jump(spec))


def kill(console: Console, arguments: Arguments) -> Reply | None:
    """``kill``: end the program."""
    arguments.end()
    _launched(console)
    if not console.confirm("Kill the program?"):
        return None
    pid = console.session.process.pid
    console.session.kill()
    return Reply({"pid": pid}, [Text(f"Process {pid} was killed")])


def detach(console: Console, arguments: Arguments) -> Reply:
    """``detach``: let the program go on alone."""
    arguments.end()
    _launched(console)
    pid = console.session.process.pid
    console.session.detach()
    return Reply({"pid": pid}, [Text(f"Detached from process {pid}")])


def attach(console: Console, arguments: Arguments) -> Reply:
    """``attach PID``."""
    options = arguments.options({"p": True, "pid": True})
    given = options.get("p") or options.get("pid")
    pid = parse_integer(given) if given else arguments.integer("a process id")
    arguments.end()
    if pid is None:
        arguments.fail("attach needs a process id", hint="attach PID")
    return console.go(lambda: console.session.attach(pid))


def connect(console: Console, arguments: Arguments) -> Reply | None:
    """``connect ADDRESS``: use a remote server."""
    for word in ("remote", "extended-remote"):
        arguments.literal(word)
    address = arguments.need_rest("an address")
    event = console.session.connect(address)
    if event is None:
        return Reply({"state": "connected"}, [Text(f"Connected to {address}")])
    return console.show_stop(event)


def restart(console: Console, arguments: Arguments) -> Reply | None:
    """``restart``: launch again with everything as it was."""
    arguments.end()
    if isinstance(console.session.state, Stopped) and not console.confirm(
        "Start the program again from the beginning?"
    ):
        return None
    console.quietly(console.session.restart)
    return console.go(console.session.continue_)


GROUP = Group(
    "Running",
    (
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
        Command(
            ("continue", "c", "fg", "process continue", "thread continue"),
            continue_,
            "Let the program go on",
            ("continue [COUNT]",),
            (
                ("continue", "until something stops it"),
                ("continue 3", "pass the breakpoint it is at twice more, stop at the third hit"),
            ),
            repeats="line",
        ),
        Command(
            ("step", "s", "thread step-in"),
            step,
            "Go to the next line, into functions of your own",
            ("step [COUNT]",),
            (("step", "one line"), ("step 5", "five lines")),
            "The standard library and dependencies are stepped through, not into: a closure\n"
            "of yours that they call is entered. `set my-code off` steps into everything.",
            repeats="line",
        ),
        Command(
            ("next", "n", "thread step-over"),
            next_,
            "Go to the next line of this function, over calls",
            ("next [COUNT]",),
            (("next", "one line"),),
            "From a function's end it goes to the nearest caller that is your code; where there\n"
            "is none, as at the end of a thread, the program runs on, and you are told so.",
            repeats="line",
        ),
        Command(
            ("finish", "fin", "thread step-out"),
            finish,
            "Run until the selected frame returns and show what it returned",
            ("finish",),
            (("finish", "leave the current function"),),
            "With a frame selected by `up` or `frame`, it leaves that one.",
            repeats="line",
        ),
        Command(
            ("until", "u", "thread until"),
            until,
            "Go on to a later line, not back to the start of a loop",
            ("until [PLACE]",),
            (("until", "leave a loop"), ("until 42", "run to line 42 or the end of this frame")),
            completes="location",
            repeats="line",
        ),
        Command(
            ("advance",),
            advance,
            "Run to a location",
            ("advance PLACE",),
            (("advance 42", "run to line 42"), ("advance parse", "run to the function parse")),
            completes="location",
        ),
        Command(
            ("stepi", "si", "thread step-inst"),
            stepi,
            "Execute one instruction",
            ("stepi [COUNT]",),
            (("stepi", "one instruction"),),
            repeats="line",
        ),
        Command(
            ("nexti", "ni", "thread step-inst-over"),
            nexti,
            "Execute one instruction, over calls",
            ("nexti [COUNT]",),
            (("nexti", "one instruction"),),
            repeats="line",
        ),
        Command(
            ("jump", "j"),
            jump,
            "Go on from another location",
            ("jump PLACE",),
            (("jump 17", "go on from line 17"),),
            "Nothing is undone or initialised on the way; stay inside the function.",
            completes="location",
        ),
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
    ),
)
