"""Formulas in rules: arithmetic with fields, such as ``raw.state >> 4 > 0``.

Operators, strongest first, all of them from left to right: ``* / %``, ``+ -``,
``<< >>``, ``&``, ``|``, comparisons.  Numbers are decimal or ``0x..``; ``name(..)`` is a
function; anything else is a field path.  ``self`` is the value itself, so the first field
of a tuple struct is ``self.0``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TypeGuard

from crabtrap.present.field_paths import LayoutError, Path, find_part, own_path, part
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type
from crabtrap.values import UnavailableError, Value
from crabtrap.values.unsized import ADDRESS_FIELD, wide_kind

_NUMBER = r"(0x[0-9a-fA-F]+|\d+)(?![\w.])"
_NAME = r"([A-Za-z_][\w.]*(?:::\w+)*)"
_TOKEN = rf"\s*(?:{_NUMBER}|{_NAME}|(<<|>>|[<>=!]=|[-+*/%&|<>(),]))"

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


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied to operands; of some a name."""

    function: str
    operands: tuple[Formula, ...]


Formula = int | str | Apply | Call
"""A number, a field path, or an operator or function with its operands."""

Amount = Formula | tuple[Formula, ...]
"""A formula, or alternatives: the first whose fields exist is taken.  A ``Path`` is one."""

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
    match formula:
        case Apply(operator):
            return operator in _COMPARISONS
        case Call(function):
            return function in _TESTS
        case _:
            return False


def is_path(amount: Amount) -> TypeGuard[Path]:
    """Say whether an amount is what a field holds, without arithmetic."""
    if isinstance(amount, tuple):
        return all(isinstance(each, str) for each in amount)
    return isinstance(amount, str)


def amount_of(amount: Amount, value: Value) -> int:
    """Evaluate the first alternative of an amount whose fields exist.

    Raises:
        LayoutError: There is none.
        UnavailableError: Its fields cannot be read.
    """
    if is_path(amount):
        return part(value, amount).integer()
    if not isinstance(amount, tuple):
        return evaluate(amount, value)
    for formula in amount:
        try:
            return evaluate(formula, value)
        except LayoutError:
            continue
    raise LayoutError(f"{value.type.name} has none of the fields that a rule names")


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
        case Call(function, (str() as name,)) if function in _NAMED:
            return _NAMED[function](value, name)
        case Call("word", (str() as path, index)):
            return _word(part(value, own_path(path)), evaluate(index, value))
        case Call(function, operands):
            return _FUNCTIONS[function][1](value, tuple(evaluate(each, value) for each in operands))
        case Apply():
            left, right = evaluate(formula.left, value), evaluate(formula.right, value)
            if formula.operator in ("/", "%") and right == 0:
                raise UnavailableError(f"{left} {formula.operator} 0 in a rule")
            if formula.operator in ("<<", ">>") and not 0 <= right <= _MAX_SHIFT:
                raise UnavailableError(f"{left} {formula.operator} {right} in a rule")
            return int(_COMPUTE[formula.operator](left, right))


def _exists(value: Value, path: str) -> int:
    return find_part(value, own_path(path)) is not None


def _has_type(value: Value, path: str) -> int:
    return value.context.program.find_type(path) is not None


def _size_of(value: Value, parameter: str) -> int:
    size = _argument(value, parameter).size
    if size is None:
        raise LayoutError(f"{parameter} of {value.type.name} has no known size")
    return size


def _align_of(value: Value, parameter: str) -> int:
    return _argument(value, parameter).alignment


def _argument(value: Value, parameter: str) -> Type:
    """A generic argument of a value's type, or of what a wide pointer points to."""
    shape = value.shape
    wide = wide_kind(shape)
    if wide is not None:
        shape = value.field(ADDRESS_FIELD[wide]).shape.target or shape
    found = shape.argument(parameter)
    if found is None:
        raise LayoutError(f"{value.type.name} has no argument {parameter}")
    return found


_NAMED: dict[str, Callable[[Value, str], int]] = {
    "exists": _exists,
    "has_type": _has_type,
    "size_of": _size_of,
    "align_of": _align_of,
}
"""Functions of a name: of a field, of a type in the program, of a generic parameter."""


def _word(holder: Value, index: int) -> int:
    """Read the 8 bytes that begin ``index * 8`` bytes into a field of any type."""
    data = holder.read_bytes()[index * 8 : index * 8 + 8]
    if index < 0 or len(data) < 8:
        raise UnavailableError(f"{holder.type.name} has no word {index}")
    return int.from_bytes(data, "little")


_TESTS = frozenset(("exists", "has_type"))


def _load(size: int) -> _Function:
    def load(value: Value, operands: tuple[int, ...]) -> int:
        (address,) = operands
        if not 0 < address < 1 << 64:
            raise UnavailableError(f"a rule reads at {address:#x}")
        return int.from_bytes(value.context.reader.read(address, size), "little")

    return load


def _bit_length(_value: Value, operands: tuple[int, ...]) -> int:
    return operands[0].bit_length()


def _count_ones(_value: Value, operands: tuple[int, ...]) -> int:
    return operands[0].bit_count()


def _min(_value: Value, operands: tuple[int, ...]) -> int:
    return min(operands)


def _max(_value: Value, operands: tuple[int, ...]) -> int:
    return max(operands)


_Function = Callable[[Value, tuple[int, ...]], int]
_FUNCTIONS: dict[str, tuple[int, _Function]] = {
    "u8": (1, _load(1)),
    "u16": (1, _load(2)),
    "u32": (1, _load(4)),
    "u64": (1, _load(8)),
    "bit_length": (1, _bit_length),
    "count_ones": (1, _count_ones),
    "min": (2, _min),
    "max": (2, _max),
}
"""Number of operands and meaning; ``u8(a)`` and the like read memory at an address."""


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
        if tokens and tokens[0] == "(":
            return _call(token, tokens, text)
        if "::" not in token:
            return token
    raise FormulaError(f"{token!r} is not expected in {text!r}")


def _is_name(tokens: list[str]) -> bool:
    return bool(tokens) and (tokens[0][0].isalpha() or tokens[0][0] == "_")


def _call(function: str, tokens: list[str], text: str) -> Call:
    del tokens[0]
    if function in _NAMED:
        if not _is_name(tokens) or tokens[1:2] != [")"]:
            raise FormulaError(f"{function} takes a name in {text!r}")
        name = tokens[0]
        del tokens[:2]
        return Call(function, (name,))
    arity = 2 if function == "word" else _FUNCTIONS[function][0] if function in _FUNCTIONS else 0
    if not arity:
        known = ", ".join(sorted((*_NAMED, *_FUNCTIONS, "word")))
        raise FormulaError(f"{function!r} in {text!r} is no function: there are {known}")
    if function == "word" and not _is_name(tokens):
        raise FormulaError(f"word takes a name and a number in {text!r}")
    operands = [_operation(tokens, 0, text)]
    while tokens and tokens[0] == ",":
        del tokens[0]
        operands.append(_operation(tokens, 0, text))
    if not tokens or tokens.pop(0) != ")":
        raise FormulaError(f"a ')' is missing in {text!r}")
    if len(operands) != arity:
        raise FormulaError(f"{function} takes {arity} numbers in {text!r}")
    return Call(function, tuple(operands))
