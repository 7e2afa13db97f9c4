"""What the engine asks of an expression language, without knowing one.

The session hands in an implementation; tests hand in a few lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from crabtrap.errors import UnsupportedError
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation
    from crabtrap.values.value import Value


@dataclass(frozen=True, slots=True)
class NotCompilable:
    """The target cannot judge this; the engine will, and ``reason`` says why."""

    reason: str


class Language(Protocol):
    """Expressions, conditions and log texts.  Every method may raise ``CrabtrapError``."""

    def evaluate(self, text: str, frame: Frame) -> Value:
        """The value of an expression in a frame."""
        ...

    def holds(self, condition: str, frame: Frame) -> bool:
        """Whether a condition is true in a frame."""
        ...

    def expand(self, text: str, frame: Frame) -> str:
        """A log text with every ``{expression}`` replaced by its rendered value."""
        ...

    def compile(
        self, condition: str | None, location: BreakpointLocation, counter: int, ignore: int
    ) -> bytes | NotCompilable:
        """Agent bytecode for a condition at a place.

        The code counts in trace state variable ``counter`` each time the condition
        holds, and is true once more than ``ignore`` have been counted.
        """
        ...


class NoLanguage:
    """No expressions at all: conditions cannot be judged and say so."""

    def evaluate(self, text: str, frame: Frame) -> Value:
        """Refuse.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError("expressions")

    def holds(self, condition: str, frame: Frame) -> bool:
        """Every condition holds, so that nothing is missed."""
        return True

    def expand(self, text: str, frame: Frame) -> str:
        """The text as it is."""
        return text

    def compile(
        self, condition: str | None, location: BreakpointLocation, counter: int, ignore: int
    ) -> bytes | NotCompilable:
        """Nothing can be compiled."""
        return NotCompilable("no expression language")
