"""Displayed expressions, evaluated in the selected frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.frontends.console.printing import evaluated, render_options
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.console.displays import Display
    from crabtrap.frontends.describe import Json


def show_displays(context: CommandContext) -> None:
    """Show every enabled display; one that fails says why and stays."""
    shown = [display for display in context.displays if display.enabled]
    if not shown:
        return
    rows: list[Json] = []
    lines: list[Text] = []
    for display in shown:
        row, more = render_display(context, display)
        rows.append(row)
        lines += more
    context.output.event("displays", {"displays": rows}, lines)


def render_display(context: CommandContext, display: Display) -> tuple[dict[str, Json], list[Text]]:
    """One display's data and lines."""
    row: dict[str, Json] = {"number": display.number, "expression": display.expression}
    try:
        shown = evaluated(context, display.expression, render_options(context, display.format))
    except CrabtrapError as error:
        row["error"] = str(error)
        name = Text((f"{display.number}: ", "dim"), (display.expression, "name"))
        return row, [name.add(" ", (f"<{error}>", "dim"))]
    row |= shown.data
    head, *more = shown.lines
    return row, [Text((f"{display.number}: ", "dim"), head), *more]
