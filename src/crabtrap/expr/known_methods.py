"""The methods that can be written after an expression and a dot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.scope import EvaluationError, Scope
from crabtrap.expr.scope_names import ProgramMethods, ScopeNames
from crabtrap.expr.syntax.parser import parse
from crabtrap.expr.typing.checker import Checker
from crabtrap.expr.typing.method_lookup import method_names

if TYPE_CHECKING:
    from crabtrap.present.rules.rule import RuleBook


def known_methods(
    receiver: str, scope: Scope, book: RuleBook, methods: ProgramMethods
) -> tuple[str, ...]:
    """Names of the methods that an expression's value has without running the program.

    Nothing is evaluated: the type of the receiver decides.

    Raises:
        ParseError: The text is no expression.
        EvaluationError: It cannot be typed.
    """
    tree = parse(receiver)
    checker = Checker(ScopeNames(scope, book, methods, None))
    try:
        found = checker.resolved(tree)
    except RecursionError as error:
        raise EvaluationError("the expression is nested too deeply", text=receiver) from error
    return method_names(checker, found)
