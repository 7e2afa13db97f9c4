"""Presentation rules as data: what the values of a type are to a reader.

A rule names a type by path and its parts by field paths.  The layouts of several
versions of a library are alternatives, chosen by which fields exist, never by version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Protocol

from crabtrap.present.rules.formula import Formula
from crabtrap.present.view import View
from crabtrap.records import dataclass, field
from crabtrap.symbols.types import PathText, Type, parse_type_path
from crabtrap.values import UnavailableError, Value

ViewOf = Callable[[Value], View]
"""Returns the view of a part of a value."""


class Shape(Protocol):
    """What the values of a type are to a reader; the shapes are in ``rules/shapes/``."""

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Build the view of a value.

        Args:
            match: The rule that fits the value's type.
            value: The value.
            view: Returns the view of a part.

        Raises:
            LayoutError: The type lacks the fields that the shape names.
            UnavailableError: They cannot be read, or hold implausible values.
        """
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """A type pattern, and the shape of the types that it matches.

    Attributes:
        pattern: ``alloc::vec::Vec<$T, $A>``; ``**`` stands for any modules, ``*`` for any
            name or argument, and a pattern without ``<`` matches any arguments.  One that
            ends in ``{name: pattern}`` matches structs of that one field.
        when: Formulas that must not be zero for the value; else the next rule is tried.
        check: Formulas, with their texts, that are not zero for any valid value.
    """

    pattern: str
    shape: Shape
    when: tuple[Formula, ...] = ()
    check: tuple[tuple[str, Formula], ...] = ()


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
        crate, separator, _ = path.head.lstrip("&").removeprefix("mut ").partition("::")
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
            pattern = PatternText.parse(rule.pattern)
            captures = pattern.match(path)
            if captures is not None and pattern.has_field(type_):
                yield Match(rule, type_, captures)


def _add(by_name: dict[str, list[Rule]], rules: Iterable[Rule]) -> None:
    for rule in rules:
        # A pattern is parsed when a type of its name is looked up: most never are.
        last = parse_type_path(_split_field(rule.pattern)[0]).last
        by_name.setdefault(last, []).append(rule)


@dataclass(frozen=True, slots=True)
class PatternText:
    """A rule's type pattern, ready to be matched."""

    last: str
    head: re.Pattern[str]
    arguments: tuple[str, ...] | None
    field: tuple[str, PatternText] | None = None

    @staticmethod
    @cache
    def parse(text: str) -> PatternText:
        """Parse a pattern such as ``std::sync::**::Mutex<$T>``."""
        text, name, inner = _split_field(text)
        path = parse_type_path(text)
        parts = [_segment(part) for part in path.head.split("::")]
        regex = "::".join(parts).replace("(?:.+)::", "(?:.+::)?")
        arguments = path.arguments if "<" in text else None
        field = (name, PatternText.parse(inner)) if name else None
        return PatternText(path.last, re.compile(regex), arguments, field)

    def has_field(self, type_: Type) -> bool:
        """Whether a type has the one field that the pattern asks for, if it asks for one."""
        if self.field is None:
            return True
        name, pattern = self.field
        fields = type_.fields
        if type_.kind != "struct" or len(fields) != 1 or fields[0].name != name:
            return False
        return pattern.match(parse_type_path(fields[0].type.path)) is not None

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
            elif want not in ("*", have) and not _is_fitted_by(want, have):
                return None
        return captures


def _is_fitted_by(argument: str, path: str) -> bool:
    """Whether an argument of a pattern is one itself, ``Vec<$T>``, which a type fits."""
    if "<" not in argument:
        return False
    return PatternText.parse(argument).match(parse_type_path(path)) is not None


def _split_field(pattern: str) -> tuple[str, str, str]:
    """Split ``path{name: pattern}``; without a field, its name and pattern are empty.

    Example:
        >>> _split_field("**::*{bits: u8}")
        ('**::*', 'bits', 'u8')
    """
    found = _FIELD.fullmatch(pattern)
    return (found[1], found[2], found[3]) if found else (pattern, "", "")


_FIELD = re.compile(r"(.*)\{(\w+):\s+(.*)\}")


def _segment(text: str) -> str:
    if text == "**":
        return "(?:.+)"
    return re.escape(text).replace(r"\*", "[^:]+")


def _required(arguments: tuple[str, ...]) -> int:
    """How many arguments a type must have; those marked ``?`` are only in some versions."""
    return sum(not argument.endswith("?") for argument in arguments)
