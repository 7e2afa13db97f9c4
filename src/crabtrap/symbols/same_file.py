"""Source files of the debug information that are the same file as one on this machine.

Editors send paths as they opened a file; compilers note paths as the build saw it.  Either
may go through symbolic links, and either may be a link with a name of its own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crabtrap.symbols.module import Module

Substitutes = tuple[tuple[str, str], ...]
"""``(prefix, directory)``: where on this machine the files below a prefix are."""


def find_same_files(
    modules: Sequence[Module],
    path: str,
    *,
    substitutes: Substitutes = (),
    is_user_path: Callable[[str], bool],
) -> tuple[str, ...]:
    """Find the source files, as the debug information names them, that ``path`` is.

    Args:
        modules: What to search.
        path: A file on this machine, absolute or relative to the working directory.
        substitutes: Where sources are that were moved since the build.
        is_user_path: Which files may be linked under another name; of all files, this
            would take long to find out.
    """
    identity = _identity(path)
    if identity is None:
        return ()
    names = dict.fromkeys(map(os.path.basename, (path, os.path.realpath(path))))
    named = _files(modules, names)
    found = _same(named, identity, substitutes)
    if not found:
        others = (each for each in _files(modules, ("",)) if is_user_path(each))
        found = _same(others, identity, substitutes)
    return found


def _files(modules: Sequence[Module], suffixes: Iterable[str]) -> list[str]:
    found = (f for suffix in suffixes for m in modules for f in m.find_files(suffix))
    return list(dict.fromkeys(found))


def _same(
    files: Iterable[str], identity: tuple[int, int], substitutes: Substitutes
) -> tuple[str, ...]:
    return tuple(
        file
        for file in files
        if any(_identity(place) == identity for place in _places(file, substitutes))
    )


def _places(file: str, substitutes: Substitutes) -> Iterator[str]:
    """Where a file of the debug information may be on this machine."""
    for prefix, directory in substitutes:
        start = prefix.rstrip("/") + "/"
        if file.startswith(start):
            yield os.path.join(directory, file[len(start) :])
    yield file


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino)
