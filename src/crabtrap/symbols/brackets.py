"""Brackets in the names of functions and types: which belong together."""

from __future__ import annotations

from collections.abc import Iterator

_OPENING = "<([{"
_CLOSING = ")]}"
_ARROWS = ("-", "=")
"""What makes a ``>`` the end of ``->`` or ``=>``, not a bracket."""


def angle_groups(text: str) -> Iterator[tuple[int, int]]:
    """Find the outermost ``<...>`` groups as ``(start, end)``, brackets included.

    Example:
        >>> list(angle_groups("<A as B<C>>::run<D>"))
        [(0, 11), (16, 19)]
    """
    depth, start = 0, 0
    for index, char in enumerate(text):
        if char == "<":
            if depth == 0:
                start = index
            depth += 1
        elif char == ">" and depth and text[index - 1] not in _ARROWS:
            depth -= 1
            if depth == 0:
                yield start, index + 1


def split_outside_brackets(text: str, separator: str) -> list[str]:
    """Split at separators that are not inside brackets of any kind.

    Example:
        >>> split_outside_brackets("<a::T as b::U>::run<c::V>", "::")
        ['<a::T as b::U>', 'run<c::V>']
    """
    parts: list[str] = []
    depth, start = 0, 0
    for index, char in enumerate(text):
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING or (char == ">" and text[index - 1 : index] not in _ARROWS):
            depth -= 1
        elif depth == 0 and index >= start and text.startswith(separator, index):
            parts.append(text[start:index])
            start = index + len(separator)
    parts.append(text[start:])
    return parts
