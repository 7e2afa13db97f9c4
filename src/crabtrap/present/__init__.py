"""Presentation: what the program's values are to a reader, as views, text and JSON.

Views are in ``view.py``: rules (``rules/``, ``std/``, ``crates/``) build them for library
types, ``structural.py`` for all others; ``output/`` writes them down.  Nothing here
knows the engine or expressions, and nothing runs the program.
"""

from collections.abc import Iterable

from crabtrap.present.output.json_tree import value_tree
from crabtrap.present.output.render import render
from crabtrap.present.output.text_tree import RenderOptions
from crabtrap.present.rules.macro_types import MACRO_RULES
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.rules.rule import Rule, RuleBook
from crabtrap.present.rules.rule_file import RuleFile
from crabtrap.present.rules.user_rules import load_rules, rules_of, shipped_rules
from crabtrap.present.std import STD_RULES
from crabtrap.present.view import View


def std_presenter(user_rules: Iterable[Rule] = ()) -> Presenter:
    """Create a presenter with the rules for std and for well-known crates.

    Args:
        user_rules: Searched before all others; see ``load_rules``.
    """
    return Presenter(RuleBook((*user_rules, *STD_RULES, *MACRO_RULES), shipped_rules))


__all__ = [
    "STD_RULES",
    "Presenter",
    "RenderOptions",
    "Rule",
    "RuleBook",
    "RuleFile",
    "View",
    "load_rules",
    "render",
    "rules_of",
    "std_presenter",
    "value_tree",
]
