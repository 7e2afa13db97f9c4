"""The expression language: Rust's, read and evaluated without running the program."""

from crabtrap.expr import make
from crabtrap.expr.assign import (
    Assignment,
    MemoryWrite,
    RegisterWrite,
    encode,
    owns_memory,
    plan_assignment,
)
from crabtrap.expr.evaluate import Evaluator, evaluate
from crabtrap.expr.parser import parse
from crabtrap.expr.scope import EvaluationError, Scope
from crabtrap.expr.syntax import Expression, unparse

__all__ = [
    "Assignment",
    "EvaluationError",
    "Evaluator",
    "Expression",
    "MemoryWrite",
    "RegisterWrite",
    "Scope",
    "encode",
    "evaluate",
    "make",
    "owns_memory",
    "parse",
    "plan_assignment",
    "unparse",
]
