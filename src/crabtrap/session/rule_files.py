"""The user's own rules for types, in files that can be loaded, edited and loaded again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crabtrap.engine.door import Door, through_door
from crabtrap.errors import NotFoundError
from crabtrap.files import absolute_path

if TYPE_CHECKING:
    from crabtrap.present.rules.rule import Rule, RuleBook


@through_door()
class RuleFiles:
    """The rule files in use: the last one loaded is tried first, before the built-in rules."""

    def __init__(self, book: RuleBook, door: Door | None = None) -> None:
        self._book = book
        self._door = door or Door()
        self._files: dict[str, tuple[Rule, ...]] = {}

    @property
    def door(self) -> Door:
        """Where calls of other threads are turned back."""
        return self._door

    def load(self, path: str | os.PathLike[str]) -> tuple[Rule, ...]:
        """Use the rules of a file from now on; a file that is in use is read again.

        Conditions that are already compiled keep the rules they were compiled with.

        Args:
            path: A file in the format of ``docs/types.md``; relative to the working directory.

        Returns:
            The rules in it.

        Raises:
            RuleFileError: It is no rule file; the rules in use stay the same.
            OSError: It cannot be read.
        """
        from pathlib import Path  # noqa: PLC0415 - slow to import, rarely needed

        from crabtrap.present import load_rules  # noqa: PLC0415 - rarely needed

        rules = load_rules(Path(path))
        name = absolute_path(path)
        self._files.pop(name, None)
        self._files[name] = rules
        self._apply()
        return rules

    def unload(self, path: str | os.PathLike[str]) -> None:
        """Stop using a file.

        Raises:
            NotFoundError: It is not in use.
        """
        if self._files.pop(absolute_path(path), None) is None:
            raise NotFoundError("rule file", os.fspath(path), tuple(self._files))
        self._apply()

    @property
    def loaded(self) -> tuple[tuple[str, tuple[Rule, ...]], ...]:
        """Absolute paths and their rules, in the order in which they are tried."""
        return tuple(reversed(self._files.items()))

    def _apply(self) -> None:
        self._book.prefer(rule for _, rules in self.loaded for rule in rules)
