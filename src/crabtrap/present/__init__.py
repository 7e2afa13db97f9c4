"""What the program's values are for a reader: views by rules, text, JSON trees."""

from collections.abc import Iterable

from crabtrap.present.output.json_tree import value_tree
from crabtrap.present.output.render import render
from crabtrap.present.output.text_tree import RenderOptions
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.rules.rule import Rule, RuleBook
from crabtrap.present.rules.user_rules import load_rules, shipped_rules
from crabtrap.present.std import STD_RULES
from crabtrap.present.view import View


def std_presenter(user_rules: Iterable[Rule] = ()) -> Presenter:
    """A presenter that knows std and the crates shipped with us.

    Args:
        user_rules: Asked first; see ``load_rules``.
    """
    return Presenter(RuleBook((*user_rules, *STD_RULES), shipped_rules))


__all__ = [
    "STD_RULES",
    "Presenter",
    "RenderOptions",
    "Rule",
    "RuleBook",
    "View",
    "load_rules",
    "render",
    "std_presenter",
    "value_tree",
]
