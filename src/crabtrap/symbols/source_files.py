"""Source files: their paths on this machine, and their lines.

Debug information has a file's path on the machine that compiled it.  That path is tried
with the user's replacements first, then as it is, then in the standard library sources
of the installed toolchains.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

from crabtrap.files import read_regular_file, text_lines
from crabtrap.records import dataclass, field
from crabtrap.symbols.source_evidence import SourceEvidence

MAX_SOURCE_SIZE = 16 << 20
"""Bytes; a larger file is no source file."""

_RUSTC = re.compile(r"^/rustc/(?P<commit>[^/]+)/(?P<rest>.+)$")
_DISTRIBUTION = re.compile(r"^/usr/src/rustc-[^/]+/(?P<rest>library/.+)$")
_RELATIVE = re.compile(r"^(?:\./)?(?P<rest>library/.+)$")
_NO_EVIDENCE = SourceEvidence()
_RUST_SRC_HINT = "install the standard library's sources: rustup component add rust-src"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A source file, or why it cannot be shown.

    Attributes:
        name: Path as the debug information has it.
        path: The file on this machine, ``None`` where there is none.
        lines: Its lines without line ends; ``()`` where it cannot be shown.
        objection: Why it is not the file that was compiled, ``"newer than the program"`` or
            ``"not what was compiled"``: its lines may be others; ``""`` where nothing says so.
        reason: Why there are no lines, one sentence, else ``""``.
        hint: What to try then, or ``""``.
    """

    name: str
    path: str | None
    lines: tuple[str, ...] = field(default=(), repr=False)
    objection: str = ""
    reason: str = ""
    hint: str = ""

    @property
    def stale(self) -> bool:
        """Whether it is not the file that was compiled, so that line numbers may be off."""
        return bool(self.objection)

    def line(self, number: int) -> str | None:
        """Line ``number``, counted from 1; ``None`` where the file has no such line."""
        return self.lines[number - 1] if 1 <= number <= len(self.lines) else None


def _no_toolchains() -> Sequence[str]:
    return ()


class SourceFinder:
    """Finds, reads and caches source files.

    Args:
        replacements: ``(prefix, directory)`` pairs of the user; the first match is used.
        directories: More directories to search for relative paths.
        standard_library: Returns directories that hold a ``library/`` folder of std's
            sources; called once, when first needed.
    """

    def __init__(
        self,
        replacements: Sequence[tuple[str, str]] = (),
        directories: Sequence[str] = (),
        standard_library: Callable[[], Sequence[str]] = _no_toolchains,
    ) -> None:
        self._replacements = tuple(replacements)
        self._directories = tuple(directories)
        self._standard_library = standard_library
        self._roots: tuple[str, ...] | None = None
        self._files: dict[tuple[str, str | None, SourceEvidence], SourceFile] = {}

    def find(
        self,
        name: str,
        *,
        compilation_directory: str | None = None,
        evidence: SourceEvidence = _NO_EVIDENCE,
    ) -> SourceFile:
        """Find and read a file by its name in the debug information; never raises.

        Args:
            name: Path, absolute or relative.
            compilation_directory: What a relative ``name`` is relative to.
            evidence: What the module with its code tells about it.
        """
        key = (name, compilation_directory, evidence)
        known = self._files.get(key)
        if known is None:
            known = self._files[key] = self._read(*key)
        return known

    def identity(self, name: str) -> tuple[str, int, int, int] | None:
        """Which file ``find`` would read now: its path, inode, time and size; never raises.

        As long as that is the same, so is what is in it.  ``None`` where there is no such file.
        """
        for path in self._candidates(name, None):
            try:
                status = os.stat(path)
            except OSError:
                continue
            return path, status.st_ino, status.st_mtime_ns, status.st_size
        return None

    def forget(self) -> None:
        """Clear the cache, after a rebuild."""
        self._files.clear()

    def _read(self, name: str, directory: str | None, evidence: SourceEvidence) -> SourceFile:
        reason = ""
        for path in self._candidates(name, directory):
            try:
                data, modified = read_regular_file(path, MAX_SOURCE_SIZE)
            except FileNotFoundError:
                continue
            except OSError as error:
                reason = reason or f"{path}: {error.strerror or error}"
                continue
            lines = tuple(text_lines(data.decode("utf-8-sig", "replace")))
            return SourceFile(name, path, lines, evidence.objection(data, lines, modified))
        if reason:
            return SourceFile(name, None, reason=reason)
        if self._library_part(name) is not None:
            return SourceFile(
                name, None, reason="standard library sources not found", hint=_RUST_SRC_HINT
            )
        return SourceFile(
            name,
            None,
            reason="file not found",
            hint="if the sources are elsewhere on this machine, map their directory",
        )

    def _candidates(self, name: str, directory: str | None) -> list[str]:
        found: list[str] = []
        absolute = name if name.startswith("/") else os.path.join(directory or "", name)
        for prefix, replacement in self._replacements:
            for path in (name, absolute):
                if path == prefix or path.startswith(prefix.rstrip("/") + "/"):
                    found.append(replacement.rstrip("/") + path[len(prefix.rstrip("/")) :])
        found.append(absolute)
        if not name.startswith("/"):
            found += (os.path.join(base, name) for base in self._directories)
        rest = self._library_part(name)
        if rest is not None:
            found += (os.path.join(root, rest) for root in self._library_roots())
        return found

    @staticmethod
    def _library_part(name: str) -> str | None:
        """Return ``library/...`` of a standard library path, ``None`` for any other."""
        for pattern in (_RUSTC, _DISTRIBUTION, _RELATIVE):
            match = pattern.match(name)
            if match is not None:
                return match["rest"]
        return None

    def _library_roots(self) -> tuple[str, ...]:
        if self._roots is None:
            self._roots = tuple(self._standard_library())
        return self._roots


def installed_library_sources(
    home: str, sysroots: Sequence[str] = (), system: str = "/usr"
) -> tuple[str, ...]:
    """List the directories with a ``library/`` folder of std's sources on this machine.

    Args:
        home: The user's home directory, for rustup's toolchains.
        sysroots: Toolchains to prefer (``rustc --print sysroot``).
        system: Prefix of the distribution's packages.
    """
    toolchains = os.path.join(home, ".rustup", "toolchains")
    roots = [os.path.join(root, "lib/rustlib/src/rust") for root in sysroots]
    roots += (os.path.join(toolchains, name, "lib/rustlib/src/rust") for name in _names(toolchains))
    roots.append(os.path.join(system, "lib/rustlib/src/rust"))
    sources = os.path.join(system, "src")
    roots += (os.path.join(sources, n) for n in _names(sources) if n.startswith("rustc-"))
    found = (root for root in roots if os.path.isdir(os.path.join(root, "library")))
    return tuple(dict.fromkeys(found))


def _names(directory: str) -> list[str]:
    """List a directory in reverse order: of most version numbers the newest comes first."""
    try:
        return sorted(os.listdir(directory), reverse=True)
    except FileNotFoundError:
        return []
