"""Names of types: shortened for people, and taken apart for rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crabtrap.records import dataclass


def field_name(name: str) -> str:
    """A field's name as the source has it: ``__0`` is ``0``."""
    return name[2:] if name.startswith("__") and name[2:].isdecimal() else name


_DEFAULTS = (
    r", (?:alloc::alloc::Global|std::hash::random::RandomState"
    r"|std::collections::hash::map::RandomState|alloc::Global)(?=>)"
)
_MODULES = r"(?<![\w}>:])(?:[A-Za-z_]\w*::)+(?=[A-Za-z_(\[&*])"


def shorten_name(name: str) -> str:
    """A type's name without std's default arguments and without module paths.

    Example:
        >>> shorten_name("Vec<alloc::string::String, alloc::alloc::Global>")
        'Vec<String>'
        >>> shorten_name("main::leaf::{async_fn_env#0}")
        'leaf::{async_fn_env#0}'
    """
    while True:
        shorter = re.sub(_DEFAULTS, "", name)
        if shorter == name:
            break
        name = shorter
    return re.sub(_MODULES, "", name)


@dataclass(frozen=True, slots=True)
class PathText:
    """A type path taken apart: ``alloc::vec::Vec`` and ``("i32", "Global")``."""

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
    start = _matching_open(text)
    if start <= 0:
        return PathText(text, ())
    return PathText(text[:start].removesuffix("::"), tuple(split_arguments(text[start + 1 : -1])))


def _matching_open(text: str) -> int:
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        char = text[index]
        if char == ">" and text[index - 1 : index] not in ("-", "="):
            depth += 1
        elif char == "<":
            depth -= 1
            if depth == 0:
                return index
    return -1


def split_arguments(text: str) -> Iterator[str]:
    """Split at commas that are not inside brackets of any kind."""
    depth, start = 0, 0
    for index, char in enumerate(text):
        if char in "<([{":
            depth += 1
        elif char in ")]}" or (char == ">" and text[index - 1 : index] not in ("-", "=")):
            depth -= 1
        elif char == "," and depth == 0:
            yield text[start:index].strip()
            start = index + 1
    if text[start:].strip():
        yield text[start:].strip()
