"""The expression language: Rust's, read and evaluated without running the program."""

from crabtrap.expr import computed
from crabtrap.expr.assign import (
    Assignment,
    MemoryWrite,
    RegisterWrite,
    encode,
    owns_memory,
    plan_assignment,
)
from crabtrap.expr.evaluate import Evaluator, evaluate
from crabtrap.expr.scope import EvaluationError, Scope
from crabtrap.expr.syntax.nodes import Expression, unparse
from crabtrap.expr.syntax.parser import parse

__all__ = [
    "Assignment",
    "EvaluationError",
    "Evaluator",
    "Expression",
    "MemoryWrite",
    "RegisterWrite",
    "Scope",
    "computed",
    "encode",
    "evaluate",
    "owns_memory",
    "parse",
    "plan_assignment",
    "unparse",
]
