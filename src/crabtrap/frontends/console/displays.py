"""Expressions shown at every stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError, NotFoundError
from crabtrap.frontends.console.output import Text
from crabtrap.frontends.console.printing import evaluated, render_options
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.frontends.console.arguments import Format
    from crabtrap.frontends.console.console import Console
    from crabtrap.frontends.describe import Json


@dataclass(slots=True)
class Display:
    """One expression.

    Attributes:
        number: For ``undisplay``.
        expression: As typed.
        format: How to show it, ``None`` for the type's own way.
        enabled: It is shown.
    """

    number: int
    expression: str
    format: Format | None
    enabled: bool = True


class Displays:
    """The list behind ``display``."""

    def __init__(self) -> None:
        self._displays: dict[int, Display] = {}
        self._last = 0

    def __iter__(self) -> Iterator[Display]:
        return iter(tuple(self._displays.values()))

    def __len__(self) -> int:
        return len(self._displays)

    def add(self, expression: str, format: Format | None) -> Display:
        """Show ``expression`` from now on."""
        self._last += 1
        display = Display(self._last, expression, format)
        self._displays[self._last] = display
        return display

    def find(self, number: int) -> Display:
        """The display with this number.

        Raises:
            NotFoundError: There is none.
        """
        if number not in self._displays:
            raise NotFoundError("display", str(number), hint="info display lists them")
        return self._displays[number]

    def remove(self, number: int) -> None:
        """Show it no more."""
        del self._displays[self.find(number).number]

    def clear(self) -> None:
        """Show none any more."""
        self._displays.clear()

    def show(self, console: Console) -> None:
        """Show all of them in the selected frame; one that fails says why and stays."""
        shown = [display for display in self if display.enabled]
        if not shown:
            return
        rows: list[Json] = []
        lines: list[Text] = []
        for display in shown:
            row, more = render_display(console, display)
            rows.append(row)
            lines += more
        console.output.event("displays", {"displays": rows}, lines)


def render_display(console: Console, display: Display) -> tuple[dict[str, Json], list[Text]]:
    """One display's data and lines."""
    row: dict[str, Json] = {"number": display.number, "expression": display.expression}
    try:
        shown = evaluated(console, display.expression, render_options(console, display.format))
    except CrabtrapError as error:
        row["error"] = str(error)
        name = Text((f"{display.number}: ", "dim"), (display.expression, "name"))
        return row, [name.add(" ", (f"<{error}>", "dim"))]
    row |= shown.data
    head, *more = shown.lines
    return row, [Text((f"{display.number}: ", "dim"), head), *more]
