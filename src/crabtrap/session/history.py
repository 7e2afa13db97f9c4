"""What a user has computed so far."""

from __future__ import annotations

from crabtrap.records import dataclass, field
from crabtrap.values import Value


@dataclass(slots=True)
class ValueHistory:
    """What the user has computed so far.

    Attributes:
        values: The history, ``$1`` first.
        variables: Convenience variables, ``$name``.
    """

    values: list[Value] = field(default_factory=list[Value])
    variables: dict[str, Value] = field(default_factory=dict[str, Value])

    def remember(self, value: Value) -> int:
        """Append to the history; returns its number, counted from 1."""
        self.values.append(value)
        return len(self.values)
