"""The expressions that ``display`` shows at every stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crabtrap.errors import NotFoundError
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.frontends.console.arguments import Format


@dataclass(slots=True)
class Display:
    """One expression and how it is shown.

    Attributes:
        number: For ``undisplay``.
        expression: As typed.
        format: The ``/FMT`` it was given, ``None`` for the type's own way.
        enabled: It is shown; ``disable display`` changes that.
    """

    number: int
    expression: str
    format: Format | None
    enabled: bool = True


class Displays:
    """The list of displayed expressions, by number."""

    def __init__(self) -> None:
        self._displays: dict[int, Display] = {}
        self._last = 0

    def __iter__(self) -> Iterator[Display]:
        return iter(tuple(self._displays.values()))

    def __len__(self) -> int:
        return len(self._displays)

    def add(self, expression: str, format: Format | None) -> Display:
        """Add an expression, to be shown from now on."""
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
        """Remove the display with this number.

        Raises:
            NotFoundError: There is none.
        """
        del self._displays[self.find(number).number]

    def clear(self) -> None:
        """Remove all of them."""
        self._displays.clear()
