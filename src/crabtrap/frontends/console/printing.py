"""Values as text, through the session's renderer and the user's preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import FORMAT_LETTERS, RenderOptions
from crabtrap.errors import CrabtrapError, NotFoundError
from crabtrap.frontends import describe
from crabtrap.frontends.console.command import Reply
from crabtrap.frontends.console.settings_table import parse_limit
from crabtrap.frontends.console.styled_text import Text, escape_line
from crabtrap.records import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crabtrap import Binding, Value
    from crabtrap.frontends.console.arguments import Format
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import JsonObject

_SHORT_ITEMS = 8
_SHORT_DEPTH = 2
_LISTED_DEPTH = 2
_LISTED_ITEMS = 20
_TEXT_PER_ITEM = 10


def render_options(context: CommandContext, format: Format | None = None) -> RenderOptions:
    """Options of the renderer, from the user's preferences and a ``/FMT``.

    Raises:
        NotFoundError: There is no such format.
    """
    preferences = context.preferences
    options = RenderOptions(
        max_items=preferences.elements,
        max_text=preferences.elements * _TEXT_PER_ITEM,
        max_depth=preferences.depth,
        pretty=preferences.pretty,
        width=context.terminal.size()[1],
    )
    if format is None or not format.letters:
        return options
    if format.letters == "r":
        return replace(options, raw=True)
    if format.letters not in FORMAT_LETTERS:
        known = tuple(letter for letter in FORMAT_LETTERS if letter)
        hint = f"formats are {', '.join(known)}, and r for the fields as they are"
        raise NotFoundError("format", f"/{format.letters}", hint=hint)
    return replace(options, letter=format.letters)


LIMITS = {"raw": "", "depth": "a number of levels", "elements": "a number of items"}
"""Options of ``print``, and what their values are."""


def limited(options: RenderOptions, given: Mapping[str, str]) -> RenderOptions:
    """Apply the ``-raw``, ``-depth`` and ``-elements`` options of one ``print``.

    Raises:
        UsageError: A value is not a number.
    """
    if "raw" in given:
        options = replace(options, raw=True)
    if "depth" in given:
        options = replace(options, max_depth=parse_limit(given["depth"]))
    if "elements" in given:
        items = parse_limit(given["elements"])
        options = replace(options, max_items=items, max_text=items * _TEXT_PER_ITEM)
    return options


def listed_options(context: CommandContext) -> RenderOptions:
    """Options for a value among others: less deep than when it is asked for by name."""
    options = render_options(context)
    items = min(options.page, _LISTED_ITEMS)
    return replace(options, max_depth=min(options.max_depth, _LISTED_DEPTH), max_items=items)


def short_options(width: int) -> RenderOptions:
    """Options for a value that shares its line: about ``width`` characters of it."""
    return RenderOptions(
        max_items=_SHORT_ITEMS, max_text=width, max_depth=_SHORT_DEPTH, fit=True, width=width
    )


def short_value(context: CommandContext, value: Value, width: int) -> str:
    """A value on one line of at most ``width`` characters; ``<reason>`` where it has none."""
    if value.absent is not None:
        reason = value.absent.partition(":")[0]
        return escape_line(f"<{reason}>" if len(reason) + 2 <= width else "<…>")
    try:
        text = context.session.values.render(value, short_options(width))
    except CrabtrapError as error:
        text = f"<{error}>"
    text = escape_line(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def value_lines(
    context: CommandContext, name: str, value: Value, options: RenderOptions | None = None
) -> list[Text]:
    """``name = value`` over as many lines as it takes."""
    head = Text((name, "name"))
    if context.preferences.types:
        head.add(": ", (value.type.name, "type"))
    head.add(" = ")
    if value.absent is not None:
        return [head.add((f"<{value.absent}>", "dim"))]
    try:
        text = context.session.values.render(value, options or render_options(context))
    except CrabtrapError as error:
        return [head.add((f"<{error}>", "dim"))]
    first, *more = text.split("\n")
    return [head.add((first, "value")), *(Text((line, "value")) for line in more)]


def binding_lines(context: CommandContext, binding: Binding) -> list[Text]:
    """A variable with its value; a shadowed one says so."""
    lines = value_lines(context, binding.name, binding.value, listed_options(context))
    if binding.shadowed:
        where = f", declared at line {binding.line}" if binding.line else ""
        lines[0].add((f"  (shadowed{where})", "dim"))
    return lines


def evaluated(context: CommandContext, expression: str, options: RenderOptions) -> Reply:
    """Evaluate and show an expression.

    Raises:
        CrabtrapError: It cannot be parsed or evaluated.
    """
    return shown_value(context, expression, context.client.evaluate(expression), options)


def remembered(context: CommandContext, expression: str, options: RenderOptions) -> Reply:
    """Evaluate and show an expression, and put its value into the value history as ``$1``.

    Raises:
        CrabtrapError: It cannot be parsed or evaluated.
    """
    return remembered_value(context, expression, context.client.evaluate(expression), options)


def remembered_value(
    context: CommandContext, expression: str, value: Value, options: RenderOptions
) -> Reply:
    """Show the value of an expression and put it into the value history."""
    reply = shown_value(context, expression, value, options)
    number = context.client.history.remember(value)
    head, *more = reply.lines
    return Reply(reply.data | {"history": number}, [Text((f"${number}: ", "dim"), head), *more])


def shown_value(
    context: CommandContext, expression: str, value: Value, options: RenderOptions
) -> Reply:
    """Show the value of an expression."""
    data: JsonObject = {
        "expression": expression,
        "type": value.type.qualified_name,
        "value": describe.tree(context.session, value, options),
        "text": context.session.values.render(value, options),
    }
    return Reply(data, value_lines(context, expression, value, options))
