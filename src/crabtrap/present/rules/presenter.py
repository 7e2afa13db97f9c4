"""The presenter: gives values their views, by rules or by debug information alone."""

from __future__ import annotations

from crabtrap.errors import CrabtrapError
from crabtrap.present import structural
from crabtrap.present.field_paths import LayoutError
from crabtrap.present.rules.formula import evaluate
from crabtrap.present.rules.rule import Match, RuleBook
from crabtrap.present.view import InvalidView, View
from crabtrap.values import Synthetic, UnavailableError, Value
from crabtrap.values.decode import why_unreadable


class Presenter:
    """Gives values their views, by a book of rules."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book

    def view(self, value: Value) -> View:
        """Return the view of a value; that of one that cannot be read is an ``InvalidView``."""
        if isinstance(value.location, Synthetic):
            return synthetic_view(value)
        if value.absent is not None:
            return InvalidView(value.absent)
        try:
            return self._by_rule(value) or structural.view(value)
        except CrabtrapError as error:
            return InvalidView(why_unreadable(error))

    def raw_view(self, value: Value) -> View:
        """Return the view without rules: fields as the debug information has them."""
        if isinstance(value.location, Synthetic):
            return synthetic_view(value)
        try:
            return InvalidView(value.absent) if value.absent else structural.view(value)
        except CrabtrapError as error:
            return InvalidView(why_unreadable(error))

    def _by_rule(self, value: Value) -> View | None:
        for match in self.book.matches(value.shape):
            try:
                if all(evaluate(condition, value) for condition in match.rule.when):
                    view = match.rule.shape.build(match, value, self.view)
                    _check(match, value)  # after the layout is known to be the rule's
                    return view
            except LayoutError:
                continue
        return None


def _check(match: Match, value: Value) -> None:
    for text, formula in match.rule.check:
        if not evaluate(formula, value):
            name = value.type.name.partition("<")[0]
            raise UnavailableError(f"{name} — implausible: {text} does not hold")


def synthetic_view(value: Value) -> View:
    """Return the view that a synthetic value consists of."""
    assert isinstance(value.location, Synthetic)  # so says the caller
    content = value.location.content
    if structural.is_view(content):
        return content
    raise TypeError(f"not a view: {content!r}")
