"""Values: shown once, displayed at every stop, and changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands.addresses import INFO_ADDRESS
from crabtrap.frontends.console.commands.calls import COMMANDS as CALLS
from crabtrap.frontends.console.display_view import render_display, show_displays
from crabtrap.frontends.console.printing import (
    LIMITS,
    binding_lines,
    evaluated,
    limited,
    remembered,
    render_options,
    value_lines,
)
from crabtrap.frontends.console.styled_text import Text, columns
from crabtrap.frontends.console.type_view import type_lines

# The operator of "+=" and its like, at the end of the text before the "=".
_COMPOUND = r"(?:<<|>>|[-+*/%&|^])$"

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap import Binding
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.console.type_view import NameOf
    from crabtrap.frontends.describe import Json


def print_(context: CommandContext, arguments: Arguments) -> Reply:
    """Show the value of an expression: ``print[/FMT] [OPTIONS] EXPRESSION``."""
    format = arguments.format()
    options = limited(render_options(context, format), arguments.known_options(LIMITS))
    if arguments.rest.startswith("--"):
        arguments.word()
    expression = arguments.need_rest("an expression")
    return remembered(context, expression, options)


def set_variable(context: CommandContext, arguments: Arguments) -> Reply:
    """Change a value: ``set var PLACE = VALUE``."""
    return assign(context, arguments)


def assign(context: CommandContext, arguments: Arguments) -> Reply:
    """Perform the assignment ``PLACE = VALUE`` that is left of ``arguments``.

    PLACE is a place expression of Rust, a register or a variable of the user's own.
    """
    text = arguments.rest
    location, equals, value = text.partition("=")
    if not equals or not location.strip() or not value.strip():
        arguments.fail("an assignment is needed", hint="set var PLACE = VALUE")
    arguments.take_rest()
    location, value = location.strip(), value.strip()
    if operator := re.search(_COMPOUND, location):
        location = location[: operator.start()].rstrip()
        value = f"{location} {operator.group()} ({value})"
    new = context.client.assign(location, value)
    tree = describe.tree(context.session, new, render_options(context))
    return Reply({"expression": location, "value": tree}, value_lines(context, location, new))


def display(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Show an expression at every stop: ``display[/FMT] [EXPRESSION]``."""
    format = arguments.format()
    if arguments.empty:
        show_displays(context)
        return None
    new = context.displays.add(arguments.take_rest(), format)
    row, lines = render_display(context, new)
    return Reply({"displays": [row]}, lines)


def undisplay(context: CommandContext, arguments: Arguments) -> Reply:
    """Remove displays: ``undisplay [N…]``."""
    numbers = arguments.numbers()
    if numbers:
        for number in numbers:
            context.displays.remove(number)
    else:
        context.displays.clear()
    return Reply({"remaining": len(context.displays)})


def info_display(context: CommandContext, arguments: Arguments) -> Reply:
    """List displays: ``info display``."""
    arguments.end()
    rows = [
        (
            Text((f"{display.number:>3}", "number")),
            Text("on" if display.enabled else ("off", "dim")),
            Text((f"/{display.format.letters} " if display.format else ""), display.expression),
        )
        for display in context.displays
    ]
    data: list[Json] = [
        {"number": display.number, "expression": display.expression, "enabled": display.enabled}
        for display in context.displays
    ]
    return Reply({"displays": data}, columns(rows) or [Text("Nothing is displayed.")])


def _bindings(context: CommandContext, what: str, found: Sequence[Binding]) -> Reply:
    options = render_options(context)
    data: list[Json] = [describe.binding(context.session, one, options) for one in found]
    lines = [line for one in found for line in binding_lines(context, one)]
    unknown = context.client.frame.variables_unknown if not found else ""
    none = f"Nothing is known of {what}: {unknown}." if unknown else f"No {what}."
    return Reply({"variables": data, "unknown": unknown or None}, lines or [Text((none, "dim"))])


def info_locals(context: CommandContext, arguments: Arguments) -> Reply:
    """Show local variables: ``info locals``."""
    arguments.end()
    return _bindings(context, "local variables here", context.client.frame.locals())


def info_arguments(context: CommandContext, arguments: Arguments) -> Reply:
    """Show arguments: ``info args``."""
    arguments.end()
    return _bindings(context, "arguments", context.client.frame.arguments())


def frame_variable(context: CommandContext, arguments: Arguments) -> Reply:
    """Show arguments and locals, or one of them, as lldb does: ``frame variable [EXPRESSION]``."""
    if not arguments.empty:
        return evaluated(context, arguments.take_rest(), render_options(context))
    frame = context.client.frame
    return _bindings(context, "variables here", (*frame.arguments(), *frame.locals()))


def whatis(context: CommandContext, arguments: Arguments) -> Reply:
    """Show the type of an expression: ``whatis [-short] EXPRESSION``."""
    name_of = _naming(arguments)
    expression = arguments.need_rest("an expression")
    type_ = context.client.type_of(expression)
    name = name_of(type_)
    return Reply(
        {"expression": expression, "type": name, "size": type_.size},
        [Text((expression, "name"), ": ", (name, "type"))],
    )


def ptype(context: CommandContext, arguments: Arguments) -> Reply:
    """Show the layout of a type: ``ptype [-short] EXPRESSION|TYPE``."""
    name_of = _naming(arguments)
    expression = arguments.need_rest("an expression or a type")
    type_ = context.client.type_of(expression)
    data, lines = type_lines(type_, name_of)
    return Reply({"expression": expression, **data}, lines)


def _naming(arguments: Arguments) -> NameOf:
    """Take ``-short``, which asks for names without the paths that tell types apart."""
    if arguments.known_options({"short": ""}):
        return lambda type_: type_.name
    return lambda type_: type_.qualified_name


_FORMATS = (
    "Formats: x hexadecimal, z the same with leading zeros, d signed, u unsigned, t binary,\n"
    "o octal, c character, f float, a address, s as usual."
)

GROUP = Group(
    "Values",
    (
        Command(
            ("print", "p", "inspect", "expression", "expr", "e"),
            print_,
            "Show the value of an expression",
            ("print[/FORMAT] [-raw] [-depth N] [-elements N] EXPRESSION",),
            (
                ("print entry", "a variable, as Rust's Debug would write it"),
                ("print entry.words[2..4]", "part of a Vec inside a struct"),
                ("print *self", "what a reference points to"),
                ("print/x flags", "an integer in hexadecimal"),
                ("print -elements unlimited entry.words", "all of it"),
                ("print -depth 1 entry", "less deep than usual"),
                ("print -raw entry.words", "the fields of the Vec itself"),
                ("print $1.count", "$1 is what the first print showed, $ the last"),
            ),
            _FORMATS,
            completes="expression",
        ),
        *CALLS,
        Command(
            ("info locals", "info lo", "locals"),
            info_locals,
            "Show the local variables of the selected frame",
            ("info locals",),
            (("info locals", "those in scope, shadowed ones marked"),),
        ),
        Command(
            ("info args", "args"),
            info_arguments,
            "Show the arguments of the selected frame",
            ("info args",),
            (("info args", "as they are now, not as they were passed"),),
        ),
        Command(
            ("frame variable", "v"),
            frame_variable,
            "Show arguments and local variables, or one of them",
            ("frame variable [EXPRESSION]",),
            (("frame variable", "all"), ("frame variable entry.count", "one")),
            completes="expression",
        ),
        Command(
            ("set var", "set variable", "assign"),
            set_variable,
            "Change a variable, a field, a register",
            ("set var PLACE = VALUE",),
            (
                ("set var count = 7", "a number"),
                ("set var self.done = true", "a field"),
                ("set var $rax = 0x10", "a register"),
            ),
            completes="expression",
        ),
        Command(
            ("display", "disp"),
            display,
            "Show an expression at every stop",
            ("display[/FORMAT] [EXPRESSION]",),
            (("display total", "from now on"), ("display", "all of them, now")),
            completes="expression",
        ),
        Command(
            ("undisplay",),
            undisplay,
            "Stop displaying expressions",
            ("undisplay [NUMBER…]",),
            (("undisplay 1", "one"), ("undisplay", "all")),
        ),
        Command(
            ("info display",),
            info_display,
            "List the expressions shown at every stop",
            ("info display",),
        ),
        INFO_ADDRESS,
        Command(
            ("whatis",),
            whatis,
            "Show the type of an expression",
            ("whatis [-short] EXPRESSION|TYPE",),
            (
                ("whatis entry", "its type, by its full path"),
                ("whatis -short entry", "without the paths"),
            ),
            completes="expression",
        ),
        Command(
            ("ptype", "pt"),
            ptype,
            "Show the layout of a type",
            ("ptype [-short] EXPRESSION|TYPE",),
            (
                ("ptype entry", "fields with offsets, variants with discriminants"),
                ("ptype Entry", "the same by the type's name"),
                ("ptype -short Entry", "names of types without their paths"),
            ),
            completes="expression",
        ),
    ),
)
