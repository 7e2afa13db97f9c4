"""Checking a condition before it is asked: its syntax, its names and its types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.scope import EvaluationError, Scope, WouldRunError
from crabtrap.expr.scope_names import ProgramMethods, ScopeNames
from crabtrap.expr.syntax.parser import parse
from crabtrap.expr.typing.checker import check
from crabtrap.expr.typing.terms import BOOL, NEVER, UNKNOWN, strip_references

if TYPE_CHECKING:
    from crabtrap.present.rules.rule import RuleBook


def check_syntax(condition: str) -> None:
    """Check that a text is an expression.

    Raises:
        ParseError: It is none.
    """
    parse(condition)


def check_condition(condition: str, scope: Scope, book: RuleBook, methods: ProgramMethods) -> None:
    """Check that a condition can be typed in a scope, and is a ``bool``.

    A type that nothing tells, as that of what a closure has captured, is no error.

    Raises:
        ParseError: It is no expression.
        EvaluationError: It cannot be typed; ``span`` is the part that cannot.
    """
    tree = parse(condition)
    try:
        found = check(tree, ScopeNames(scope, book, methods, None)).of(tree)
        if strip_references(found) not in (BOOL, NEVER, UNKNOWN):
            raise EvaluationError(f"mismatched types: expected `bool`, found `{found}`", tree.span)
    except EvaluationError as error:
        error.text = condition
        if isinstance(error, WouldRunError):
            error.hint = "a condition runs nothing of the program"
        raise
    except RecursionError as error:
        raise EvaluationError("the condition is nested too deeply", text=condition) from error
