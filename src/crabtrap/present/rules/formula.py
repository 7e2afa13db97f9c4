"""Formulas in rules: arithmetic with fields, such as ``raw.state >> 4 > 0``.

Operators, strongest first, all of them from left to right: ``* / %``, ``+ -``,
``<< >>``, ``&``, ``|``, comparisons.  Numbers are decimal or ``0x..``; anything else is
a field path.  ``self`` is the value itself, so the first field of a tuple
struct is ``self.0``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from crabtrap.present.field_paths import own_path, part
from crabtrap.records import dataclass
from crabtrap.values import UnavailableError, Value

_TOKEN = r"\s*(?:(0x[0-9a-fA-F]+|\d+)(?![\w.])|([A-Za-z_][\w.]*)|(<<|>>|[<>=!]=|[-+*/%&|<>()]))"

_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">="))
_LEVELS: tuple[frozenset[str], ...] = (
    _COMPARISONS,
    frozenset("|"),
    frozenset("&"),
    frozenset(("<<", ">>")),
    frozenset("+-"),
    frozenset("*/%"),
)
"""Weakest first."""

_COMPUTE: dict[str, Callable[[int, int], int]] = {
    "==": int.__eq__,
    "!=": int.__ne__,
    "<": int.__lt__,
    "<=": int.__le__,
    ">": int.__gt__,
    ">=": int.__ge__,
    "|": int.__or__,
    "&": int.__and__,
    "<<": int.__lshift__,
    ">>": int.__rshift__,
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "/": int.__floordiv__,
    "%": int.__mod__,
}
_MAX_SHIFT = 128


class FormulaError(ValueError):
    """A text is no formula."""


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator applied to two operands."""

    operator: str
    left: Formula
    right: Formula


Formula = int | str | Apply
"""A number, a field path, or an operator with its operands."""

ALWAYS, NEVER = Apply("==", 0, 0), Apply("!=", 0, 0)
"""``true`` and ``false``."""


@cache
def parse_formula(text: str) -> Formula:
    """Parse a formula.

    Raises:
        FormulaError: The text is none.

    Example:
        >>> parse_formula("len > 4")
        Apply(operator='>', left='len', right=4)
    """
    tokens = _tokens(text)
    formula = _operation(tokens, 0, text)
    if tokens:
        raise FormulaError(f"{tokens[0]!r} is not expected in {text!r}")
    return formula


def is_test(formula: Formula) -> bool:
    """Say whether a formula is a comparison: true or false, no number."""
    return isinstance(formula, Apply) and formula.operator in _COMPARISONS


def evaluate(formula: Formula, value: Value) -> int:
    """Evaluate a formula with the fields of ``value``; a comparison is 0 or 1.

    Raises:
        LayoutError: A field it names is not in this type.
        UnavailableError: A field cannot be read, or its number has no result, as in ``1 / 0``.
    """
    match formula:
        case int():
            return formula
        case str():
            return part(value, own_path(formula)).integer()
        case Apply():
            left, right = evaluate(formula.left, value), evaluate(formula.right, value)
            if formula.operator in ("/", "%") and right == 0:
                raise UnavailableError(f"{left} {formula.operator} 0 in a rule")
            if formula.operator in ("<<", ">>") and not 0 <= right <= _MAX_SHIFT:
                raise UnavailableError(f"{left} {formula.operator} {right} in a rule")
            return int(_COMPUTE[formula.operator](left, right))


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    while text[at:].strip():
        match = re.match(_TOKEN, text[at:])
        if match is None:
            raise FormulaError(f"{text[at:].strip()!r} is not expected in {text!r}")
        tokens.append(match[0].strip())
        at += match.end()
    return tokens


def _operation(tokens: list[str], level: int, text: str) -> Formula:
    if level == len(_LEVELS):
        return _operand(tokens, text)
    left = _operation(tokens, level + 1, text)
    while tokens and tokens[0] in _LEVELS[level]:
        left = Apply(tokens.pop(0), left, _operation(tokens, level + 1, text))
    return left


def _operand(tokens: list[str], text: str) -> Formula:
    if not tokens:
        raise FormulaError(f"{text!r} ends too early")
    token = tokens.pop(0)
    if token == "(":
        inner = _operation(tokens, 0, text)
        if not tokens or tokens.pop(0) != ")":
            raise FormulaError(f"a ')' is missing in {text!r}")
        return inner
    if token[0].isdigit():
        return int(token, 0) if token.startswith("0x") else int(token)
    if token[0].isalpha() or token[0] == "_":
        return token
    raise FormulaError(f"{token!r} is not expected in {text!r}")
