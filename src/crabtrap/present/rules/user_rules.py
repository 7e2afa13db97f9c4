"""Rules for showing values from rule files, the user's own and those shipped for known crates.

The format is described in ``docs/types.md``.  A file with an unknown key or a wrong
value is refused as a whole; the error names the rule and the key.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crabtrap.present.rules.rule import PatternText, Rule
from crabtrap.present.rules.rule_file import RuleFile
from crabtrap.present.rules.rule_table import RuleFileError
from crabtrap.present.rules.shape_tables import SHAPES

if TYPE_CHECKING:
    from pathlib import Path as FilePath

    from crabtrap.present.rules.rule_table import RuleTable

__all__ = ["SHAPES", "RuleFileError", "load_rules", "parse_rules", "rules_of", "shipped_rules"]

_OF_EVERY_RULE = ("type", "when", "check")


def load_rules(path: FilePath) -> tuple[Rule, ...]:
    """Read a user's rule file.

    Raises:
        RuleFileError: It is no rule file.
        OSError: It cannot be read.
    """
    return rules_of(RuleFile.read(path))


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
    return rules_of(RuleFile.parse(text, source))


def rules_of(file: RuleFile) -> tuple[Rule, ...]:
    """Read the rules for showing values of a file.

    Raises:
        RuleFileError: One is not valid.
    """
    return tuple(map(_rule, file.tables("rule", "type")))


def _rule(table: RuleTable) -> Rule:
    pattern = table.text("type")
    PatternText.parse(pattern)
    names = [name for name in table.table if name not in _OF_EVERY_RULE]
    if len(names) != 1 or names[0] not in SHAPES:
        raise table.error(f"exactly one of {', '.join(sorted(SHAPES))} says what it is")
    keys, read = SHAPES[names[0]]
    shape = table.inner(names[0])
    shape.refuse_others(keys, names[0])
    return Rule(pattern, read(shape), table.formulas("when"), table.named_formulas("check"))
