"""The program's source files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crabtrap.engine.door import Door, through_door
from crabtrap.lazy import lazy
from crabtrap.symbols.source_evidence import source_evidence
from crabtrap.symbols.source_files import SourceFile, SourceFinder, installed_library_sources

if TYPE_CHECKING:
    from crabtrap.session.core import Core
    from crabtrap.symbols.module import Module


@through_door()
class Sources:
    """Finds and reads source files, also those that were moved.

    Attributes:
        substitutes: ``(prefix, directory)`` pairs added by ``substitute``.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self.substitutes: tuple[tuple[str, str], ...] = ()

    @property
    def door(self) -> Door:
        """The check that refuses calls of other threads."""
        return self._core.door

    @lazy
    def _finder(self) -> SourceFinder:
        return SourceFinder(
            self.substitutes,
            standard_library=lambda: installed_library_sources(os.path.expanduser("~")),
        )

    def substitute(self, prefix: str, directory: str) -> None:
        """Look for sources below ``directory`` instead of ``prefix``."""
        self.substitutes = (*self.substitutes, (prefix, directory))
        self._core.options.substitutes = self.substitutes
        self.__dict__.pop("_finder", None)

    def find(self, path: str, module: Module | None = None) -> SourceFile:
        """Return the lines of a source file, or why there are none.

        Args:
            path: As the debug information has it.
            module: What holds the code of the file, and is to be newer; the program itself
                if not told.
        """
        module = module or self._core.program.debuggee.modules.main
        if module is None:
            return self._finder.find(path)
        return self._finder.find(path, evidence=source_evidence(module, path))

    def locate(self, path: str) -> str | None:
        """Return where a source file is on this machine, ``None`` where it is not; not read.

        Args:
            path: As the debug information has it.
        """
        found = self._finder.identity(path)
        return None if found is None else found[0]
