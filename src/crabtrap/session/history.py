"""The value history and convenience variables of a client."""

from __future__ import annotations

from contextlib import suppress

from crabtrap.errors import CrabtrapError
from crabtrap.records import dataclass, field
from crabtrap.values import Value

_MOST_KEPT = 1 << 20
"""Bytes of a value that are read when it is kept."""


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
        self.values.append(_read(value))
        return len(self.values)

    def set_variable(self, name: str, value: Value) -> None:
        """Set a convenience variable."""
        self.variables[name] = _read(value)


def _read(value: Value) -> Value:
    """Have a value's own bytes read, which are what is left of it after this stop."""
    size = value.shape.size
    if size is not None and size <= _MOST_KEPT:
        # It can be kept as it is, too: whoever shows it is told why it cannot be read.
        with suppress(CrabtrapError):
            value.read_bytes()
    return value
