"""Function names as users read them: no hashes, closures by number, generics kept short."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

from crabtrap.symbols.brackets import angle_groups, split_outside_brackets

STD_CRATES = ("core", "alloc", "std")
"""The crates that define the standard library's types."""

SHORT_GENERICS = 40
"""Longest generic argument list, in characters, that a short name still shows."""

_HASH = re.compile(r"::h[0-9a-f]{16}$")
_LEGACY_ANONYMOUS = re.compile(r"\{\{(\w+)\}\}")
_AS = re.compile(" as ")
_NUMBERED = re.compile(r"\{(?!impl#)\w+#\d+\}")
_MODULES = re.compile(r"(?:[A-Za-z_]\w*(?:\[[0-9a-f]+\])?::)+(?=[A-Za-z_{<])")


class Named(Protocol):
    """The names of a function: ``symbols.code.Function`` or ``_core.Function``."""

    @property
    def name(self) -> str:
        """Path by the tree of the debug information."""
        ...

    @property
    def path(self) -> str:
        """Path by the demangled symbol."""
        ...


def function_name(function: Named) -> str:
    """Make the short display name: arguments without module paths, long ones as ``<…>``."""
    return shorten_path(full_function_name(function))


def full_function_name(function: Named) -> str:
    """Make the long display name: full paths, without hashes and mangling.

    Legacy symbols have neither the number of a closure nor generic arguments; both are
    taken from the name in the debug information.
    """
    return _combine(function.path, function.name)


@lru_cache(maxsize=8192)
def shorten_path(path: str) -> str:
    """Shorten the paths inside angle brackets and leave the rest of a path as it is.

    Example:
        >>> shorten_path("app::run<alloc::vec::Vec<app::Item>>")
        'app::run<Vec<Item>>'
        >>> shorten_path("<alloc::string::String as core::fmt::Debug>::fmt")
        '<String as Debug>::fmt'
    """
    return "".join(_short_parts(path))


@lru_cache(maxsize=8192)
def _combine(path: str, name: str) -> str:
    text = _without_self_brackets(_HASH.sub("", path or name).replace("::<", "<"))
    text = _number_anonymous(text, name)
    generics = _trailing_generics(name)
    if generics and not _trailing_generics(text) and _last_segment(text) == _last_segment(name):
        text += generics
    return text


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


def _number_anonymous(path: str, name: str) -> str:
    """Turn ``{{closure}}`` of legacy symbols into ``{closure#0}``, as ``name`` numbers it."""
    found = _LEGACY_ANONYMOUS.findall(path)
    if not found:
        return path
    numbered = _NUMBERED.findall(name)
    if len(numbered) != len(found):
        return _LEGACY_ANONYMOUS.sub(r"{\1}", path)
    replacements = iter(numbered)
    return _LEGACY_ANONYMOUS.sub(lambda _: next(replacements), path)


def _trailing_generics(path: str) -> str:
    """Return the generic arguments that a path ends with, brackets included, or ``""``."""
    groups = list(angle_groups(path))
    if groups and groups[-1][1] == len(path) and groups[-1][0] > 0:
        return path[groups[-1][0] :]
    return ""


def _last_segment(path: str) -> str:
    generics = _trailing_generics(path)
    return path.removesuffix(generics).rpartition("::")[2]


def _short_parts(path: str) -> Iterator[str]:
    position = 0
    for start, end in angle_groups(path):
        yield path[position:start]
        inside = _MODULES.sub("", path[start + 1 : end - 1])
        # The self type of `<T as Trait>::method` tells methods apart: never elided.
        elided = start > 0 and len(inside) > SHORT_GENERICS
        yield "<…>" if elided else f"<{inside}>"
        position = end
    yield path[position:]


def path_segments(path: str) -> tuple[str, ...]:
    """Split a path at ``::`` outside of brackets.

    Example:
        >>> path_segments("<a::T as b::U>::run<c::V>")
        ('<a::T as b::U>', 'run<c::V>')
    """
    return tuple(split_outside_brackets(path, "::"))
