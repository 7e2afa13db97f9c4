"""What the program's values are for a reader: views by rules, text, JSON trees."""

from crabtrap.present.json_tree import value_tree
from crabtrap.present.render import render
from crabtrap.present.resolve import Presenter
from crabtrap.present.rule import Rule, RuleBook
from crabtrap.present.std import STD_RULES
from crabtrap.present.tree import RenderOptions
from crabtrap.present.view import View


def std_presenter() -> Presenter:
    """A presenter that knows std and nothing else."""
    return Presenter(RuleBook(STD_RULES))


__all__ = [
    "STD_RULES",
    "Presenter",
    "RenderOptions",
    "Rule",
    "RuleBook",
    "View",
    "render",
    "std_presenter",
    "value_tree",
]
