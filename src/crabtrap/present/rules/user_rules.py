"""Rules from TOML files, the user's own and those shipped for well-known crates.

The format is described in ``docs/types.md``.  A file with an unknown key or a wrong
value is refused as a whole; the error names the rule and the key.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, cast

from crabtrap.files import read_file_or_pipe
from crabtrap.present.rules.rule import PatternText, Rule
from crabtrap.present.rules.rule_table import Place, RuleFileError, RuleTable
from crabtrap.present.rules.shape_tables import SHAPES

if TYPE_CHECKING:
    from pathlib import Path as FilePath

_LONGEST_FILE = 4 << 20
"""Bytes of a rule file."""
_HEADER = r"(?m)^[ \t]*\[\[[ \t]*rule[ \t]*\]\]"
_OF_EVERY_RULE = ("type", "when", "check")
_AT_LINE = r" \(at line (\d+), column \d+\)$"


def load_rules(path: FilePath) -> tuple[Rule, ...]:
    """Read a user's rule file.

    Raises:
        RuleFileError: It is no rule file.
        OSError: It cannot be read.
    """
    try:
        text = read_file_or_pipe(os.fspath(path), _LONGEST_FILE).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RuleFileError(str(path), "it is not text in UTF-8") from error
    return parse_rules(text, str(path))


def shipped_rules(crate: str) -> tuple[Rule, ...]:
    """Read the rules shipped for a crate outside std; ``()`` where there are none."""
    if not crate.isidentifier():
        return ()
    name = f"{crate}.toml"
    path = os.path.join(os.path.dirname(os.path.dirname(__file__)), "crates", name)
    try:
        with open(path, encoding="utf-8") as file:
            return parse_rules(file.read(), name)
    except FileNotFoundError:
        return ()


def parse_rules(text: str, source: str) -> tuple[Rule, ...]:
    r"""Read rules from TOML text.

    Raises:
        RuleFileError: The text is not TOML, or describes no rules.

    Example:
        >>> text = '[[rule]]\ntype = "m::Stack<$T>"\nwrapper = { inner = "items" }'
        >>> parse_rules(text, "mine.toml")[0].pattern
        'm::Stack<$T>'
    """
    import tomllib  # noqa: PLC0415 - slow to import

    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(source, str(error)) from error
    except RecursionError:
        raise RuleFileError(source, "its values are nested too deeply") from None
    unknown = document.keys() - {"rule"}
    if unknown:
        raise RuleFileError(source, f"unknown table {min(unknown)!r}; rules are [[rule]]")
    found = document.get("rule", [])
    if not isinstance(found, list):
        raise RuleFileError(source, "rules are written [[rule]]")
    entries = cast("list[object]", found)
    lines: list[int | None] = [
        text.count("\n", 0, match.start()) + 1 for match in re.finditer(_HEADER, text)
    ]
    if len(lines) != len(entries):  # not written as [[rule]]: rule = [{ .. }]
        lines = [None] * len(entries)
    numbered = enumerate(zip(lines, entries, strict=True), 1)
    return tuple(_rule(source, number, *entry) for number, entry in numbered)


def _toml_error(source: str, message: str) -> RuleFileError:
    """The TOML reader's message, with the line number at the front instead of the end."""
    found = re.search(_AT_LINE, message)
    if found is None:
        return RuleFileError(source, message)
    return RuleFileError(source, message[: found.start()], int(found[1]))


def _rule(source: str, number: int, line: int | None, entry: object) -> Rule:
    """Read one ``[[rule]]``; errors name the rule by its number, then by its type."""
    table = RuleTable(entry, Place(source, line, f"rule {number}"), "a rule")
    pattern = table.text("type")
    table = RuleTable(entry, Place(source, line, f"rule for {pattern}"), "a rule")
    PatternText.parse(pattern)
    names = [name for name in table.table if name not in _OF_EVERY_RULE]
    if len(names) != 1 or names[0] not in SHAPES:
        raise table.error(f"exactly one of {', '.join(sorted(SHAPES))} says what it is")
    keys, read = SHAPES[names[0]]
    shape = table.inner(names[0])
    unknown = shape.table.keys() - keys
    if unknown:
        known = ", ".join(sorted(keys))
        raise table.error(f"{names[0]} has no {min(unknown)!r}; it has {known}")
    return Rule(pattern, read(shape), table.formulas("when"), table.named_formulas("check"))
