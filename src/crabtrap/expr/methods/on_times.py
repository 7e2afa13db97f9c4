"""Spans of time and moments: ``Duration``, ``Instant``, ``SystemTime``.

A ``Duration`` is counted in nanoseconds, of which an ``f64`` holds too few: what Rust computes
with floats is computed here in the same steps.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite

from crabtrap import _core
from crabtrap.expr import computed
from crabtrap.expr.durations import LONGEST, NANOS, duration, nanoseconds
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.scope import EvaluationError
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Value

_UNITS = {"secs": NANOS, "millis": 10**6, "micros": 10**3, "nanos": 1}


def _own(call: Invocation) -> int:
    return nanoseconds(call.view, call.value)


def _other(call: Invocation) -> int:
    value, view = call.comparer.look_through(call.argument())
    return nanoseconds(view, value)


def _whole(unit: str, type_name: str) -> Method:
    size, type_ = _UNITS[unit], PRIMITIVES[type_name]
    return lambda call: computed.integer(_own(call) // size, type_)


def _part(unit: str) -> Method:
    size = _UNITS[unit]
    return lambda call: computed.integer(_own(call) % NANOS // size, PRIMITIVES["u32"])


def _made(unit: int) -> Method:
    return lambda call: _checked(call.integer() * unit, call)


def _new(call: Invocation) -> Value:
    return _checked(call.integer(0) * NANOS + call.integer(1), call)


def _checked(total: int, call: Invocation) -> Value:
    if not 0 <= total <= LONGEST:
        raise EvaluationError("overflow in Duration", call.tree.span)
    return duration(total)


def _if_it_fits(total: int) -> Value:
    return computed.option(duration(total) if 0 <= total <= LONGEST else None)


def _on_both(combine: Callable[[int, int], int], make: Callable[[int], Value]) -> Method:
    return lambda call: make(combine(_own(call), _other(call)))


def _scaled(combine: Callable[[int, int], int]) -> Method:
    return lambda call: _if_it_fits(combine(_own(call), call.integer()))


def _divided(call: Invocation) -> Value:
    divisor = call.integer()
    return computed.option(duration(_own(call) // divisor) if divisor else None)


# -- floats ----------------------------------------------------------------------------------
def _float(name: str, single: bool, left: float, right: float) -> float:
    return _core.float_function(name, single, left, right)


def _seconds(total: int, single: bool) -> float:
    """The sum of the seconds and of the part of one, each rounded, as Rust adds them."""
    whole, part = divmod(total, NANOS)
    fraction = _float("div", single, float(part), float(NANOS))
    return _float("add", single, float(whole), fraction)


def _as_seconds(single: bool) -> Method:
    type_ = PRIMITIVES["f32" if single else "f64"]
    return lambda call: computed.real(_seconds(_own(call), single), type_)


def _from_seconds(seconds: float, call: Invocation) -> Value:
    """The nearest number of nanoseconds, the even one of two."""
    if seconds < 0:
        raise EvaluationError(
            "cannot convert float seconds to Duration: value is negative", call.tree.span
        )
    total = round(Fraction(seconds) * NANOS) if isfinite(seconds) else LONGEST + 1
    if total > LONGEST:
        raise EvaluationError(
            "cannot convert float seconds to Duration: value is either too big or NaN",
            call.tree.span,
        )
    return duration(total)


def _real(call: Invocation) -> float:
    found = call.argument().valid()
    assert isinstance(found, int | float)  # as the check of types has seen
    return float(found)


def _float_scaled(name: str, single: bool) -> Method:
    def method(call: Invocation) -> Value:
        own = _seconds(_own(call), single)
        return _from_seconds(_float(name, single, own, _real(call)), call)

    return method


def _ratio(single: bool) -> Method:
    type_ = PRIMITIVES["f32" if single else "f64"]

    def method(call: Invocation) -> Value:
        # Both are counted in nanoseconds as floats, as Rust does.
        own, other = (
            _float(
                "add",
                single,
                _float("mul", single, float(total // NANOS), float(NANOS)),
                float(total % NANOS),
            )
            for total in (_own(call), _other(call))
        )
        return computed.real(_float("div", single, own, other), type_)

    return method


DURATION: dict[str, Method] = {
    "fn new(secs: u64, nanos: u32) -> Self": _new,
    **{
        f"fn from_{name}({name}: u64) -> Self": _made(size)
        for name, size in (*_UNITS.items(), ("mins", 60 * NANOS), ("hours", 3600 * NANOS))
    },
    "fn from_secs_f64(secs: f64) -> Self": lambda call: _from_seconds(_real(call), call),
    "fn from_secs_f32(secs: f32) -> Self": lambda call: _from_seconds(_real(call), call),
    "fn as_secs(&self) -> u64": _whole("secs", "u64"),
    **{f"fn as_{name}(&self) -> u128": _whole(name, "u128") for name in _UNITS if name != "secs"},
    **{f"fn subsec_{name}(&self) -> u32": _part(name) for name in _UNITS if name != "secs"},
    "fn as_secs_f64(&self) -> f64": _as_seconds(False),
    "fn as_secs_f32(&self) -> f32": _as_seconds(True),
    "fn is_zero(&self) -> bool": lambda call: computed.boolean(_own(call) == 0),
    "fn abs_diff(self, other: Duration) -> Duration": _on_both(lambda a, b: abs(a - b), duration),
    "fn checked_add(self, rhs: Duration) -> Option<Duration>": _on_both(
        lambda a, b: a + b, _if_it_fits
    ),
    "fn checked_sub(self, rhs: Duration) -> Option<Duration>": _on_both(
        lambda a, b: a - b, _if_it_fits
    ),
    "fn saturating_add(self, rhs: Duration) -> Duration": _on_both(
        lambda a, b: min(a + b, LONGEST), duration
    ),
    "fn saturating_sub(self, rhs: Duration) -> Duration": _on_both(
        lambda a, b: max(a - b, 0), duration
    ),
    "fn checked_mul(self, rhs: u32) -> Option<Duration>": _scaled(lambda a, b: a * b),
    "fn saturating_mul(self, rhs: u32) -> Duration": lambda call: duration(
        min(_own(call) * call.integer(), LONGEST)
    ),
    "fn checked_div(self, rhs: u32) -> Option<Duration>": _divided,
    "fn mul_f64(self, rhs: f64) -> Duration": _float_scaled("mul", False),
    "fn mul_f32(self, rhs: f32) -> Duration": _float_scaled("mul", True),
    "fn div_f64(self, rhs: f64) -> Duration": _float_scaled("div", False),
    "fn div_f32(self, rhs: f32) -> Duration": _float_scaled("div", True),
    "fn div_duration_f64(self, rhs: Duration) -> f64": _ratio(False),
    "fn div_duration_f32(self, rhs: Duration) -> f32": _ratio(True),
}
"""Of ``Duration``."""

INSTANT: dict[str, Method] = {
    "fn duration_since(&self, earlier: Instant) -> Duration": _on_both(
        lambda a, b: max(a - b, 0), duration
    ),
    "fn saturating_duration_since(&self, earlier: Instant) -> Duration": _on_both(
        lambda a, b: max(a - b, 0), duration
    ),
    "fn checked_duration_since(&self, earlier: Instant) -> Option<Duration>": _on_both(
        lambda a, b: a - b, _if_it_fits
    ),
}
"""Of ``Instant``."""
