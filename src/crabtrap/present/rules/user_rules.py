"""Rules from TOML files, the user's own and those shipped for well-known crates.

The format is described in ``docs/types.md``.  A file with an unknown key or a wrong
value is refused as a whole; the error names the rule and the key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from crabtrap.errors import UsageError
from crabtrap.files import read_file_or_pipe
from crabtrap.present.field_paths import Path, own_path
from crabtrap.present.rules import rule as rules
from crabtrap.present.rules.formula import ALWAYS, NEVER, Formula, FormulaError, parse_formula
from crabtrap.present.rules.rule import PatternText, Rule, Shape

if TYPE_CHECKING:
    from pathlib import Path as FilePath

Table = Mapping[str, object]

_LONGEST_FILE = 4 << 20
"""Bytes of a rule file."""
_HEADER = r"(?m)^[ \t]*\[\[[ \t]*rule[ \t]*\]\]"
_AT_LINE = r" \(at line (\d+), column \d+\)$"


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


def load_rules(path: FilePath) -> tuple[Rule, ...]:
    """Read a user's rule file.

    Raises:
        RuleFileError: It is no rule file.
        OSError: It cannot be read.
    """
    try:
        text = read_file_or_pipe(os.fspath(path), _LONGEST_FILE).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RuleFileError(str(path), "it is not text in UTF-8") from error
    return parse_rules(text, str(path))


def shipped_rules(crate: str) -> tuple[Rule, ...]:
    """Read the rules shipped for a crate outside std; ``()`` where there are none."""
    if not crate.isidentifier():
        return ()
    name = f"{crate}.toml"
    path = os.path.join(os.path.dirname(os.path.dirname(__file__)), "crates", name)
    try:
        with open(path, encoding="utf-8") as file:
            return parse_rules(file.read(), name)
    except FileNotFoundError:
        return ()


def parse_rules(text: str, source: str) -> tuple[Rule, ...]:
    r"""Read rules from TOML text.

    Raises:
        RuleFileError: The text is not TOML, or describes no rules.

    Example:
        >>> text = '[[rule]]\ntype = "m::Stack<$T>"\nwrapper = { inner = "items" }'
        >>> parse_rules(text, "mine.toml")[0].pattern
        'm::Stack<$T>'
    """
    import tomllib  # noqa: PLC0415 - slow to import

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(source, str(error)) from error
    except RecursionError:
        raise RuleFileError(source, "its values are nested too deeply") from None
    unknown = document.keys() - {"rule"}
    if unknown:
        raise RuleFileError(source, f"unknown table {min(unknown)!r}; rules are [[rule]]")
    found = document.get("rule", [])
    if not isinstance(found, list):
        raise RuleFileError(source, "rules are written [[rule]]")
    entries = cast("list[object]", found)
    lines: list[int | None] = [
        text.count("\n", 0, match.start()) + 1 for match in re.finditer(_HEADER, text)
    ]
    if len(lines) != len(entries):  # not written as [[rule]]: rule = [{ .. }]
        lines = [None] * len(entries)
    numbered = enumerate(zip(lines, entries, strict=True), 1)
    return tuple(_Reader(source, number, *entry).rule() for number, entry in numbered)


def _toml_error(source: str, message: str) -> RuleFileError:
    """The TOML reader's message, with the line number at the front instead of the end."""
    found = re.search(_AT_LINE, message)
    if found is None:
        return RuleFileError(source, message)
    return RuleFileError(source, message[: found.start()], int(found[1]))


class _Reader:
    """Reads one ``[[rule]]``; its errors name the rule."""

    def __init__(self, source: str, number: int, line: int | None, entry: object) -> None:
        self._source = source
        self._line = line
        self._where = f"rule {number}"
        self._table = self._as_table(entry, "a rule")

    def _fail(self, message: str) -> RuleFileError:
        return RuleFileError(self._source, f"{self._where}: {message}", self._line)

    def _as_table(self, value: object, what: str) -> Table:
        if not isinstance(value, dict):
            raise self._fail(f"{what} is a table")
        return cast("Table", value)

    def rule(self) -> Rule:
        """Read the rule."""
        pattern = self._text(self._table, "type")
        self._where = f"rule for {pattern}"
        PatternText.parse(pattern)
        shapes = [name for name in self._table if name not in ("type", "when")]
        if len(shapes) != 1 or shapes[0] not in SHAPES:
            raise self._fail(f"exactly one of {', '.join(sorted(SHAPES))} says what it is")
        name = shapes[0]
        table = self._as_table(self._table[name], name)
        allowed, build = SHAPES[name]
        unknown = table.keys() - allowed
        if unknown:
            known = ", ".join(sorted(allowed))
            raise self._fail(f"{name} has no {min(unknown)!r}; it has {known}")
        return Rule(pattern, build(self, table), self._conditions())

    def _conditions(self) -> tuple[Formula, ...]:
        when = self._table.get("when", ())
        texts = cast("list[object]", when) if isinstance(when, list | tuple) else [when]
        return tuple(self._parsed(text, "when") for text in texts)

    def _parsed(self, text: object, key: str) -> Formula:
        if isinstance(text, bool):
            return ALWAYS if text else NEVER
        if isinstance(text, int):
            return text
        if not isinstance(text, str):
            raise self._fail(f"{key!r} must be arithmetic such as 'len > 4'")
        try:
            return parse_formula(text)
        except FormulaError as error:
            raise self._fail(f"{key!r}: {error}") from error

    # -- values of keys ------------------------------------------------------------
    def _text(self, table: Table, key: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if not isinstance(value, str):
            raise self._fail(f"{key!r} must be a text")
        return value

    def path(self, table: Table, key: str) -> Path:
        """Read a path, or a list of alternatives."""
        value = table.get(key)
        if isinstance(value, str):
            return own_path(value)
        if isinstance(value, list) and value:
            items = cast("list[object]", value)
            if all(isinstance(item, str) for item in items):
                return tuple(map(own_path, cast("list[str]", items)))
        raise self._fail(f"{key!r} must be a field path, or a list of alternatives")

    def optional_path(self, table: Table, key: str) -> Path | None:
        """Read a path, ``None`` where the key is missing."""
        return self.path(table, key) if key in table else None

    def formula(self, table: Table, key: str) -> Formula:
        """Read a formula."""
        return self._parsed(table.get(key), key)

    def optional_formula(self, table: Table, key: str) -> Formula | None:
        """Read a formula, ``None`` where the key is missing."""
        return self.formula(table, key) if key in table else None

    def formulas(self, table: Table, key: str) -> tuple[Formula, ...]:
        """Read a formula, or a list of alternatives."""
        value = table.get(key)
        texts = cast("list[object]", value) if isinstance(value, list) else [value]
        return tuple(self._parsed(text, key) for text in texts)

    def flag(self, table: Table, key: str) -> bool:
        """Read true or false; false where the key is missing."""
        value = table.get(key, False)
        if not isinstance(value, bool):
            raise self._fail(f"{key!r} must be true or false")
        return value

    def sequence(self, table: Table) -> Shape:
        """``sequence = { data, length, item, capacity, inline, set }``."""
        inline = self.optional_path(table, "inline")
        data = "" if inline is not None else self.path(table, "data")
        return rules.Sequence(
            self._text(table, "item", ""),
            self.path(table, "length"),
            data,
            self.optional_path(table, "capacity"),
            inline,
            self.flag(table, "set"),
        )

    def ring(self, table: Table) -> Shape:
        """``ring = { item, head, data, capacity, length or end }``."""
        length, end = self.optional_path(table, "length"), self.optional_path(table, "end")
        if (length is None) == (end is None):
            raise self._fail("a ring has either 'length' or 'end'")
        return rules.Ring(
            self._text(table, "item"),
            self.path(table, "head"),
            self.path(table, "data"),
            self.path(table, "capacity"),
            length,
            end,
        )

    def chain(self, table: Table) -> Shape:
        """``list = { first, next, value, length }``."""
        first, following = self.path(table, "first"), self.path(table, "next")
        return rules.Chain(first, following, self.path(table, "value"), self.path(table, "length"))

    def map(self, table: Table) -> Shape:
        """``map = { entries, key, value }``, or ``{ table, shards }`` of hashbrown."""
        if "table" in table:
            shards = self.optional_path(table, "shards")
            return rules.Hash(self.path(table, "table"), shards=shards)
        return rules.Pairs(
            self.path(table, "entries"), self.path(table, "key"), self.path(table, "value")
        )

    def set(self, table: Table) -> Shape:
        """``set = { entries, key }``, or ``{ table, shards }`` of hashbrown."""
        if "table" in table:
            shards = self.optional_path(table, "shards")
            return rules.Hash(self.path(table, "table"), is_set=True, shards=shards)
        return rules.Pairs(self.path(table, "entries"), self.path(table, "key"))

    def text(self, table: Table) -> Shape:
        """``text = { data or inline, length, capacity, kind }``."""
        kind = self._text(table, "kind", "str")
        if kind not in ("str", "bytes", "os", "c"):
            raise self._fail("'kind' is str, bytes, os or c")
        inline = self.optional_path(table, "inline")
        return rules.Text(
            self.path(table, "length"),
            "" if inline is not None else self.path(table, "data"),
            kind,
            self.optional_path(table, "capacity"),
            inline,
        )

    def wrapper(self, table: Table) -> Shape:
        """``wrapper = { inner, name, notes, follow, deref }``."""
        if not table.keys() & {"inner", "notes"}:
            raise self._fail("a wrapper has an 'inner' value or 'notes'")
        notes = self._as_table(table.get("notes", {}), "notes")
        return rules.Wrapper(
            self.optional_path(table, "inner"),
            self._text(table, "name", ""),
            tuple((label, self.formulas(notes, label)) for label in notes),
            self.flag(table, "follow"),
            self.flag(table, "deref"),
        )

    def record(self, table: Table) -> Shape:
        """``record = { name, fields }``."""
        fields = self._as_table(table.get("fields", {}), "fields")
        shown = tuple((label, self.path(fields, label)) for label in fields)
        return rules.Record(self._text(table, "name"), shown)

    def instant(self, table: Table) -> Shape:
        """``instant = { year, day, seconds, nanos, offset, utc }``."""
        if ("year" in table) != ("day" in table) or not table.keys() - {"nanos", "utc"}:
            raise self._fail("an instant has 'year' and 'day', 'seconds', or all of them")
        return rules.Instant(
            self.optional_formula(table, "year"),
            self.optional_formula(table, "day"),
            self.optional_formula(table, "seconds"),
            self.formula(table, "nanos") if "nanos" in table else 0,
            self.optional_formula(table, "offset"),
            self.flag(table, "utc"),
        )

    def period(self, table: Table) -> Shape:
        """``period = { seconds, nanos }``."""
        nanos = self.formula(table, "nanos") if "nanos" in table else 0
        return rules.Period(self.formula(table, "seconds"), nanos)

    def hex(self, table: Table) -> Shape:
        """``hex = { data, groups }``."""
        groups = table.get("groups", [])
        numbers = cast("list[object]", groups) if isinstance(groups, list) else [None]
        sizes = tuple(size for size in numbers if isinstance(size, int) and size > 0)
        if len(sizes) != len(numbers):
            raise self._fail("'groups' is a list of sizes in bytes")
        return rules.Hex(self.path(table, "data"), sizes)


SHAPES: dict[str, tuple[frozenset[str], Callable[[_Reader, Table], Shape]]] = {
    "sequence": (
        frozenset(("item", "data", "length", "capacity", "inline", "set")),
        _Reader.sequence,
    ),
    "ring": (frozenset(("item", "head", "data", "capacity", "length", "end")), _Reader.ring),
    "list": (frozenset(("first", "next", "value", "length")), _Reader.chain),
    "map": (frozenset(("entries", "key", "value", "table", "shards")), _Reader.map),
    "set": (frozenset(("entries", "key", "table", "shards")), _Reader.set),
    "text": (frozenset(("data", "inline", "length", "capacity", "kind")), _Reader.text),
    "wrapper": (frozenset(("inner", "name", "notes", "follow", "deref")), _Reader.wrapper),
    "record": (frozenset(("name", "fields")), _Reader.record),
    "instant": (
        frozenset(("year", "day", "seconds", "nanos", "offset", "utc")),
        _Reader.instant,
    ),
    "period": (frozenset(("seconds", "nanos")), _Reader.period),
    "hex": (frozenset(("data", "groups")), _Reader.hex),
}
