"""The value history and convenience variables of a client."""

from __future__ import annotations

from crabtrap.records import dataclass, field
from crabtrap.values import Value


@dataclass(slots=True)
class ValueHistory:
    """The value history of one client, with its convenience variables.

    Attributes:
        values: The history, ``$1`` first.
        variables: Convenience variables by name, without the ``$``.
    """

    values: list[Value] = field(default_factory=list[Value])
    variables: dict[str, Value] = field(default_factory=dict[str, Value])

    def remember(self, value: Value) -> int:
        """Append to the history; returns its number, counted from 1."""
        self.values.append(value)
        return len(self.values)
