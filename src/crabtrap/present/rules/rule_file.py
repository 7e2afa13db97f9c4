"""A rule file: TOML text with tables of several kinds, each read by whoever knows its meaning."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, cast

from crabtrap.files import read_file_or_pipe
from crabtrap.present.rules.rule_table import Place, RuleFileError, RuleTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path as FilePath

KINDS = ("rule", "wait", "hold", "block")
"""What a file may have: how values are shown, what futures wait for, what values hold, and what
threads wait for."""

_LONGEST_FILE = 4 << 20
"""Bytes of a rule file."""
_AT_LINE = r" \(at line (\d+), column \d+\)$"


class RuleFile:
    """The tables of a rule file, by kind.

    Attributes:
        source: The file's name, for messages.
    """

    def __init__(self, source: str, text: str, document: Mapping[str, object]) -> None:
        """Hold a document; see ``parse``."""
        self.source = source
        self._text = text
        self._document = document

    @staticmethod
    def read(path: FilePath) -> RuleFile:
        """Read a file.

        Raises:
            RuleFileError: It is no rule file.
            OSError: It cannot be read.
        """
        try:
            text = read_file_or_pipe(os.fspath(path), _LONGEST_FILE).decode("utf-8")
        except UnicodeDecodeError as error:
            raise RuleFileError(str(path), "it is not text in UTF-8") from error
        return RuleFile.parse(text, str(path))

    @staticmethod
    def parse(text: str, source: str) -> RuleFile:
        """Parse TOML text.

        Raises:
            RuleFileError: The text is not TOML, or has tables of unknown kinds.
        """
        import tomllib  # noqa: PLC0415 - slow to import

        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise _toml_error(source, str(error)) from error
        except RecursionError:
            raise RuleFileError(source, "its values are nested too deeply") from None
        unknown = document.keys() - set(KINDS)
        if unknown:
            known = ", ".join(f"[[{kind}]]" for kind in KINDS)
            raise RuleFileError(source, f"unknown table {min(unknown)!r}; there are {known}")
        return RuleFile(source, text, document)

    def tables(self, kind: str, name: str) -> tuple[RuleTable, ...]:
        """Return the tables of a kind, in order.

        Args:
            kind: ``rule`` for ``[[rule]]``.
            name: The key by whose text messages call a table.

        Raises:
            RuleFileError: They are not written as tables, or one has no such text.
        """
        found = self._document.get(kind, [])
        if not isinstance(found, list):
            raise RuleFileError(self.source, f"{kind}s are written [[{kind}]]")
        entries = cast("list[object]", found)
        header = rf"(?m)^[ \t]*\[\[[ \t]*{kind}[ \t]*\]\]"
        lines: list[int | None] = [
            self._text.count("\n", 0, match.start()) + 1
            for match in re.finditer(header, self._text)
        ]
        if len(lines) != len(entries):  # not written as [[rule]]: rule = [{ .. }]
            lines = [None] * len(entries)
        return tuple(
            self._table(kind, name, number, line, entry)
            for number, (line, entry) in enumerate(zip(lines, entries, strict=True), 1)
        )

    def _table(
        self, kind: str, name: str, number: int, line: int | None, entry: object
    ) -> RuleTable:
        """One table; errors name it by its number until its name is known."""
        table = RuleTable(entry, Place(self.source, line, f"{kind} {number}"), f"a {kind}")
        named = f"{kind} for {table.text(name)}"
        return RuleTable(entry, Place(self.source, line, named), f"a {kind}")


def _toml_error(source: str, message: str) -> RuleFileError:
    """The TOML reader's message, with the line number at the front instead of the end."""
    found = re.search(_AT_LINE, message)
    if found is None:
        return RuleFileError(source, message)
    return RuleFileError(source, message[: found.start()], int(found[1]))
