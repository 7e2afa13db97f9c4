"""Calls of the program's functions: ``call``, and ``dbg`` for its ``impl Debug``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.printing import remembered_value, render_options, shown_value
from crabtrap.frontends.console.styled_text import Text, escape_line

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext


def call(context: CommandContext, arguments: Arguments) -> Reply:
    """Evaluate an expression with calls: ``call[/FMT] EXPRESSION``."""
    options = render_options(context, arguments.format())
    expression = arguments.need_rest("an expression")
    preferences = context.preferences
    value = context.client.call(
        expression,
        timeout=preferences.call_timeout,
        all_threads=preferences.call_all_threads,
    )
    if value.type.kind == "unit":
        return shown_value(context, expression, value, options)
    return remembered_value(context, expression, value, options)


def dbg(context: CommandContext, arguments: Arguments) -> Reply:
    """Show a value by its own ``impl Debug``: ``dbg EXPRESSION``."""
    expression = arguments.need_rest("an expression")
    preferences = context.preferences
    text = context.client.format_debug(
        expression,
        pretty=preferences.pretty,
        timeout=preferences.call_timeout,
        all_threads=preferences.call_all_threads,
    )
    first, *more = text.split("\n")
    lines = [
        Text((expression, "name"), " = ", (escape_line(first), "value")),
        *(Text((escape_line(line), "value")) for line in more),
    ]
    return Reply({"expression": expression, "text": text}, lines)


_PUT_BACK = (
    "The selected thread runs the function and is put back: registers, signal mask and stack\n"
    "are as before. What the function did to memory stays; a panic, a signal or the end of the\n"
    "time (`set call timeout`) ends the call. Breakpoints are passed over meanwhile, and other\n"
    "threads stay stopped, unless `set call threads all`."
)

COMMANDS = (
    Command(
        ("call",),
        call,
        "Evaluate an expression, running functions of the program",
        ("call[/FORMAT] EXPRESSION",),
        (
            ("call total(&words)", "a function, by any trailing part of its path"),
            ("call entry.score(2)", "a method: inherent, else of a trait"),
            ("call max::<i32>(1, 2)", "one of the generic instances that the program has"),
            ("call self.items.push(3)", "what it changes stays changed"),
        ),
        _PUT_BACK,
        completes="expression",
    ),
    Command(
        ("dbg", "po"),
        dbg,
        "Show a value as the program's own impl Debug writes it",
        ("dbg EXPRESSION",),
        (
            ("dbg entry", "as dbg!(entry) would; `set print pretty off` for one line"),
            ("dbg parse(line)", "what a function returns"),
        ),
        _PUT_BACK,
        completes="expression",
    ),
)
