"""How values behave in Python: indexing, length, iteration, numbers, text, equality.

The special methods of ``Value`` ask the behaviour that the session hands down by the
value's program.  ``PlainBehaviour`` serves values of no session: it knows scalars, fields
and arrays, by the debug information alone.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from crabtrap.errors import CrabtrapError, KeyMissingError, NotFoundError
from crabtrap.values.decode import Char, UnavailableError

if TYPE_CHECKING:
    from crabtrap.values.value import Value

_NUMERIC = frozenset("bcdoxXneEfFgG%")
"""Presentation types of Python's format specifications that want a number."""


class PythonBehaviour(Protocol):
    """What Python's operators do to a value.

    Every method raises ``TypeError`` for a value that has no such operation, as Python
    does, and ``CrabtrapError`` where what it needs cannot be read.
    """

    def item(self, value: Value, key: object) -> Value:
        """``value[key]``."""
        ...

    def length(self, value: Value) -> int:
        """``len(value)``."""
        ...

    def walk(self, value: Value) -> Iterator[Value]:
        """``iter(value)``."""
        ...

    def entries(self, value: Value) -> Iterator[tuple[Value, Value]]:
        """``value.items()``."""
        ...

    def contains(self, value: Value, item: object) -> bool:
        """``item in value``."""
        ...

    def truth(self, value: Value) -> bool:
        """``bool(value)``."""
        ...

    def number(self, value: Value) -> int | float:
        """What ``int(value)`` and ``float(value)`` convert."""
        ...

    def text(self, value: Value) -> str:
        """``str(value)``."""
        ...

    def equal(self, value: Value, other: object) -> bool:
        """``value == other``."""
        ...

    def summary(self, value: Value) -> str:
        """The value on one short line, for ``repr``; may raise ``CrabtrapError``."""
        ...

    def html(self, value: Value) -> str:
        """The value as an HTML fragment, for notebooks."""
        ...


class PlainBehaviour:
    """Scalars, fields and arrays, as the debug information describes them."""

    def item(self, value: Value, key: object) -> Value:
        """A field by its name, an element of an array or a field of a tuple by position."""
        if isinstance(key, str):
            return _field(value, key)
        if not isinstance(key, int):
            refuse(value, f"has no item {key!r}")
        return value.index(key) if value.shape.kind == "array" else _field(value, str(key))

    def length(self, value: Value) -> int:
        """The number of elements of an array."""
        count = value.shape.row.count
        if value.shape.kind != "array" or count is None:
            refuse(value, "has no len()")
        return count

    def walk(self, value: Value) -> Iterator[Value]:
        """The elements of an array."""
        return map(value.index, range(self.length(value)))

    def entries(self, value: Value) -> Iterator[tuple[Value, Value]]:
        """Maps are not known here."""
        refuse(value, "is not a map")

    def contains(self, value: Value, item: object) -> bool:
        """Whether an array has an equal element."""
        return any(each == item for each in self.walk(value))

    def truth(self, value: Value) -> bool:
        """A bool itself, whether a number is not 0, an array not empty; all others are true."""
        if value.shape.kind == "array":
            return self.length(value) > 0
        return value.shape.kind != "base" or bool(value.scalar())

    def number(self, value: Value) -> int | float:
        """A number, inside newtypes."""
        found = value.scalar() if value.shape.kind == "base" else ""
        return integer_of(value) if isinstance(found, str) else found

    def text(self, value: Value) -> str:
        """A ``char`` as such, any other value as its summary."""
        found = value.decoded() if value.shape.kind == "base" else None
        return found.text if isinstance(found, Char) else readable_summary(self, value)

    def equal(self, value: Value, other: object) -> bool:
        """Whether two scalars are equal, or the elements of two arrays."""
        from crabtrap.values.value import Value  # noqa: PLC0415 - which imports this module

        if value.shape.kind == "array" and isinstance(other, list | tuple | Value):
            items = list(cast("Iterable[object]", other))
            return self.length(value) == len(items) and all(map(operator.eq, value, items))
        if value.shape.kind not in ("base", "enum", "pointer"):
            return False
        return value.scalar() == (other.scalar() if isinstance(other, Value) else other)

    def summary(self, value: Value) -> str:
        """A scalar, and of all others only that there is more to see."""
        if value.absent is not None:
            raise UnavailableError(value.absent)
        if value.shape.kind not in ("base", "enum", "pointer"):
            return "..."
        found = value.scalar()
        return str(found).lower() if isinstance(found, bool) else repr(found)

    def html(self, value: Value) -> str:
        """The summary, escaped."""
        from html import escape  # noqa: PLC0415 - for notebooks only

        return f"<code>{escape(readable_summary(self, value))}</code>"


def refuse(value: Value, problem: str) -> NoReturn:
    """Say that a value has no such operation.

    Raises:
        TypeError: Always, as Python does.
    """
    raise TypeError(f"{value.type.name} {problem}")


def readable_summary(behaviour: PythonBehaviour, value: Value) -> str:
    """The summary of a value, or ``<reason>`` where it has none."""
    try:
        return behaviour.summary(value)
    except CrabtrapError as error:
        return f"<{error}>"


def integer_of(value: Value) -> int:
    """The integer or address that a value holds.

    Raises:
        TypeError: It holds neither.
        UnavailableError: It has no bytes.
    """
    if value.absent is not None:
        raise UnavailableError(value.absent)
    if value.shape.innermost[0].kind not in ("base", "pointer", "reference", "enum"):
        refuse(value, "is not a number")
    try:
        return value.integer()
    except UnavailableError as error:
        raise TypeError(f"{value.type.name} is not an integer: {error}") from error


def formatted(value: Value, behaviour: PythonBehaviour, spec: str) -> str:
    """``format(value, spec)``: numbers as Python's, everything else as its text."""
    if not spec:
        return behaviour.text(value)
    if value.shape.innermost[0].row.encoding in ("signed", "unsigned", "float") or (
        spec[-1] in _NUMERIC
    ):
        return format(behaviour.number(value), spec)
    return format(behaviour.text(value), spec)


def _field(value: Value, name: str) -> Value:
    try:
        return value.field(name)
    except NotFoundError as error:
        raise KeyMissingError("field", name, error.close) from error
