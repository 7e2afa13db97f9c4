"""Watchpoints and catchpoints: stops at accesses and at events."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from crabtrap import PANIC_STOP, CatchKind, Catchpoint, Watchpoint
from crabtrap.errors import NotFoundError, UsageError
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands.breakpoint_listing import catchpoint_text
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap import WatchKind
    from crabtrap.frontends.console.context import CommandContext


def _watch(context: CommandContext, arguments: Arguments, kind: WatchKind) -> Reply:
    location = arguments.options({"l": False, "location": False})
    expression, condition = arguments.split_condition()
    if not expression:
        arguments.fail(f"{arguments.verb} needs an expression")
    if location:
        expression = f"*&{expression}"
    item = context.client.breakpoints.watch(expression, kind=kind, condition=condition)
    return Reply({"breakpoints": [describe.stoppoint(item)]}, [_watch_text(item)])


def _watch_text(item: Watchpoint) -> Text:
    what = {"write": "", "access": "reads and writes of ", "read": "reads of "}[item.kind]
    text = Text((f"Watchpoint {item.number}", "breakpoint"), f": {what}")
    text.add((item.expression, "name"))
    if item.old_text and "\n" not in item.old_text:
        text.add(" = ", (item.old_text, "value"))
    return text.add((f"  ({item.size} byte{'' if item.size == 1 else 's'})", "dim"))


def watch(context: CommandContext, arguments: Arguments) -> Reply:
    """Stop at changes of a value: ``watch EXPRESSION [if CONDITION]``."""
    return _watch(context, arguments, "write")


def rwatch(context: CommandContext, arguments: Arguments) -> Reply:
    """Stop at reads of a value: ``rwatch EXPRESSION [if CONDITION]``."""
    return _watch(context, arguments, "read")


def awatch(context: CommandContext, arguments: Arguments) -> Reply:
    """Stop at reads and writes of a value: ``awatch EXPRESSION [if CONDITION]``."""
    return _watch(context, arguments, "access")


def catch(context: CommandContext, arguments: Arguments) -> Reply:
    """Stop at an event: ``catch EVENT [WHICH…]``."""
    kinds = get_args(CatchKind)
    kind = arguments.need_word(f"an event: {', '.join(kinds)}")
    if kind not in kinds:
        raise NotFoundError("event", kind, kinds)
    if kind == "panic":
        return _catch_panics(context, arguments)
    which = arguments.take_rest().split()
    item = context.client.breakpoints.catch(cast("CatchKind", kind), *which)
    return Reply({"breakpoints": [describe.stoppoint(item)]}, [_catch_text(item)])


def _catch_panics(context: CommandContext, arguments: Arguments) -> Reply:
    stoppoints = context.client.breakpoints
    replaced = stoppoints.panic_stop != "off"
    text, condition = arguments.split_condition()
    words, _, message = f" {text} ".partition(" message ")
    uncaught, own, crate = False, False, None
    left = words.split()
    while left:
        match left:
            case ["uncaught", *left]:
                uncaught = True
            case ["own", *left]:
                own = True
            case ["crate", str(crate), *left]:
                pass
            case _:
                raise UsageError(
                    f"catch panic does not know {' '.join(left)!r}",
                    hint="catch panic [uncaught] [own] [crate NAME] [message REGEX] [if CONDITION]",
                )
    item = stoppoints.catch_panics(
        uncaught=uncaught,
        crate=crate,
        own=own,
        message=message.strip() or None,
        condition=condition,
    )
    line = _catch_text(item)
    if replaced:
        line.add((f", in place of catchpoint {PANIC_STOP}", "dim"))
    return Reply({"breakpoints": [describe.stoppoint(item)]}, [line])


def _catch_text(item: Catchpoint) -> Text:
    text = Text((f"Catchpoint {item.number}", "breakpoint"), ": ", catchpoint_text(item))
    return text.add(" ", (f"({item.problem})", "warning")) if item.problem else text


GROUP = Group(
    "Watchpoints and catchpoints",
    (
        Command(
            ("watch", "wa", "watchpoint set variable", "watchpoint set expression"),
            watch,
            "Stop when a value changes",
            ("watch [-l] EXPRESSION [if CONDITION]",),
            (
                ("watch total", "old and new value are shown"),
                ("watch self.counts.len if total > 10", "a field, under a condition"),
                ("watch -l entry.count", "the memory it is in now, whatever the names mean later"),
            ),
            "The processor watches, at full speed and in every thread: at most four locations of\n"
            "eight aligned bytes. A watched local is let go when its function returns.",
            completes="expression",
        ),
        Command(
            ("rwatch",),
            rwatch,
            "Stop when a value is read",
            ("rwatch EXPRESSION [if CONDITION]",),
            (("rwatch config.limit", "who reads it?"),),
            completes="expression",
        ),
        Command(
            ("awatch",),
            awatch,
            "Stop when a value is read or written",
            ("awatch EXPRESSION [if CONDITION]",),
            (("awatch config.limit", "who uses it?"),),
            completes="expression",
        ),
        Command(
            ("catch",),
            catch,
            "Stop at an event",
            (
                "catch signal | fork | vfork | exec | syscall | load [WHICH…]",
                "catch panic [uncaught] [own] [crate NAME] [message REGEX] [if CONDITION]",
            ),
            (
                ("catch panic uncaught", "only panics that the program does not catch"),
                ("catch panic own", "only panics that your own code raises"),
                ("catch panic message index out of", "only with this in the message"),
                ("catch signal SIGUSR1", "one signal"),
                ("catch syscall openat", "entry and return of a system call"),
            ),
            "Catchpoint 0 stops at every panic of a launched program, and of one that was\n"
            "attached to once it is enabled: `set panic-stop on | uncaught | off`, or `enable`,\n"
            "`disable`, `condition` and `delete` with its number. `catch panic` takes its place.\n"
            "The crate is that of the frame shown; a condition is evaluated in that frame.",
            completes="catch",
        ),
    ),
)
