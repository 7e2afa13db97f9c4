"""Spans of time and moments as numbers of nanoseconds, and the operators on them."""

from __future__ import annotations

from collections.abc import Iterable

from crabtrap.expr import computed
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax.nodes import ArithmeticOperator
from crabtrap.present.std.misc import format_duration, format_instant
from crabtrap.present.view import LiteralView, View
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import Value

NANOS = 1_000_000_000
LONGEST = (1 << 64) * NANOS - 1
"""``Duration::MAX`` in nanoseconds."""

_WORDS = {"+": "adding", "-": "subtracting", "*": "multiplying", "/": "dividing"}


def nanoseconds(view: View, value: Value) -> int:
    """The nanoseconds of a ``Duration``, or since an ``Instant``'s beginning.

    Raises:
        EvaluationError: It is neither.
    """
    if isinstance(view, LiteralView) and view.key is not None and len(view.key) == 2:
        return view.key[0] * NANOS + view.key[1]
    raise EvaluationError(f"{value.type.name} is not a time")


def duration(total: int) -> Value:
    """A ``Duration`` of so many nanoseconds, which fit into one."""
    key = divmod(total, NANOS)
    return computed.of_view(
        synthetic_type("opaque", "Duration"), LiteralView(format_duration(*key), key)
    )


def _instant(total: int) -> Value:
    key = divmod(total, NANOS)
    return computed.of_view(
        synthetic_type("opaque", "Instant"), LiteralView(format_instant(*key), key)
    )


def arithmetic(
    op: ArithmeticOperator, left: tuple[Value, View], right: tuple[Value, View]
) -> Value | None:
    """Evaluate an operator of times; ``None`` where neither operand is one.

    Raises:
        EvaluationError: The result is no ``Duration``, where Rust would panic.
    """
    if isinstance(right[1], LiteralView) and not isinstance(left[1], LiteralView):
        if op != "*":
            return None
        left, right = right, left  # `3 * duration`
    if not isinstance(left[1], LiteralView):
        return None
    own = nanoseconds(left[1], left[0])
    if not isinstance(right[1], LiteralView):
        return _scaled(op, own, right[0].integer())
    other = nanoseconds(right[1], right[0])
    total = own + other if op == "+" else own - other
    moments = [_is_moment(value) for value in (left[0], right[0])]
    if moments == [True, True]:
        return duration(max(total, 0))  # as `duration_since` has it
    if not 0 <= total <= LONGEST:
        raise EvaluationError(f"overflow when {_WORDS[op]} durations")
    return _instant(total) if moments[0] else duration(total)


def total(parts: Iterable[tuple[Value, View]]) -> Value:
    """The sum of durations, each with its view.

    Raises:
        EvaluationError: It is no ``Duration``, where Rust would panic.
    """
    found = sum(nanoseconds(view, value) for value, view in parts)
    if found > LONGEST:
        raise EvaluationError("overflow in iter::sum over durations")
    return duration(found)


def _scaled(op: ArithmeticOperator, own: int, factor: int) -> Value:
    if op == "/" and not factor:
        raise EvaluationError("divide by zero error when dividing duration by scalar")
    total = own * factor if op == "*" else own // factor
    if total > LONGEST:
        raise EvaluationError("overflow when multiplying duration by scalar")
    return duration(total)


def _is_moment(value: Value) -> bool:
    return value.type.name.rpartition("::")[2] == "Instant"
