"""Commands that change and delete breakpoints, watchpoints and catchpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import PANIC_STOP, AnyStoppoint, Breakpoint
from crabtrap.errors import NotFoundError, UsageError
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands import breakpoint_creation, breakpoint_listing
from crabtrap.frontends.console.commands.data import undisplay
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext


def delete(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Delete breakpoints: ``delete [N…]``."""
    if arguments.literal("display"):
        return undisplay(context, arguments)
    arguments.literal("breakpoints")
    asked = arguments.empty
    numbers = _numbers(context, arguments)
    if asked and numbers and not context.confirm("Delete all breakpoints?"):
        return None
    for number in numbers:
        context.client.breakpoints.remove(number)
    return Reply({"deleted": list(numbers)})


def clear(context: CommandContext, arguments: Arguments) -> Reply:
    """Delete the breakpoints at a location: ``clear LOCATION``."""
    location = arguments.need_rest("a location")
    matching = [item for item in context.client.breakpoints if _is_at(item, location)]
    if not matching:
        raise NotFoundError("breakpoint", location, hint="info breakpoints lists them")
    numbers = [item.number for item in matching]
    for number in numbers:
        context.client.breakpoints.remove(number)
    listed = ", ".join(map(str, numbers))
    return Reply({"deleted": list(numbers)}, [Text(f"Deleted breakpoint {listed}")])


def _is_at(item: AnyStoppoint, location: str) -> bool:
    if not isinstance(item, Breakpoint):
        return False
    if item.text == location:
        return True
    file, colon, line = location.rpartition(":")
    return any(
        str(where.line) == line and bool(colon) and (where.path or "").endswith(f"/{file}")
        for where in item.locations
    )


def enable(context: CommandContext, arguments: Arguments) -> Reply:
    """Enable breakpoints or displays: ``enable [N…]``."""
    return _switch(context, arguments, on=True)


def disable(context: CommandContext, arguments: Arguments) -> Reply:
    """Disable breakpoints or displays: ``disable [N…]``."""
    return _switch(context, arguments, on=False)


def _switch(context: CommandContext, arguments: Arguments, *, on: bool) -> Reply:
    if arguments.literal("display"):
        for number in arguments.numbers() or [display.number for display in context.displays]:
            context.displays.find(number).enabled = on
        return Reply({})
    arguments.literal("breakpoints")
    numbers = _numbers(context, arguments)
    for number in numbers:
        context.client.breakpoints.enable(number, on)
    return Reply({"breakpoints": list(numbers), "enabled": on})


def _numbers(context: CommandContext, arguments: Arguments) -> list[int]:
    """Take breakpoint numbers, or all that the user has set if none is given.

    Raises:
        NotFoundError: There is no breakpoint with one of the numbers.
    """
    numbers = arguments.numbers() or _set_by_user(context)
    for number in numbers:
        context.client.breakpoints[number]
    return numbers


def _set_by_user(context: CommandContext) -> list[int]:
    """The stop at panics is there in every session: what is said of all leaves it alone."""
    return [i.number for i in context.client.breakpoints if i.number != PANIC_STOP]


def condition(context: CommandContext, arguments: Arguments) -> Reply:
    """Set or remove a condition: ``condition N [EXPRESSION]``."""
    number = arguments.integer("a breakpoint number")
    if number is None:
        arguments.fail("condition needs a breakpoint number")
    text = arguments.take_rest() or None
    context.client.breakpoints.set_condition(number, text)
    said = f"stops only if {text}" if text else "stops always now"
    return Reply({"breakpoint": number, "condition": text}, [Text(f"Breakpoint {number} {said}")])


def ignore(context: CommandContext, arguments: Arguments) -> Reply:
    """Ignore the next hits: ``ignore N COUNT``."""
    number = arguments.integer("a breakpoint number")
    if number is None:
        arguments.fail("ignore needs a breakpoint number and a count")
    count = arguments.count()
    context.client.breakpoints.set_ignore(number, count)
    hits = "hit" if count == 1 else f"{count} hits"
    said = f"The next {hits} of breakpoint {number} {'is' if count == 1 else 'are'} ignored"
    return Reply({"breakpoint": number, "ignore": count}, [Text(said)])


def commands(context: CommandContext, arguments: Arguments) -> Reply:
    """Set commands to run at a stop: ``commands [N…]``, then lines, then ``end``."""
    numbers = arguments.numbers()
    if not numbers:
        existing = _set_by_user(context)
        if not existing:
            raise UsageError("there is no breakpoint to give commands to", hint="break LOCATION")
        numbers = existing[-1:]
    for number in numbers:
        context.client.breakpoints[number]
    lines = context.lines.read_block("> ")
    for number in numbers:
        context.client.breakpoints.set_commands(number, lines)
    return Reply({"breakpoints": list(numbers), "commands": list(lines)})


GROUP = Group(
    "Breakpoints",
    (
        *breakpoint_creation.COMMANDS,
        breakpoint_listing.COMMAND,
        Command(
            ("delete", "d", "del", "breakpoint delete", "watchpoint delete"),
            delete,
            "Delete breakpoints",
            ("delete [NUMBER…]", "delete display [NUMBER…]"),
            (("delete 2", "number 2"), ("delete 2-4 7", "several"), ("delete", "all")),
            completes="breakpoint",
        ),
        Command(
            ("clear", "cl"),
            clear,
            "Delete the breakpoints at a location",
            ("clear LOCATION",),
            (("clear main.rs:42", "whatever stops at that line"),),
            completes="location",
        ),
        Command(
            ("enable", "en", "breakpoint enable", "watchpoint enable"),
            enable,
            "Make breakpoints stop again",
            ("enable [NUMBER…]", "enable display [NUMBER…]"),
            (("enable 2", "number 2"), ("enable", "all")),
            completes="breakpoint",
        ),
        Command(
            ("disable", "dis", "breakpoint disable", "watchpoint disable"),
            disable,
            "Keep breakpoints, but do not stop at them",
            ("disable [NUMBER…]", "disable display [NUMBER…]"),
            (("disable 2", "number 2"), ("disable", "all")),
            completes="breakpoint",
        ),
        Command(
            ("condition", "cond"),
            condition,
            "Stop only when an expression is true",
            ("condition NUMBER [EXPRESSION]",),
            (
                ("condition 1 count > 3", "stop only then"),
                ("condition 1", "stop always"),
            ),
            "A condition that has no value (an index out of range, a variable optimised out)\n"
            "counts neither as true nor as false: it stops once per run and says why, and is\n"
            "counted from then on, which `info breakpoints` shows.",
            completes="expression",
        ),
        Command(
            ("ignore",),
            ignore,
            "Pass a breakpoint some times without stopping",
            ("ignore NUMBER COUNT",),
            (("ignore 1 99", "stop at the hundredth hit"),),
            completes="breakpoint",
        ),
        Command(
            ("commands",),
            commands,
            "Run commands whenever a breakpoint stops",
            ("commands [NUMBER…]",),
            (("commands 1", "then one command a line, and `end`"),),
            "`silent` as the first command leaves out the usual report of the stop.",
            completes="breakpoint",
        ),
    ),
)
