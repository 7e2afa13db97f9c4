"""Searches for functions by regular expression, over several modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.symbols.module import Module

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crabtrap.symbols.code_rows import Function, Symbol


EVERYTHING = 1 << 32
"""A limit that no search comes to."""


def find_code_matching(
    modules: Sequence[Module], pattern: str, limit: int
) -> tuple[list[Function], bool]:
    """Find the functions and inline instances whose path matches a regular expression.

    Args:
        modules: What to search, in order.
        pattern: In the syntax of the regex crate.
        limit: Most to find.

    Returns:
        Out-of-line functions, then inline instances, and whether there are more of them.
    """
    found: list[Function] = []
    for find in (Module.find_code_matching, Module.find_inlined_code_matching):
        for module in modules:
            if len(found) <= limit:
                found += find(module, pattern, limit + 1 - len(found))
    return found[:limit], len(found) > limit


def find_symbols_matching(
    modules: Iterable[Module], pattern: str, limit: int
) -> tuple[list[Symbol], bool]:
    """Find the symbols of functions whose path matches; see ``find_code_matching``.

    Those of data are among what matches, so that the limit is not the one of the search.
    """
    found = [
        symbol
        for module in modules
        for symbol in module.symbols_matching(pattern, EVERYTHING)
        if symbol.kind == "function"
    ]
    return found[:limit], len(found) > limit


def bodies_for_makers(functions: list[Function]) -> list[Function]:
    """Leave out the ``async fn`` itself wherever its body was found: it only makes the future.

    The body is declared on the same line.
    """
    bodies = {
        (each.declaration_path, each.declaration_line) for each in functions if each.is_async_body
    }
    return [
        each
        for each in functions
        if each.is_async_body or (each.declaration_path, each.declaration_line) not in bodies
    ]
