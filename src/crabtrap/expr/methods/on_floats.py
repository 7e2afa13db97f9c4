"""Methods of floats, computed by Rust's own ``f32`` and ``f64``."""

from __future__ import annotations

import math

from crabtrap import _core
from crabtrap.expr import computed, indirection
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.on_integers import bytes_to_number
from crabtrap.expr.scope import EvaluationError
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import Value

_UNARY = [
    "signum",
    "sqrt",
    "cbrt",
    "floor",
    "ceil",
    "trunc",
    "round",
    "round_ties_even",
    "fract",
    "exp",
    "exp2",
    "exp_m1",
    "ln",
    "ln_1p",
    "log10",
    "log2",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "recip",
    "to_degrees",
    "to_radians",
]
_BINARY = [
    "powf",
    "atan2",
    "hypot",
    "min",
    "max",
    "rem_euclid",
    "div_euclid",
    "log",
    "midpoint",
]


def float_of(call: Invocation) -> tuple[float, Type]:
    """The receiver's number, and its type."""
    value = _receiver(call)
    number = value.scalar()
    if not isinstance(number, int | float):
        raise EvaluationError(f"{value.type.name} is not a float", call.tree.span)
    return float(number), value.type


def _receiver(call: Invocation) -> Value:
    return computed.settle(indirection.scalar(call.value, call.presenter))


def _bits_of(value: Value) -> bytes:
    """The bytes of a float: a Python float would not keep those of every NaN of an ``f32``."""
    return computed.settle(value).read_bytes()


def is_single(type_: Type) -> bool:
    """Whether a float type is ``f32``."""
    return type_.strip().size == 4


def _argument(call: Invocation, index: int) -> float:
    number = indirection.scalar(call.argument(index), call.presenter).scalar()
    if isinstance(number, int | float):
        return float(number)
    raise EvaluationError("the argument is not a number", call.tree.span)


def _function(call: Invocation) -> Value:
    number, type_ = float_of(call)
    others = [_argument(call, at) for at in range(call.count)]
    found = _core.float_function(call.tree.name, is_single(type_), number, *others)
    return computed.real(found, type_)


def _abs(call: Invocation) -> Value:
    return computed.with_sign(_receiver(call), negative=False)


def _copysign(call: Invocation) -> Value:
    sign = indirection.scalar(call.argument(), call.presenter)
    return computed.with_sign(_receiver(call), computed.is_negative(sign))


def _clamp(call: Invocation) -> Value:
    number, type_ = float_of(call)
    least, greatest = _argument(call, 0), _argument(call, 1)
    if not least <= greatest:
        raise EvaluationError("min > max, or either was NaN", call.tree.span)
    clamped = least if number < least else greatest if number > greatest else number
    return computed.real(clamped, type_)


def _test(call: Invocation) -> Value:
    number, type_ = float_of(call)
    negative = computed.is_negative(_receiver(call))
    least = 2.0**-126 if is_single(type_) else 2.0**-1022
    normal = math.isfinite(number) and abs(number) >= least
    found = {
        "is_nan": math.isnan(number),
        "is_infinite": math.isinf(number),
        "is_finite": math.isfinite(number),
        "is_normal": normal,
        "is_subnormal": number != 0 and math.isfinite(number) and not normal,
        "is_sign_negative": negative,
        "is_sign_positive": not negative,
    }
    return computed.boolean(found[call.tree.name])


def _to_bits(call: Invocation) -> Value:
    data = _bits_of(_receiver(call))
    name = "u32" if len(data) == 4 else "u64"
    return computed.integer(int.from_bytes(data, "little"), PRIMITIVES[name])


def _from_bits(call: Invocation) -> Value:
    value = indirection.scalar(call.argument(), call.presenter)
    data = value.read_bytes()
    type_ = PRIMITIVES["f32" if len(data) == 4 else "f64"]
    return Value(type_, computed.Bytes(data), computed.NOWHERE)


def _total_order(call: Invocation) -> Value:
    other = indirection.scalar(call.argument(), call.presenter)
    return computed.ordering(_key(_receiver(call)) - _key(other))


def _key(value: Value) -> int:
    """A number whose order is that of ``f64::total_cmp``."""
    data = _bits_of(value)
    bits = int.from_bytes(data, "little", signed=True)
    return bits if bits >= 0 else bits ^ ((1 << (8 * len(data) - 1)) - 1)


def _bytes(call: Invocation) -> Value:
    data = _bits_of(_receiver(call))
    return computed.byte_string(data[::-1] if call.tree.name == "to_be_bytes" else data)


def _from_bytes(call: Invocation) -> Value:
    data = bytes_to_number(call)
    return Value(PRIMITIVES[call.owner.name], computed.Bytes(data), computed.NOWHERE)


def _category(call: Invocation) -> Value:
    number, type_ = float_of(call)
    least = 2.0**-126 if is_single(type_) else 2.0**-1022
    if math.isnan(number) or math.isinf(number):
        name = "Nan" if math.isnan(number) else "Infinite"
    else:
        name = "Zero" if number == 0 else "Normal" if abs(number) >= least else "Subnormal"
    return computed.record(name, (), type_name="FpCategory", variant=True)


def _neighbour(call: Invocation) -> Value:
    """The next number upwards or downwards: the one whose bits are next."""
    number, type_ = float_of(call)
    up = call.tree.name == "next_up"
    if math.isnan(number) or number == (math.inf if up else -math.inf):
        return computed.real(number, type_)
    size = type_.strip().size or 8
    if number == 0:
        bits = 1 | (0 if up else 1 << 8 * size - 1)
    else:
        bits = int.from_bytes(computed.real(number, type_).read_bytes(), "little")
        bits += 1 if (number > 0) == up else -1
    return Value(type_, computed.Bytes(bits.to_bytes(size, "little")), computed.NOWHERE)


FLOAT: dict[str, Method] = {
    **{f"fn {name}(self) -> Self": _function for name in _UNARY},
    **{f"fn {name}(self, other: Self) -> Self": _function for name in _BINARY},
    "fn abs(self) -> Self": _abs,
    "fn copysign(self, sign: Self) -> Self": _copysign,
    "fn powi(self, n: i32) -> Self": _function,
    "fn mul_add(self, a: Self, b: Self) -> Self": _function,
    "fn clamp(self, min: Self, max: Self) -> Self": _clamp,
    "fn classify(self) -> FpCategory": _category,
    "fn next_up(self) -> Self": _neighbour,
    "fn next_down(self) -> Self": _neighbour,
    "fn total_cmp(&self, other: &Self) -> Ordering": _total_order,
    **{
        f"fn {name}(self) -> bool": _test
        for name in [
            "is_nan",
            "is_infinite",
            "is_finite",
            "is_normal",
            "is_subnormal",
            "is_sign_negative",
            "is_sign_positive",
        ]
    },
}
"""Of ``f32`` and ``f64``."""


def _of_width(size: int) -> dict[str, Method]:
    orders = ("le", "be", "ne")
    return {
        **{f"fn to_{each}_bytes(self) -> [u8; {size}]": _bytes for each in orders},
        **{f"fn from_{each}_bytes(bytes: [u8; {size}]) -> Self": _from_bytes for each in orders},
    }


SINGLE: dict[str, Method] = {
    "fn to_bits(self) -> u32": _to_bits,
    "fn from_bits(v: u32) -> f32": _from_bits,
    **_of_width(4),
}
DOUBLE: dict[str, Method] = {
    "fn to_bits(self) -> u64": _to_bits,
    "fn from_bits(v: u64) -> f64": _from_bits,
    **_of_width(8),
}
