"""Source files that may declare a type: debug information does not say which one does."""

from __future__ import annotations

import os
import re
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from crabtrap.symbols.names import path_segments
from crabtrap.symbols.source_evidence import source_evidence
from crabtrap.symbols.source_files import SourceFile, SourceFinder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crabtrap.symbols.module import Module

_ROOTS = ("main.rs", "lib.rs", "mod.rs")
_MOST_FILES = 64

T = TypeVar("T")


class TypeSources:
    """The files that may declare a type, likeliest first, by its path and theirs.

    Files that are not those that the module was built from are left out.
    """

    def __init__(self, module: Module, path: str, substitutes: Sequence[tuple[str, str]]) -> None:
        """Look for the type ``path`` of a module.

        Args:
            module: The module that describes the type.
            path: The type's.
            substitutes: ``(prefix, directory)``: where sources are that were moved.
        """
        self._module = module
        self._scopes = path_segments(path)[:-1]
        self._finder = SourceFinder(substitutes)

    def find(self, read: Callable[[Sequence[str]], Iterable[T]]) -> T | None:
        """Return what ``read`` finds in the lines of the likeliest files that have it.

        Returns:
            ``None`` where no file has it, or two that are as likely differ.
        """
        for _, group in groupby(self._files(), self._rank):
            files = [self._file(path) for path in group]
            found = {each for file in files if not file.stale for each in read(file.lines)}
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def _file(self, path: str) -> SourceFile:
        return self._finder.find(path, evidence=source_evidence(self._module, path))

    def _files(self) -> list[str]:
        stems = {f"{each}.rs" for each in self._scopes}
        files = [
            path
            for path in self._module.find_files("")
            if (base := os.path.basename(path)) in stems or base in _ROOTS
        ]
        return sorted(files, key=self._rank)[:_MOST_FILES]

    def _rank(self, path: str) -> tuple[bool, int]:
        """How unlikely a file is: outside of a folder named for the crate, of a module around.

        A module is a file of its own, ``mod.rs`` in a folder, or within the file of another.
        """
        folders, base = os.path.split(path)
        stem = os.path.basename(folders) if base == "mod.rs" else base.removesuffix(".rs")
        distance = next(
            (n for n, each in enumerate(reversed(self._scopes)) if each == stem), len(self._scopes)
        )
        return not self._is_of_crate(folders), distance

    def _is_of_crate(self, folders: str) -> bool:
        """Whether a folder is named as cargo names a package's: ``name``, ``name-1.2.3``."""
        crate = self._scopes[0] if self._scopes else ""
        named = re.compile(rf"{re.escape(crate)}(_\d.*)?")
        return any(named.fullmatch(each.replace("-", "_")) for each in folders.split("/"))
