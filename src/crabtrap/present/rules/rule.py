"""Presentation rules as data: what the values of a type are to a reader.

A rule names a type by path and its parts by field paths.  The layouts of several
versions of a library are alternatives, chosen by which fields exist, never by version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from crabtrap.present.field_paths import Path
from crabtrap.present.rules.formula import Formula
from crabtrap.present.view import Items, TextKind, View
from crabtrap.records import dataclass, field
from crabtrap.symbols.types import PathText, Type, parse_type_path
from crabtrap.values import UnavailableError, Value


@dataclass(frozen=True, slots=True)
class Sequence:
    """Items side by side in memory.

    Attributes:
        item: Type of an item: ``"$T"`` of the pattern, ``""`` for what ``data`` points to.
        length, capacity: Paths to counts; no capacity means none is checked.
        data: Path to a pointer to the first item; newtypes around it are peeled.
        inline: Path to the items themselves, where they are stored in the value.
    """

    item: str
    length: Path
    data: Path = ""
    capacity: Path | None = None
    inline: Path | None = None
    is_set: bool = False


@dataclass(frozen=True, slots=True)
class Ring:
    """Items in a ring buffer.

    Attributes:
        head: Path to the slot of the first item.
        length: Path to the number of items; without one there is an ``end``.
        end: Path to the slot after the last item.
    """

    item: str
    head: Path
    data: Path
    capacity: Path
    length: Path | None = None
    end: Path | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """Items in linked nodes.

    Attributes:
        first: Path to an optional pointer to the first node.
        next, value: Paths inside a node.
    """

    first: Path
    next: Path
    value: Path
    length: Path
    name: str = ""


@dataclass(frozen=True, slots=True)
class Hash:
    """A hashbrown table: control bytes, and before them the buckets in reverse order.

    Attributes:
        table: Path to the ``RawTable<T>``; ``T`` is ``(key, value)``.
        is_set: The values are ``()``.
        shards: Path to a ``Vec`` or slice whose items have a table each.
    """

    table: Path
    is_set: bool = False
    shards: Path | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """std's B-tree: a map, or a set where ``is_set``."""

    root: Path
    length: Path
    is_set: bool = False


@dataclass(frozen=True, slots=True)
class Pairs:
    """A map whose entries are the items of a sequence at ``entries``.

    Attributes:
        key, value: Paths inside an entry; without a value it is a set of the keys.
    """

    entries: Path
    key: Path
    value: Path | None = None


@dataclass(frozen=True, slots=True)
class Hex:
    """Bytes in hexadecimal, with dashes between groups of so many bytes."""

    data: Path
    groups: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Characters or bytes side by side in memory, or ``inline`` in the value itself."""

    length: Path
    data: Path = ""
    kind: TextKind = "str"
    capacity: Path | None = None
    inline: Path | None = None


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A wrapper around one value, shown as ``name(value)``, or as the value alone.

    Attributes:
        inner: A path, or ``"$T"`` for the value of that type inside newtypes; without one
            only the notes are shown.
        notes: ``(label, formulas)`` shown after the value: the label with a number, or
            alone where a comparison holds. The first formula whose fields exist is taken.
        follow: ``inner`` leads to a pointer, and what it points to is shown.
        deref: The type implements ``Deref`` to what is inside.
    """

    inner: Path | None
    name: str = ""
    notes: tuple[tuple[str, tuple[Formula, ...]], ...] = ()
    follow: bool = False
    deref: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Chosen fields under chosen names."""

    name: str
    fields: tuple[tuple[str, Path], ...]
    is_tuple: bool = False


@dataclass(frozen=True, slots=True)
class Instant:
    """A date, a time of day or both, shown as ISO 8601 has it.

    Attributes:
        year, day: The date: the day of the year is counted from 1.
        seconds: Since midnight.
        nanos: Of the second.
        offset: Seconds east of UTC in which to show what is kept as UTC; alone it is a
            time zone.
        is_utc: Kept and shown as UTC, with a ``Z``.
    """

    year: Formula | None = None
    day: Formula | None = None
    seconds: Formula | None = None
    nanos: Formula = 0
    offset: Formula | None = None
    is_utc: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """A signed span of time: seconds, and nanoseconds that always count forwards."""

    seconds: Formula
    nanos: Formula = 0


@dataclass(frozen=True, slots=True)
class Adaptor:
    """An iterator over the items of other iterators.

    Attributes:
        parts: Paths to those; one that is ``None`` has no items.
        adapt: Computes the items, from the adaptor itself and the items of the parts.
    """

    parts: tuple[Path, ...]
    adapt: Callable[[Value, tuple[Items, ...]], Items]


@dataclass(frozen=True, slots=True)
class Custom:
    """A shape that no data describes: a function builds the view from a match and a value."""

    build: Callable[[Match, Value], View]


Shape = (
    Sequence
    | Ring
    | Chain
    | Hash
    | Tree
    | Pairs
    | Hex
    | Text
    | Wrapper
    | Record
    | Instant
    | Period
    | Adaptor
    | Custom
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A type pattern, and the shape of the types that it matches.

    Attributes:
        pattern: ``alloc::vec::Vec<$T, $A>``; ``**`` stands for any modules, ``*`` for any
            name or argument, and a pattern without ``<`` matches any arguments.
        when: Formulas that must not be zero for the value; else the next rule is tried.
    """

    pattern: str
    shape: Shape
    when: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that fits a type, with the types that ``$names`` in its pattern match."""

    rule: Rule
    type: Type
    captures: dict[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])

    def argument(self, name: str) -> Type:
        """Return the type that ``$name`` matches.

        Raises:
            UnavailableError: The debug information does not describe it.
        """
        if name not in self.captures:
            raise UnavailableError(f"the rule for {self.rule.pattern} does not name {name}")
        index, text = self.captures[name]
        found = self.type.argument(name.removeprefix("$"))
        if found is None:
            found = self.type.argument(index)
        if found is None and self.type.table is not None:
            found = next(iter(self.type.table.find(text)), None)
        if found is None:
            raise UnavailableError(f"type {text} is not described")
        return found


def _no_rules(_crate: str) -> tuple[Rule, ...]:
    return ()


class RuleBook:
    """Rules in order of precedence; remembers which of them fit a type.

    Args:
        rules: Always searched.
        crate_rules: Returns the rules of a crate, when its first type is looked up; they
            are searched last.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        crate_rules: Callable[[str], Iterable[Rule]] = _no_rules,
    ) -> None:
        self._preferred: dict[str, list[Rule]] = {}
        self._by_name: dict[str, list[Rule]] = {}
        self._known: dict[Type, tuple[Match, ...]] = {}
        self._crate_rules = crate_rules
        self._crates: set[str] = set()
        _add(self._by_name, rules)

    def prefer(self, rules: Iterable[Rule]) -> None:
        """Search these rules before all others; they replace those preferred so far."""
        self._preferred.clear()
        _add(self._preferred, rules)
        self._known.clear()

    def matches(self, type_: Type) -> tuple[Match, ...]:
        """Find the rules that fit a stripped type, best first."""
        known = self._known.get(type_)
        if known is None:
            known = self._known[type_] = tuple(self._search(type_))
        return known

    def _search(self, type_: Type) -> Iterable[Match]:
        if type_.kind not in ("struct", "union", "enum", "array"):
            return
        path = parse_type_path(type_.path)
        crate, separator, _ = path.head.partition("::")
        if separator and crate not in self._crates:
            self._crates.add(crate)
            _add(self._by_name, self._crate_rules(crate))
        named = (
            rule
            for rules in (self._preferred, self._by_name)
            for name in (path.last, "*")
            for rule in rules.get(name, ())
        )
        for rule in named:
            captures = PatternText.parse(rule.pattern).match(path)
            if captures is not None:
                yield Match(rule, type_, captures)


def _add(by_name: dict[str, list[Rule]], rules: Iterable[Rule]) -> None:
    for rule in rules:
        # A pattern is parsed when a type of its name is looked up: most never are.
        by_name.setdefault(parse_type_path(rule.pattern).last, []).append(rule)


@dataclass(frozen=True, slots=True)
class PatternText:
    """A rule's type pattern, ready to be matched."""

    last: str
    head: re.Pattern[str]
    arguments: tuple[str, ...] | None

    @staticmethod
    @cache
    def parse(text: str) -> PatternText:
        """Parse a pattern such as ``std::sync::**::Mutex<$T>``."""
        path = parse_type_path(text)
        parts = [_segment(part) for part in path.head.split("::")]
        regex = "::".join(parts).replace("(?:.+)::", "(?:.+::)?")
        arguments = path.arguments if "<" in text else None
        return PatternText(path.last, re.compile(regex), arguments)

    def match(self, path: PathText) -> dict[str, tuple[int, str]] | None:
        """Return what the pattern's ``$names`` match, ``None`` where it does not fit."""
        if self.head.fullmatch(path.head) is None:
            return None
        captures: dict[str, tuple[int, str]] = {}
        wanted = self.arguments or ()
        if self.arguments is not None and len(path.arguments) < _required(wanted):
            return None
        for index, (want, have) in enumerate(zip(wanted, path.arguments, strict=False)):
            if want.startswith("$"):
                captures[want.rstrip("?")] = (index, have)
            elif want not in ("*", have):
                return None
        return captures


def _segment(text: str) -> str:
    if text == "**":
        return "(?:.+)"
    return re.escape(text).replace(r"\*", "[^:]+")


def _required(arguments: tuple[str, ...]) -> int:
    """How many arguments a type must have; those marked ``?`` are only in some versions."""
    return sum(not argument.endswith("?") for argument in arguments)
