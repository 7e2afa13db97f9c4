"""The expression language: Rust's, read and evaluated without running the program."""

from crabtrap.expr.assign import Assignment, MemoryWrite, RegisterWrite, plan_assignment
from crabtrap.expr.evaluate import evaluate
from crabtrap.expr.parser import parse
from crabtrap.expr.scope import EvaluationError, Scope
from crabtrap.expr.syntax import Expression, unparse

__all__ = [
    "Assignment",
    "EvaluationError",
    "Expression",
    "MemoryWrite",
    "RegisterWrite",
    "Scope",
    "evaluate",
    "parse",
    "plan_assignment",
    "unparse",
]
