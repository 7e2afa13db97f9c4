"""What has to hold of a type that may not be known yet, and what settles it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax.nodes import Span
from crabtrap.expr.typing.inference import Inference
from crabtrap.expr.typing.terms import Term
from crabtrap.records import dataclass


@dataclass(frozen=True, slots=True)
class Obligation:
    """``subject: trait<args>``, asked for at ``span``."""

    subject: Term
    trait: str
    args: tuple[Term, ...]
    span: Span


class Settling(Protocol):
    """What a rule may use to settle an obligation."""

    @property
    def inference(self) -> Inference:
        """The type variables of the expression."""
        ...

    def add(self, obligation: Obligation) -> None:
        """Ask for another trait."""
        ...

    def same(self, left: Term, right: Term, span: Span) -> None:
        """Make two types one.

        Raises:
            EvaluationError: They are two.
        """
        ...

    def comparable(self, left: Term, right: Term) -> bool:
        """Whether ``left: PartialEq<right>``, with variables bound that this decides."""
        ...


Rule = Callable[[Settling, Term, Obligation], bool]
"""Settles an obligation about a resolved subject; says whether it could."""


def missing(subject: Term, trait: str, span: Span) -> EvaluationError:
    """Word that a type does not have a trait."""
    return EvaluationError(f"the trait bound `{subject}: {trait}` is not satisfied", span)
