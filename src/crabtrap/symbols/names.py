"""Function names as users read them: no hashes, closures by number, generics kept short."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Protocol

from crabtrap.symbols.brackets import angle_groups, split_outside_brackets

STD_CRATES = ("core", "alloc", "std")
"""The crates that define the standard library's types."""

SHORT_GENERICS = 40
"""Longest generic argument list, in characters, that a short name still shows."""
ELIDED = "…"
"""What stands in a short name for generic arguments that are left out."""

_HASH = re.compile(r"::h[0-9a-f]{16}$")
_BODY = re.compile(r"::\{async_fn#\d+\}(?:<.*>)?$")
_AS = re.compile(" as ")
_MODULES = re.compile(r"(?:[A-Za-z_]\w*(?:\[[0-9a-f]+\])?::)+(?=[A-Za-z_{<])")


class Named(Protocol):
    """The names of a function: ``symbols.code.Function`` or ``_core.Function``."""

    @property
    def name(self) -> str:
        """Path by the tree of the debug information."""
        ...

    @property
    def path(self) -> str:
        """Path by the demangled symbol, with what legacy symbols lack."""
        ...


def function_name(function: Named) -> str:
    """Make the short display name: arguments without module paths, long ones as ``<…>``."""
    return shorten_path(full_function_name(function))


def distinct_function_name(function: Named) -> str:
    """Make a display name that tells instances apart: all arguments, without module paths."""
    return "".join(_parts(full_function_name(function), _without_modules))


def full_function_name(function: Named) -> str:
    """Make the long display name: full paths, without hashes and mangling."""
    return _displayed(function.path or function.name)


def body_name(name: str) -> str:
    """Name the body of an async function as the function: no one else calls it.

    Example:
        >>> body_name("app::fetch<u8>::{async_fn#0}<u8>")
        'app::fetch<u8>'
    """
    return _BODY.sub("", name)


@lru_cache(maxsize=8192)
def shorten_path(path: str) -> str:
    """Shorten the paths inside angle brackets and leave the rest of a path as it is.

    Example:
        >>> shorten_path("app::run<alloc::vec::Vec<app::Item>>")
        'app::run<Vec<Item>>'
        >>> shorten_path("<alloc::string::String as core::fmt::Debug>::fmt")
        '<String as Debug>::fmt'
        >>> shorten_path("app::run<app::Map<a::SomeKey, a::SomeValue, a::SomeHasher<u64>>, u8>")
        'app::run<Map<…>, u8>'
    """
    return "".join(_parts(path, _short_arguments))


@lru_cache(maxsize=8192)
def _displayed(path: str) -> str:
    return _without_self_brackets(_HASH.sub("", path))


def _without_self_brackets(path: str) -> str:
    """Turn ``<app::Point>::norm``, as v0 symbols name inherent methods, into ``app::Point::norm``.

    The brackets of ``<T as Trait>::method`` and ``<[T]>::method`` stay.
    """
    if not path.startswith("<"):
        return path
    _, end = next(angle_groups(path), (0, 0))
    inside = path[1 : end - 1]
    is_path = inside[:1].isalpha() and _find_as(inside) < 0
    return inside + path[end:] if is_path and path.startswith("::", end) else path


def _find_as(text: str) -> int:
    """Return the index of the first `` as `` outside of brackets, or -1."""
    for match in _AS.finditer(text):
        if all(not start < match.start() < end for start, end in angle_groups(text)):
            return match.start()
    return -1


def _parts(path: str, shorten: Callable[[str], str]) -> Iterator[str]:
    position = 0
    for start, end in angle_groups(path):
        yield path[position:start]
        inside = path[start + 1 : end - 1]
        # The self type of `<T as Trait>::method` tells methods apart: never elided.
        yield f"<{shorten(inside) if start > 0 else _without_modules(inside)}>"
        position = end
    yield path[position:]


def _without_modules(arguments: str) -> str:
    return _MODULES.sub("", arguments)


def _short_arguments(arguments: str) -> str:
    """Leave out what is too long: first the arguments of arguments, then all."""
    inside = _without_modules(arguments)
    if len(inside) <= SHORT_GENERICS:
        return inside
    outer = "".join(_parts(inside, lambda _: ELIDED))
    return outer if len(outer) <= SHORT_GENERICS else ELIDED


def fit_path(path: str, width: int) -> str:
    """Shorten a display path to ``width`` characters if it can be done.

    Generic arguments go first, then the segments between the crate and the last two.

    Example:
        >>> fit_path("app::parse::Lexer<&str>::next<Tokens>", 30)
        'app::parse::Lexer<…>::next<…>'
        >>> fit_path("app::parse::Lexer<&str>::next<Tokens>", 25)
        'app::…::Lexer<…>::next<…>'
    """
    if len(path) <= width:
        return path
    shorter = "".join(_parts(path, lambda _: ELIDED))
    first, *between = path_segments(shorter)
    if len(shorter) <= width or len(between) <= 2:
        return shorter
    return "::".join((first, ELIDED, *between[-2:]))


def path_segments(path: str) -> tuple[str, ...]:
    """Split a path at ``::`` outside of brackets.

    Example:
        >>> path_segments("<a::T as b::U>::run<c::V>")
        ('<a::T as b::U>', 'run<c::V>')
    """
    return tuple(split_outside_brackets(path, "::"))
