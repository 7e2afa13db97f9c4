"""One table of a rule file: its keys, read as what a rule wants there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from crabtrap.errors import UsageError
from crabtrap.present.field_paths import Path, own_path
from crabtrap.present.rules.formula import (
    ALWAYS,
    NEVER,
    Amount,
    Formula,
    FormulaError,
    parse_formula,
)
from crabtrap.records import dataclass

Table = Mapping[str, object]

_PATH = re.compile(r"\w+(\.\w+)*")


class RuleFileError(UsageError):
    """A rule file cannot be used.

    Attributes:
        source: The file's name.
        line: Line of the mistake, or of the rule with it; ``None`` where unknown.
    """

    def __init__(self, source: str, message: str, line: int | None = None) -> None:
        where = source if line is None else f"{source}:{line}"
        super().__init__(f"{where}: {message}", hint="the format is described in docs/types.md")
        self.source = source
        self.line = line


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file an error is.

    Attributes:
        rule: The rule, for the message: ``rule for app::Door``.
    """

    source: str
    line: int | None
    rule: str

    def error(self, message: str) -> RuleFileError:
        """The error, to be raised."""
        return RuleFileError(self.source, f"{self.rule}: {message}", self.line)


class RuleTable:
    """A table of keys.

    Attributes:
        table: The keys with their values.
        place: Where it is.
    """

    def __init__(self, value: object, place: Place, what: str) -> None:
        if not isinstance(value, dict):
            raise place.error(f"{what} is a table")
        self.table = cast("Table", value)
        self.place = place

    def __contains__(self, key: str) -> bool:
        return key in self.table

    def has_any(self, *keys: str) -> bool:
        """Say whether one of some keys is there."""
        return any(key in self.table for key in keys)

    def error(self, message: str) -> RuleFileError:
        """An error in this table, to be raised."""
        return self.place.error(message)

    def refuse_others(self, known: frozenset[str], what: str = "it") -> None:
        """Refuse keys that mean nothing here.

        Raises:
            RuleFileError: There are such; ``what`` has them in the message.
        """
        unknown = self.table.keys() - known
        if unknown:
            names = ", ".join(sorted(known))
            raise self.error(f"{what} has no {min(unknown)!r}; it has {names}")

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a text or a list of texts; none where the key is missing."""
        value = self.table.get(key, [])
        texts = cast("list[object]", value) if isinstance(value, list) else [value]
        if not all(isinstance(text, str) for text in texts):
            raise self.error(f"{key!r} must be a text, or a list of texts")
        return tuple(cast("list[str]", texts))

    def text(self, key: str, default: str | None = None) -> str:
        """Read a text."""
        value = self.table.get(key, default)
        if not isinstance(value, str):
            raise self.error(f"{key!r} must be a text")
        return value

    def one_of(self, key: str, known: tuple[str, ...]) -> str:
        """Read a word; the first of those known where the key is missing."""
        word = self.text(key, known[0])
        if word not in known:
            raise self.error(f"{key!r} is {', '.join(known[:-1])} or {known[-1]}")
        return word

    def flag(self, key: str) -> bool:
        """Read true or false; false where the key is missing."""
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{key!r} must be true or false")
        return value

    def inner(self, key: str) -> RuleTable:
        """Read a table; an empty one where the key is missing."""
        return RuleTable(self.table.get(key, {}), self.place, key)

    def inners(self, key: str) -> tuple[RuleTable, ...]:
        """Read a table or a list of tables; none where the key is missing."""
        value = self.table.get(key, [])
        tables = cast("list[object]", value) if isinstance(value, list) else [value]
        return tuple(RuleTable(table, self.place, key) for table in tables)

    def path(self, key: str) -> Path:
        """Read a path, or a list of alternatives."""
        value = self.table.get(key)
        if isinstance(value, str):
            return own_path(value)
        if isinstance(value, list) and value:
            items = cast("list[object]", value)
            if all(isinstance(item, str) for item in items):
                return tuple(map(own_path, cast("list[str]", items)))
        raise self.error(f"{key!r} must be a field path, or a list of alternatives")

    def optional_path(self, key: str) -> Path | None:
        """Read a path, ``None`` where the key is missing."""
        return self.path(key) if key in self.table else None

    def formula(self, key: str, default: Formula | None = None) -> Formula:
        """Read a formula."""
        if default is not None and key not in self.table:
            return default
        return self._parsed(self.table.get(key), key)

    def optional_formula(self, key: str) -> Formula | None:
        """Read a formula, ``None`` where the key is missing."""
        return self.formula(key) if key in self.table else None

    def formulas(self, key: str) -> tuple[Formula, ...]:
        """Read a formula, or a list of them; none where the key is missing."""
        return tuple(formula for _, formula in self.named_formulas(key))

    def named_formulas(self, key: str) -> tuple[tuple[str, Formula], ...]:
        """Read a formula or a list of them, each with its text."""
        value = self.table.get(key, [])
        texts = cast("list[object]", value) if isinstance(value, list) else [value]
        return tuple((str(text), self._parsed(text, key)) for text in texts)

    def amount(self, key: str) -> Amount:
        """Read a field path or a formula, or a list of alternatives."""
        value = self.table.get(key)
        if isinstance(value, list):
            return tuple(self._amount(item, key) for item in cast("list[object]", value))
        return self._amount(value, key)

    def optional_amount(self, key: str) -> Amount | None:
        """Read an amount, ``None`` where the key is missing."""
        return self.amount(key) if key in self.table else None

    def _amount(self, value: object, key: str) -> Formula:
        if isinstance(value, str) and _PATH.fullmatch(value):
            return own_path(value)
        return self._parsed(value, key)

    def _parsed(self, text: object, key: str) -> Formula:
        if isinstance(text, bool):
            return ALWAYS if text else NEVER
        if isinstance(text, int):
            return text
        if not isinstance(text, str):
            raise self.error(f"{key!r} must be arithmetic such as 'len > 4'")
        try:
            return parse_formula(text)
        except FormulaError as error:
            raise self.error(f"{key!r}: {error}") from error
