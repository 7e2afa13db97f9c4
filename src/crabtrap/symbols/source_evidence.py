"""Whether a source file is the one that a module was compiled from.

Compilers may note the MD5 of each file (DWARF 5, section 6.2.4.1); that decides.  Without it, a
file that is newer than the module is another one, and so is one that has nothing on a line
that has code.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.symbols.module import Module

NEWER = "newer than the program"
OTHER_CONTENTS = "not what was compiled"

_NO_CODE = re.compile(r"\s*(//(?![/!]).*)?$")
"""An empty line, or a comment that is no documentation, which macros make code of."""


@dataclass(frozen=True, slots=True)
class SourceEvidence:
    """What a module tells about one of its source files.

    Attributes:
        checksums: The MD5 of the file by each unit that has it.
        built: ``st_mtime`` of the module in seconds, ``None`` where unknown.
        lines: Lines that have code, where there are no checksums.
    """

    checksums: tuple[bytes, ...] = ()
    built: float | None = None
    lines: tuple[int, ...] = ()

    def objection(self, data: bytes, lines: Sequence[str], modified: float) -> str:
        """Why a file is not the one that was compiled; ``""`` where nothing says so.

        Args:
            data: Its contents.
            lines: The same, as lines.
            modified: Its ``st_mtime``.
        """
        if self.checksums:
            found = hashlib.md5(data, usedforsecurity=False).digest()
            return "" if self.checksums == (found,) else OTHER_CONTENTS
        if self.built is not None and modified > self.built:
            return NEWER
        has_code = all(
            line <= len(lines) and not _NO_CODE.match(lines[line - 1]) for line in self.lines
        )
        return "" if has_code else OTHER_CONTENTS


def source_evidence(module: Module, path: str) -> SourceEvidence:
    """Collect what a module tells about a source file, by its path in the debug information."""
    known = module.source_evidence.get(path)
    if known is None:
        known = module.source_evidence[path] = _collect(module, path)
    return known


def _collect(module: Module, path: str) -> SourceEvidence:
    checksums = module.image.source_checksums(path)
    if checksums:
        return SourceEvidence(checksums)
    try:
        built = os.stat(module.path).st_mtime
    except OSError:
        built = None
    lines = tuple(line for line in module.lines_with_code(path) if line)
    return SourceEvidence(built=built, lines=lines)
