"""Type names: shortened for display, and split into path and generic arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.records import dataclass
from crabtrap.symbols.brackets import angle_groups, split_outside_brackets

if TYPE_CHECKING:
    from crabtrap.symbols.types import Type

_MAX_UNNAMED = 64
"""Pointers and arrays without names of their own that a name tells; they may lead in a circle."""


def field_name(name: str) -> str:
    """Return a field's name as in the source: DWARF's ``__0`` is ``0``."""
    return name[2:] if name.startswith("__") and name[2:].isdecimal() else name


_DEFAULTS = (
    r", (?:alloc::alloc::Global|std::hash::random::RandomState"
    r"|std::collections::hash::map::RandomState|alloc::Global)(?=>)"
)
_MODULES = r"(?<![\w}>:])(?:[A-Za-z_]\w*::)+(?=[A-Za-z_(\[&*])"


def without_defaults(name: str) -> str:
    """Remove std's default arguments from a type's name.

    Example:
        >>> without_defaults("alloc::vec::Vec<alloc::string::String, alloc::alloc::Global>")
        'alloc::vec::Vec<alloc::string::String>'
    """
    while True:
        shorter = re.sub(_DEFAULTS, "", name)
        if shorter == name:
            return name
        name = shorter


def short_type_name(name: str) -> str:
    """Remove std's default arguments and module paths from a type's name.

    Example:
        >>> short_type_name("Vec<alloc::string::String, alloc::alloc::Global>")
        'Vec<String>'
        >>> short_type_name("main::leaf::{async_fn_env#0}")
        'leaf::{async_fn_env#0}'
    """
    return re.sub(_MODULES, "", without_defaults(name))


def made_name(type_: Type) -> str:
    """Return the name of a type that the debug information gives none: what it is of."""
    before, after = "", ""
    inner: Type | None = type_
    for _ in range(_MAX_UNNAMED):
        if inner is None:
            return f"{before}(){after}"
        row = inner.row
        if inner.path:
            return f"{before}{without_defaults(inner.path)}{after}"
        if row.kind == "array":
            before += "["
            after = ("]" if row.count is None else f"; {row.count}]") + after
        elif row.kind == "pointer":
            before += "*"
        else:
            return f"{before}<unnamed {row.kind}>{after}"
        inner = inner.target
    return f"{before}…{after}"


@dataclass(frozen=True, slots=True)
class PathText:
    """A type path split in two: ``alloc::vec::Vec`` and ``("i32", "Global")``."""

    head: str
    arguments: tuple[str, ...]

    @property
    def last(self) -> str:
        """The last segment of the head: ``Vec``."""
        return self.head.rpartition("::")[2]


def parse_type_path(text: str) -> PathText:
    """Split a type path from the generic arguments of its last segment.

    Example:
        >>> parse_type_path("std::HashMap<u8, (i32, Vec<u8>), S>")
        PathText(head='std::HashMap', arguments=('u8', '(i32, Vec<u8>)', 'S'))
    """
    text = text.strip()
    if not text.endswith(">") or text.endswith("->"):
        return PathText(text, ())
    start, end = max(angle_groups(text), default=(0, 0))
    if start == 0 or end != len(text):
        return PathText(text, ())
    arguments = [each.strip() for each in split_outside_brackets(text[start + 1 : -1], ",")]
    if not arguments[-1]:  # no arguments, or a trailing comma
        arguments.pop()
    return PathText(text[:start].removesuffix("::"), tuple(arguments))
