"""The table of settings behind ``set`` and ``show``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from crabtrap import UserCode
from crabtrap.errors import NotFoundError, UsageError
from crabtrap.frontends.console.run_line import parse_run_line
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap import PanicStop
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json

Read = Callable[["CommandContext"], "Json"]
Write = Callable[["CommandContext", str], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: What follows ``set``; words separated by one space.
        values: What it accepts, for help.
        summary: What it does.
        read: Returns its present value.
        write: Changes it to the value that a text means.
    """

    name: str
    values: str
    summary: str
    read: Read
    write: Write


def parse_switch(text: str) -> bool:
    """Parse ``on`` or ``off``; an empty text means ``on``.

    Raises:
        UsageError: It is neither.
    """
    match text.lower():
        case "" | "on" | "1" | "yes" | "true" | "enable":
            return True
        case "off" | "0" | "no" | "false" | "disable":
            return False
        case _:
            raise UsageError(f"{text!r} is neither on nor off")


def parse_limit(text: str) -> int:
    """Parse a count; ``unlimited`` and 0 mean a million.

    Raises:
        UsageError: It is no number.
    """
    if text in ("unlimited", "0"):
        return _UNLIMITED
    if not text.isdecimal():
        raise UsageError(f"{text!r} is not a number", hint="a number, or unlimited")
    return int(text)


_UNLIMITED = 1_000_000


def _switch(name: str, field: str, summary: str) -> Setting:
    def write(context: CommandContext, text: str) -> None:
        setattr(context.preferences, field, parse_switch(text))

    return Setting(name, "on|off", summary, lambda c: getattr(c.preferences, field), write)


def _number(name: str, field: str, summary: str, *, zero: bool = False) -> Setting:
    def write(context: CommandContext, text: str) -> None:
        value = 0 if zero and text == "0" else parse_limit(text)
        setattr(context.preferences, field, value)

    return Setting(name, "NUMBER", summary, lambda c: getattr(c.preferences, field), write)


def _choice(name: str, choices: Sequence[str], summary: str, read: Read, write: Write) -> Setting:
    def checked(context: CommandContext, text: str) -> None:
        if text not in choices:
            raise NotFoundError("value", text, tuple(choices))
        write(context, text)

    return Setting(name, "|".join(choices), summary, read, checked)


def _set_arguments(context: CommandContext, text: str) -> None:
    context.launch.use_run_line(parse_run_line(text, text))


def _set_environment(context: CommandContext, text: str) -> None:
    name, equals, value = text.partition("=")
    if not equals:
        name, _, value = text.partition(" ")
    if not name.strip():
        raise UsageError("a name and a value are needed", hint="set environment NAME=VALUE")
    context.launch.environment[name.strip()] = value.strip()


def _set_color(context: CommandContext, text: str) -> None:
    context.output.colour = parse_switch(text) and not context.output.json


def _set_scheduler(context: CommandContext, text: str) -> None:
    context.session.options.scheduler_lock = text in ("on", "step", "1")


def _set_my_code(context: CommandContext, text: str) -> None:
    policy = UserCode() if parse_switch(text) else UserCode.everything()
    context.session.options.user_code = policy


def _set_follow(context: CommandContext, text: str) -> None:
    context.session.options.follow = "child" if text == "child" else "parent"


def _set_panic_stop(context: CommandContext, text: str) -> None:
    which: PanicStop = "uncaught" if text == "uncaught" else "on" if text == "on" else "off"
    context.client.breakpoints.stop_at_panics(which)


def _set_tty(context: CommandContext, text: str) -> None:
    context.launch.tty = text or None


def _set_directory(context: CommandContext, text: str) -> None:
    context.launch.directory = text or None


def _set_aslr(context: CommandContext, text: str) -> None:
    context.launch.randomize = not parse_switch(text)


def _set_program_output(context: CommandContext, text: str) -> None:
    context.output.raw_program = text == "raw"


def _set_source_path(context: CommandContext, text: str) -> None:
    old, _, new = text.partition(" ")
    if not new.strip():
        raise UsageError("two directories are needed", hint="set substitute-path FROM TO")
    context.session.sources.substitute(old, new.strip())


def _set_hold(context: CommandContext, text: str) -> None:
    if not text.isdecimal():
        raise UsageError(f"{text!r} is no number of seconds", hint="set hold 30")
    context.client.hold_program(int(text))


def _ignored(name: str) -> Setting:
    """A setting of gdb that scripts use and that has no effect here."""
    return Setting(
        name, "ANY", "accepted for gdb scripts, without effect", lambda c: None, lambda c, t: None
    )


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "args",
        "ARGUMENTS",
        "arguments the program is started with",
        lambda c: list(c.launch.arguments),
        _set_arguments,
    ),
    Setting(
        "environment",
        "NAME=VALUE",
        "a variable in the environment the program is started with",
        lambda c: dict(c.launch.environment),
        _set_environment,
    ),
    Setting(
        "cwd",
        "DIRECTORY",
        "where the program is started",
        lambda c: c.launch.directory,
        _set_directory,
    ),
    Setting(
        "tty",
        "DEVICE",
        "terminal the program is started on",
        lambda c: c.launch.tty,
        _set_tty,
    ),
    Setting(
        "disable-randomization",
        "on|off",
        "start the program without address space randomisation",
        lambda c: not c.launch.randomize,
        _set_aslr,
    ),
    _choice(
        "follow-fork-mode",
        ("parent", "child"),
        "which side of a fork to stay with",
        lambda c: c.session.options.follow,
        _set_follow,
    ),
    _choice(
        "scheduler-locking",
        ("on", "off", "step"),
        "only the selected thread runs",
        lambda c: c.session.options.scheduler_lock,
        _set_scheduler,
    ),
    Setting(
        "my-code",
        "on|off",
        "step through the standard library and dependencies, not into them",
        lambda c: c.session.options.user_code != UserCode.everything(),
        _set_my_code,
    ),
    _choice(
        "panic-stop",
        ("on", "uncaught", "off"),
        "stop at every panic, or only at those that the program does not catch",
        lambda c: c.client.breakpoints.panic_stop,
        _set_panic_stop,
    ),
    _number("call timeout", "call_timeout", "seconds a called function may take"),
    _choice(
        "call threads",
        ("one", "all"),
        "which threads run while a function is called",
        lambda c: "all" if c.preferences.call_all_threads else "one",
        lambda c, t: setattr(c.preferences, "call_all_threads", t == "all"),
    ),
    Setting(
        "hold",
        "SECONDS",
        "how long a stopped program waits for crabtrap reattach should crabtrap die; 0 for not",
        lambda c: c.client.hold_seconds,
        _set_hold,
    ),
    _number("context", "context_lines", "source lines shown at a stop; 0 for none", zero=True),
    _number("listsize", "list_lines", "source lines shown by list"),
    _number("print elements", "elements", "items of a sequence shown at most"),
    _number("print depth", "depth", "levels of nesting shown at most"),
    _switch("print pretty", "pretty", "values that do not fit a line are shown over several"),
    _switch("print types", "types", "types are shown with values"),
    _switch("print address", "addresses", "addresses are shown in backtraces"),
    _switch("print std-frames", "std_frames", "frames that are not yours are shown, not folded"),
    _switch("print frame-arguments", "frame_arguments", "arguments are shown in backtraces"),
    _choice(
        "disassembly-flavor",
        ("intel", "att"),
        "syntax of machine code",
        lambda c: c.session.memory.syntax,
        lambda c, t: setattr(c.session, "disassembly_syntax", t),
    ),
    Setting(
        "substitute-path",
        "FROM TO",
        "look for source files of one directory in another",
        lambda c: None,
        _set_source_path,
    ),
    _choice(
        "program-output",
        ("sanitised", "raw"),
        "pass only colours of the program's output on to the terminal, or everything",
        lambda c: "raw" if c.output.raw_program else "sanitised",
        _set_program_output,
    ),
    Setting("color", "on|off", "styles in the output", lambda c: c.output.colour, _set_color),
    _switch("trace-commands", "trace", "commands of scripts are shown before they run"),
    _switch("confirm", "confirm", "ask before something is lost"),
    *(
        _ignored(name)
        for name in ("pagination", "height", "width", "breakpoint pending", "verbose", "logging")
    ),
)


def find_setting(words: Sequence[str]) -> tuple[Setting, int] | None:
    """Find the setting that ``words`` begin with, each by its shortest unique prefix.

    Returns:
        The setting and how many of the words named it.
    """
    exact = [s for s in SETTINGS if tuple(s.name.split()) == tuple(words[: len(s.name.split())])]
    matching = exact or [setting for setting in SETTINGS if _begins(setting.name.split(), words)]
    if len(matching) != 1:
        return None
    return matching[0], len(matching[0].name.split())


def _begins(name: Sequence[str], words: Sequence[str]) -> bool:
    if len(words) < len(name):
        return False
    return all(part.startswith(word) for part, word in zip(name, words, strict=False))
