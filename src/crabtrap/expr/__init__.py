"""The expression language: Rust's expressions, evaluated without running the program.

The evaluator is here, with what it computes; the parser is in ``syntax/``, the methods of
std's types are in ``methods/``, the compiler of breakpoint conditions is in ``agent/``.
Nothing here knows the engine: a ``Scope`` gives names their meaning, and only a
``Caller`` runs functions of the program.
"""

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
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.syntax.parser import parse
from crabtrap.expr.syntax.unparse import unparse

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
