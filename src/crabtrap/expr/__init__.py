"""The expression language: Rust's, read and evaluated without running the program."""

from crabtrap.expr.parser import parse
from crabtrap.expr.syntax import Expression, unparse

__all__ = ["Expression", "parse", "unparse"]
