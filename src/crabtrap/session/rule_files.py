"""The user's own rules for types, in files that can be loaded, edited and loaded again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crabtrap.engine.door import Door, through_door
from crabtrap.errors import NotFoundError
from crabtrap.files import absolute_path
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crabtrap.present.rules.rule import Rule, RuleBook
    from crabtrap.tasks.waits.wait_rules import BlockRule, HoldRule, WaitRule, WaitRules

    AnyRule = Rule | WaitRule | HoldRule | BlockRule


@dataclass(frozen=True, slots=True)
class _LoadedFile:
    """The rules of one file: for values, and about waiting."""

    rules: tuple[Rule, ...]
    waiting: WaitRules

    @property
    def all(self) -> tuple[AnyRule, ...]:
        return (*self.rules, *self.waiting.all)


@through_door()
class RuleFiles:
    """The rule files in use: the last one loaded is tried first, before the built-in rules."""

    def __init__(
        self,
        book: RuleBook,
        prefer_waiting: Callable[[Iterable[WaitRules]], None],
        door: Door | None = None,
    ) -> None:
        self._book = book
        self._prefer_waiting = prefer_waiting
        self._door = door or Door()
        self._files: dict[str, _LoadedFile] = {}

    @property
    def door(self) -> Door:
        """Where calls of other threads are turned back."""
        return self._door

    def load(self, path: str | os.PathLike[str]) -> tuple[AnyRule, ...]:
        """Use the rules of a file from now on; a file that is in use is read again.

        Conditions that are already compiled keep the rules they were compiled with.

        Args:
            path: A file in the format of ``docs/types.md`` and, for what futures wait for,
                ``docs/async.md``; relative to the working directory.

        Returns:
            The rules in it.

        Raises:
            RuleFileError: It is no rule file; the rules in use stay the same.
            OSError: It cannot be read.
        """
        from pathlib import Path  # noqa: PLC0415 - slow to import, rarely needed

        from crabtrap.present import RuleFile, rules_of  # noqa: PLC0415 - rarely needed
        from crabtrap.tasks.waits.wait_rule_files import parse_wait_rules  # noqa: PLC0415 - rarely needed

        file = RuleFile.read(Path(path))
        loaded = _LoadedFile(rules_of(file), parse_wait_rules(file))
        name = absolute_path(path)
        self._files.pop(name, None)
        self._files[name] = loaded
        self._apply()
        return loaded.all

    def unload(self, path: str | os.PathLike[str]) -> None:
        """Stop using a file.

        Raises:
            NotFoundError: It is not in use.
        """
        if self._files.pop(absolute_path(path), None) is None:
            raise NotFoundError("rule file", os.fspath(path), tuple(self._files))
        self._apply()

    @property
    def loaded(self) -> tuple[tuple[str, tuple[AnyRule, ...]], ...]:
        """Absolute paths and their rules, in the order in which they are tried."""
        return tuple((path, file.all) for path, file in reversed(self._files.items()))

    def _apply(self) -> None:
        files = tuple(reversed(self._files.values()))
        self._book.prefer(rule for file in files for rule in file.rules)
        self._prefer_waiting(file.waiting for file in files)
