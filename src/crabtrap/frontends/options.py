"""The options of ``crabtrap``: one table from which they are parsed and documented."""

from __future__ import annotations

import os
from collections.abc import Callable

from crabtrap.errors import UsageError
from crabtrap.records import dataclass, field


@dataclass(slots=True)
class CommandLine:
    """The parsed command line.

    Attributes:
        program: Executable to debug.
        arguments: Its arguments.
        pid: Process to attach to.
        connect: Address of a remote server.
        commands: ``("ex", COMMAND)`` and ``("x", FILE)`` in the order given.
        batch: Leave after the commands, ask nothing.
        json: One JSON object per line instead of text.
        directory: Working directory of the program.
        environment: Changes to its environment.
        stdin, stdout, stderr: Files for its streams.
        tty: Terminal device for all three.
        aslr: Leave address space randomisation on.
        color: "auto", "always" or "never".
        rules: Rule files for types.
        log: ``LAYER[,LAYER]=LEVEL`` settings.
        init: Run the commands of the user's own file first, where a person types.
        reattach: Go on with a program that is held; ``pid`` says which.
        group: List tasks with the same stack as one.
        doctor, help, version, repair, tasks, dap: Do that instead; ``pid`` is the process to
            repair, or whose tasks are listed.
    """

    program: str | None = None
    arguments: list[str] = field(default_factory=list[str])
    pid: int | None = None
    connect: str | None = None
    commands: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    batch: bool = False
    json: bool = False
    directory: str | None = None
    environment: dict[str, str] = field(default_factory=dict[str, str])
    stdin: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    tty: str | None = None
    aslr: bool = False
    color: str = "auto"
    rules: list[str] = field(default_factory=list[str])
    log: list[str] = field(default_factory=list[str])
    init: bool = True
    doctor: bool = False
    repair: bool = False
    tasks: bool = False
    dap: bool = False
    group: bool = False
    reattach: bool = False
    help: bool = False
    version: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """One option.

    Attributes:
        names: All spellings, the documented one first.
        value: Name of its value, ``""`` for none.
        summary: What it does.
        apply: Puts it into the options; the text is ``""`` without a value.
    """

    names: tuple[str, ...]
    value: str
    summary: str
    apply: Callable[[CommandLine, str], None]


def _environment(options: CommandLine, text: str) -> None:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--env {text}: a name and a value are needed", hint="--env NAME=VALUE")
    options.environment[name] = value


_PID_DIGITS = 9
"""The kernel's largest is 4194304: PID_MAX_LIMIT in proc(5)."""


def _pid(options: CommandLine, text: str) -> None:
    if not text.isdecimal() or len(text) > _PID_DIGITS:
        raise UsageError(f"{text} is not a process id", hint="ps -e lists processes")
    options.pid = int(text)


def _color(options: CommandLine, text: str) -> None:
    if text not in ("auto", "always", "never"):
        raise UsageError(f"--color {text}: it is auto, always or never")
    options.color = text


def _assign(name: str) -> Callable[[CommandLine, str], None]:
    return lambda options, text: setattr(options, name, text)


def _turn_on(name: str) -> Callable[[CommandLine, str], None]:
    return lambda options, text: setattr(options, name, True)


FLAGS: tuple[Flag, ...] = (
    Flag(("-p", "--pid"), "PID", "debug a process that is running", _pid),
    Flag(("--connect",), "ADDRESS", "debug through a remote server", _assign("connect")),
    Flag(
        ("-ex", "--ex", "--eval-command"),
        "COMMAND",
        "run a command; may be repeated",
        lambda options, text: options.commands.append(("ex", _as_text(text))),
    ),
    Flag(
        ("-x", "--command"),
        "FILE",
        "run the commands of a file",
        lambda options, text: options.commands.append(("x", text)),
    ),
    Flag(("--batch", "-batch"), "", "leave after the commands, ask nothing", _turn_on("batch")),
    Flag(("--json",), "", "answer with one JSON object per line", _turn_on("json")),
    Flag(("--group",), "", "with `tasks`: one entry for each stack", _turn_on("group")),
    Flag(("--cwd", "-C"), "DIRECTORY", "where the program is started", _assign("directory")),
    Flag(("--env", "-E"), "NAME=VALUE", "a variable in its environment", _environment),
    Flag(("--stdin",), "FILE", "its standard input", _assign("stdin")),
    Flag(("--stdout",), "FILE", "its standard output", _assign("stdout")),
    Flag(("--stderr",), "FILE", "its standard error", _assign("stderr")),
    Flag(("--tty",), "DEVICE", "a terminal for all three", _assign("tty")),
    Flag(("--aslr",), "", "leave its address space randomised", _turn_on("aslr")),
    Flag(
        ("--rules",),
        "FILE",
        "show types as this rule file says; may be repeated",
        lambda options, text: options.rules.append(text),
    ),
    Flag(("--color", "--colour"), "WHEN", "auto, always or never", _color),
    Flag(
        ("--log",),
        "LAYER=LEVEL",
        "log to standard error: engine,remote=debug",
        lambda options, text: options.log.append(text),
    ),
    Flag(
        ("-nx", "--nx"),
        "",
        "leave out ~/.config/crabtrap/init",
        lambda options, text: setattr(options, "init", False),
    ),
    Flag(("-q", "--quiet"), "", "accepted, as in gdb", lambda options, text: None),
    Flag(("--version", "-V"), "", "print the version", _turn_on("version")),
    Flag(("--help", "-h"), "", "print this", _turn_on("help")),
)

_ERRANDS = ("doctor", "dap", "repair", "reattach", "tasks")
"""Words in the place of a program that are none; ``./doctor`` is one."""

INTERNAL_ERROR = 3
"""Exit code for a bug in crabtrap itself."""

_BY_NAME = {name: flag for flag in FLAGS for name in flag.names}


def parse_options(arguments: list[str]) -> CommandLine:
    """Parse the command line.

    Raises:
        UsageError: An option is unknown or has a wrong value.
    """
    options = CommandLine()
    position = 0
    loose: list[str] = []
    while position < len(arguments):
        argument = arguments[position]
        position += 1
        if argument in ("--args", "--"):
            loose += arguments[position:]
            break
        if not argument.startswith("-") or argument == "-":
            loose.append(argument)
            if loose[0] not in _ERRANDS:
                # What follows the program is the program's own, dashes included.
                loose += arguments[position:]
                break
            continue
        position = _take(options, arguments, position)
    _assign_loose(options, loose)
    return options


def _take(options: CommandLine, arguments: list[str], position: int) -> int:
    """Apply the option before ``position``; return where the next argument begins."""
    argument = arguments[position - 1]
    name, equals, value = argument.partition("=")
    flag = _BY_NAME.get(argument) or _BY_NAME.get(name)
    if flag is None:
        import difflib

        close = difflib.get_close_matches(name, list(_BY_NAME), n=1)
        raise UsageError(
            f"unknown option {argument}",
            hint=close[0] if close else "crabtrap --help; the program's own options follow --args",
        )
    if not flag.value:
        if equals:
            raise UsageError(f"{name} takes no value")
        flag.apply(options, "")
    elif equals:
        flag.apply(options, value)
    elif position < len(arguments):
        flag.apply(options, arguments[position])
        position += 1
    else:
        raise UsageError(f"{argument} needs a value: {argument} {flag.value}")
    return position


def _assign_loose(options: CommandLine, loose: list[str]) -> None:
    match loose:
        case []:
            pass
        case ["doctor" | "dap" as errand]:
            setattr(options, errand, True)
        case ["repair" | "reattach" | "tasks" as errand, *rest] if len(rest) <= 1:
            setattr(options, errand, True)
            for text in rest:
                _pid(options, text)
        case _:
            options.program, options.arguments = loose[0], loose[1:]
    if options.group and not options.tasks:
        raise UsageError("--group goes with tasks", hint="crabtrap tasks --group PID")
    if options.pid is not None and options.connect is not None:
        raise UsageError("-p and --connect exclude each other")


def _as_text(argument: str) -> str:
    """Replace bytes that are no text, as in commands that come from files."""
    return os.fsencode(argument).decode("utf-8", "replace")


def usage() -> str:
    """The text of ``--help``."""
    rows = [
        (", ".join(flag.names[:2]) + (f" {flag.value}" if flag.value else ""), flag.summary)
        for flag in FLAGS
    ]
    width = max(len(left) for left, _ in rows)
    listed = "\n".join(f"  {left:<{width}}  {right}" for left, right in rows)
    return f"{_HEAD}\n{listed}\n\n{_TAIL}"


_HEAD = """\
crabtrap: a debugger for Rust

  crabtrap PROGRAM [ARGUMENTS]           debug a program
  crabtrap OPTIONS --args PROGRAM ...    the same, with options before it
  crabtrap -p PID                        debug a process that is running
  cargo crabtrap [run|test|build] ...    build with cargo, debug what it built
  crabtrap doctor                        check what this machine allows
  crabtrap dap                           serve an editor: the Debug Adapter Protocol
  crabtrap tasks PID                     list the async tasks of a process that is running
  crabtrap reattach [PID]                go on where a debugger has died
  crabtrap repair [PID]                  take out of programs what a killed debugger left

Options:"""

_TAIL = """\
Exit codes: 0 all went well, 1 the program cannot be debugged, 2 wrong usage, 3 a bug in
crabtrap. With --batch: 1 if a command failed, else the program's own exit code, or 128 +
the signal that ended it.
"""
