"""The obligations of one expression: asked again as more is known, until they are settled."""

from __future__ import annotations

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax.nodes import Span
from crabtrap.expr.typing import argument_rules, conversion_rules, iteration_rules
from crabtrap.expr.typing.comparisons import comparable
from crabtrap.expr.typing.inference import Inference
from crabtrap.expr.typing.obligation import Obligation, missing
from crabtrap.expr.typing.terms import (
    UNKNOWN,
    Term,
    is_variable,
    strip_references,
)
from crabtrap.expr.typing.traits import implements

_RULES = {**iteration_rules.RULES, **conversion_rules.RULES, **argument_rules.RULES}


class Obligations:
    """The obligations of one expression."""

    def __init__(self, inference: Inference) -> None:
        self.inference = inference
        self._pending: list[Obligation] = []

    def add(self, obligation: Obligation) -> None:
        """Ask for a trait; it is settled at once where that is possible.

        Raises:
            EvaluationError: The type does not have it.
        """
        if not self._settle(obligation):
            self._pending.append(obligation)

    def settle(self) -> None:
        """Settle what can be settled now."""
        while True:
            pending, self._pending = self._pending, []
            left = [each for each in pending if not self._settle(each)]
            self._pending = left + self._pending
            if len(self._pending) >= len(pending):
                return

    def finish(self) -> None:
        """Settle all; what Rust needs an annotation for gets the nearest type.

        ``sum`` and ``product`` become the type of the items, ``collect`` a ``Vec``.
        """
        self.settle()
        for obligation in tuple(self._pending):
            self._default(obligation)
            self.settle()

    def _default(self, each: Obligation) -> None:
        subject = self.inference.shallow(each.subject)
        if each.trait == "From":
            self.inference.unifies(subject, each.args[0])
        if not is_variable(subject):
            return
        if each.trait in ("Sum", "Product"):
            item = strip_references(self.inference.resolve(each.args[0]))
            self.inference.unifies(subject, item)
        elif each.trait in ("FromIterator", "Extended"):
            self.inference.unifies(subject, Term("Vec", (each.args[0],)))
        elif each.trait == "FromStr":
            raise EvaluationError(
                "type annotations needed", each.span, hint="say what to parse: parse::<i32>()"
            )

    def _settle(self, each: Obligation) -> bool:
        subject = self.inference.resolve(each.subject)
        if subject == UNKNOWN:
            for arg in each.args:
                self.inference.unifies(arg, UNKNOWN)
            return True
        rule = _RULES.get(each.trait)
        if rule is not None:
            return rule(self, subject, each)
        if is_variable(subject) and subject.name == "$":
            return False
        if not implements(subject, each.trait):
            raise missing(subject, each.trait, each.span)
        if _is_open(subject):
            return False  # a part of it may not have the trait
        return not (is_variable(subject) and each.trait in ("Ord", "Eq", "Hash"))

    def comparable(self, left: Term, right: Term) -> bool:
        """Whether ``left: PartialEq<right>``, with variables bound that this decides."""
        return comparable(self.inference, left, right)

    def same(self, left: Term, right: Term, span: Span) -> None:
        """Make two types one.

        Raises:
            EvaluationError: They are two.
        """
        if not self.inference.unifies(left, right):
            left, right = self.inference.resolve(left), self.inference.resolve(right)
            raise EvaluationError(f"mismatched types: expected `{left}`, found `{right}`", span)


def _is_open(term: Term) -> bool:
    """Whether a part of a type is not known yet."""
    if is_variable(term):
        return term.name == "$"
    return any(map(_is_open, term.args))
