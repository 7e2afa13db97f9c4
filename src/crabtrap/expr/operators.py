"""Operators on scalars, with Rust's widths; overflow is an error, as in a debug build."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TypeGuard

from crabtrap import _core
from crabtrap.expr import computed, durations
from crabtrap.expr.compare import Comparer
from crabtrap.expr.indirection import look_through
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax.nodes import ArithmeticOperator, ComparisonOperator
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import ALL, ListedItems, RecordView, SequenceView, TextView
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import Value

_VERBS: dict[str, str] = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "%": "calculate the remainder",
    "<<": "shift left",
    ">>": "shift right",
}

_BITWISE: dict[str, Callable[[int, int], int]] = {
    "&": int.__and__,
    "|": int.__or__,
    "^": int.__xor__,
}

_FLOAT = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "rem"}

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
    **{"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge},
}
"""What an order means to an operator, or to its method."""


def arithmetic(op: ArithmeticOperator, left: Value, right: Value) -> Value:
    """Evaluate ``left op right`` of scalar operands.

    Raises:
        EvaluationError: Types differ, the result overflows, or the divisor is zero.
    """
    a, b = left.valid(), right.valid()
    if isinstance(a, bool) and isinstance(b, bool) and op in _BITWISE:
        return computed.boolean(bool(_BITWISE[op](a, b)))
    if _is_integer(a) and _is_integer(b):
        return _integers(op, a, b, left.type, right.type)
    if isinstance(a, float) or isinstance(b, float):
        return _floats(op, left, right)
    raise _no_operator(op, left, right)


LIMITING: dict[str, Callable[[int, Type], int]] = {
    "Wrapping": computed.wrap,
    "Saturating": computed.clamp,
}
"""What the newtypes of std do with a number that does not fit."""


def in_newtype(
    name: str, op: ArithmeticOperator, left: Value, right: Value, presenter: Presenter
) -> Value:
    """Evaluate an operator of two ``Wrapping`` or two ``Saturating``.

    Raises:
        EvaluationError: The divisor is zero.
    """
    a, b = _content(left, presenter), _content(right, presenter)
    if op in ("+", "-", "*"):
        exact = {"+": operator.add, "-": operator.sub, "*": operator.mul}[op]
        number = LIMITING[name](exact(a.integer(), b.integer()), a.type.strip())
        return computed.std_tuple(name, computed.integer(number, a.type))
    return computed.std_tuple(name, arithmetic(op, a, b))


def _content(value: Value, presenter: Presenter) -> Value:
    found, view = look_through(value, presenter)
    if not isinstance(view, RecordView) or len(view.fields) != 1:
        raise EvaluationError(f"{found.type.name} has no number")
    return view.fields[0][1]


def on_std_types(
    op: ArithmeticOperator, left: Value, right: Value, presenter: Presenter
) -> Value | None:
    """Evaluate an operator of std's types that are no scalars; ``None`` for scalars."""
    left, a = look_through(left, presenter)
    right, b = look_through(right, presenter)
    if isinstance(a, TextView) and isinstance(b, TextView) and op == "+":
        return computed.text(a.all_bytes() + b.all_bytes())
    if isinstance(a, SequenceView) and isinstance(b, SequenceView) and a.is_set and b.is_set:
        return _on_sets(op, a, b, left, presenter)
    return durations.arithmetic(op, (left, a), (right, b))


def _on_sets(op: str, a: SequenceView, b: SequenceView, left: Value, presenter: Presenter) -> Value:
    key = Comparer(presenter).key
    mine, theirs = list(a.items.walk(0, ALL)), list(b.items.walk(0, ALL))
    have, other = {key(item) for item in mine}, {key(item) for item in theirs}
    kept = [item for item in mine if (key(item) in other) == (op == "&") or op == "|"]
    added = [item for item in theirs if key(item) not in have] if op in ("|", "^") else []
    view = SequenceView(ListedItems((*kept, *added)), is_set=True)
    return computed.of_view(left.type, view)


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _no_operator(op: str, left: Value, right: Value) -> EvaluationError:
    return EvaluationError(f"{left.type.name} {op} {right.type.name} is not defined")


def _integers(op: ArithmeticOperator, a: int, b: int, left: Type, right: Type) -> Value:
    if op in ("<<", ">>"):
        return _shift(op, a, b, left)
    type_ = common_integer(op, left, right)
    if op in _BITWISE:
        number = _BITWISE[op](a, b)
    elif op in ("/", "%"):
        number = _divide(op, a, b)
        if op == "%" and b == -1 and a == computed.limits(type_)[0] < 0:
            raise EvaluationError(f"attempt to calculate the remainder with overflow: {a} % -1")
    else:
        number = {"+": operator.add, "-": operator.sub, "*": operator.mul}[op](a, b)
    return checked(op, number, type_, f"{a} {op} {b}")


def common_integer(op: str, left: Type, right: Type) -> Type:
    """Return the type that both operands have; a literal takes the other's.

    Raises:
        EvaluationError: They differ, which Rust refuses, too.
    """
    if left is computed.INTEGER:
        return right
    if right is computed.INTEGER or _same_integer(left, right):
        return left
    raise EvaluationError(
        f"{left.name} {op} {right.name}: the operands have different types",
        hint=f"cast one: `as {left.name}`",
    )


def _same_integer(left: Type, right: Type) -> bool:
    a, b = left.strip(), right.strip()
    return (a.row.encoding, a.size) == (b.row.encoding, b.size)


def _divide(op: str, a: int, b: int) -> int:
    if b == 0:
        what = "divide by zero" if op == "/" else "calculate the remainder with a divisor of zero"
        raise EvaluationError(f"attempt to {what}")
    quotient = divide(a, b)
    return quotient if op == "/" else a - quotient * b


def divide(a: int, b: int) -> int:
    """Divide towards zero; ``b`` is not 0."""
    quotient = abs(a) // abs(b)
    return -quotient if (a < 0) != (b < 0) else quotient


def _shift(op: str, a: int, b: int, type_: Type) -> Value:
    bits = 8 * (type_.strip().size or 0)
    if not 0 <= b < bits:
        raise EvaluationError(f"attempt to {_VERBS[op]} with overflow: {a} {op} {b}")
    if op == ">>":
        return computed.integer(a >> b, type_)
    if type_ is computed.INTEGER:
        return checked(op, a << b, type_, f"{a} << {b}")
    return computed.integer(computed.wrap(a << b, type_), type_)


def checked(op: str, number: int, type_: Type, text: str) -> Value:
    """Return a number as a value of its type.

    Raises:
        EvaluationError: It does not fit; Rust would panic.
    """
    if not computed.fits(number, type_):
        verb = _VERBS.get(op, "calculate")
        raise EvaluationError(f"attempt to {verb} with overflow: {text} as {type_.name}")
    return computed.integer(number, type_)


def _floats(op: str, left: Value, right: Value) -> Value:
    a, b = left.valid(), right.valid()
    literals = (computed.FLOAT, computed.INTEGER)
    type_ = right.type if left.type in literals else left.type
    other = left.type if type_ is right.type else right.type
    different = other not in literals and other.strip().size != type_.strip().size
    if different or not isinstance(a, int | float) or not isinstance(b, int | float):
        raise _no_operator(op, left, right)
    if (isinstance(a, int) and left.type is not computed.INTEGER) or (
        isinstance(b, int) and right.type is not computed.INTEGER
    ):
        raise _no_operator(op, left, right)
    name = _FLOAT.get(op)
    if name is None:
        raise _no_operator(op, left, right)
    single = type_.strip().size == 4
    return computed.real(_core.float_function(name, single, float(a), float(b)), type_)


def negate(value: Value) -> Value:
    """Evaluate ``-value``."""
    number = value.valid()
    if isinstance(number, float):
        return computed.with_sign(value, not computed.is_negative(value))
    if _is_integer(number) and value.shape.row.encoding == "signed":
        return checked("-", -number, value.type, f"-{number}")
    raise EvaluationError(f"-{value.type.name} is not defined")


def invert(value: Value) -> Value:
    """Evaluate ``!value``: logical for ``bool``, bitwise for integers."""
    number = value.valid()
    if isinstance(number, bool):
        return computed.boolean(not number)
    if not isinstance(number, int):
        raise EvaluationError(f"!{value.type.name} is not defined")
    type_ = value.type if value.type is not computed.INTEGER else PRIMITIVES["i32"]
    is_signed = type_.strip().row.encoding == "signed"
    return computed.integer(~number if is_signed else computed.wrap(~number, type_), type_)


def compare(op: ComparisonOperator, left: Value, right: Value, comparer: Comparer) -> bool:
    """Evaluate a comparison.

    Raises:
        EvaluationError: The two cannot be compared.
    """
    if op == "==":
        return comparer.equal(left, right)
    if op == "!=":
        return not comparer.equal(left, right)
    order = comparer.order(left, right)
    return order is not None and RELATIONS[op](order, 0)
