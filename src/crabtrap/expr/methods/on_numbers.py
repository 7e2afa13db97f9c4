"""Methods of numbers and characters."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from crabtrap.expr import computed, indirection, operators
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.scope import EvaluationError
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import Char, Value


def _number(call: Invocation) -> tuple[int, Type]:
    value = computed.settle(indirection.scalar(call.value, call.presenter))
    return value.integer(), value.type


def _bits(type_: Type) -> int:
    return 8 * (type_.strip().size or 0)


def _pattern(number: int, type_: Type) -> int:
    """Two's complement bits of a number."""
    return number & ((1 << _bits(type_)) - 1)


_BINARY: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
}


def _wrapping(name: str) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = _number(call)
        result = _BINARY[name](number, call.integer())
        return computed.integer(computed.wrap(result, type_), type_)

    return method


def _saturating(name: str) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = _number(call)
        result = _BINARY[name](number, call.integer())
        return computed.integer(computed.clamp(result, type_), type_)

    return method


def _checked(name: str) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = _number(call)
        result = _BINARY[name](number, call.integer())
        return computed.option(
            computed.integer(result, type_) if computed.fits(result, type_) else None
        )

    return method


def _unary(function: Callable[[int, Type], int], result: str = "") -> Method:
    def method(call: Invocation) -> Value:
        call.expect(0)
        number, type_ = _number(call)
        value = function(number, type_)
        if result:
            return computed.integer(value, PRIMITIVES[result])
        return operators.checked("*", value, type_, f"{call.tree.name} of {number}")

    return method


def _power(call: Invocation) -> Value:
    number, type_ = _number(call)
    exponent = call.integer()
    if not 0 <= exponent <= 1 << 12:
        raise EvaluationError("attempt to multiply with overflow", call.tree.span)
    return operators.checked("*", number**exponent, type_, f"{number}.pow({exponent})")


def _minmax(call: Invocation) -> Value:
    other = call.argument()
    order = call.comparer.order(call.value, other)
    smaller = order is not None and order <= 0
    kept = call.value if smaller == (call.tree.name == "min") else other
    return (
        computed.integer(kept.integer(), call.value.type) if kept.type is computed.INTEGER else kept
    )


def _clamp_method(call: Invocation) -> Value:
    number, type_ = _number(call)
    return computed.integer(min(max(number, call.integer(0)), call.integer(1)), type_)


def _test(function: Callable[[int, Type], bool]) -> Method:
    def method(call: Invocation) -> Value:
        call.expect(0)
        number, type_ = _number(call)
        return computed.boolean(function(number, type_))

    return method


def _euclid(call: Invocation) -> Value:
    number, type_ = _number(call)
    divisor = call.integer()
    if divisor == 0:
        raise EvaluationError("attempt to divide by zero", call.tree.span)
    remainder = number % abs(divisor)
    whole = (number - remainder) // divisor
    return computed.integer(remainder if call.tree.name == "rem_euclid" else whole, type_)


def _difference(call: Invocation) -> Value:
    number, type_ = _number(call)
    name = type_.strip().name.replace("i", "u", 1)
    return computed.integer(abs(number - call.integer()), PRIMITIVES.get(name, type_))


def _is_some_bool(call: Invocation) -> Value:
    """``flag.then(|| x)`` and ``then_some(x)``."""
    truth = indirection.scalar(call.value, call.presenter).decoded()
    if not isinstance(truth, bool):
        raise EvaluationError(f"{call.tree.name} is a method of bool", call.tree.span)
    if not truth:
        return computed.option(None)
    return computed.option(call.function()() if call.tree.name == "then" else call.argument())


def _to_text(call: Invocation) -> Value:
    number = indirection.scalar(call.value, call.presenter).scalar()
    return computed.text(str(number).lower() if isinstance(number, bool) else str(number))


def _signum(number: int, _type: Type) -> int:
    return (number > 0) - (number < 0)


INTEGER_METHODS: dict[str, Method] = {
    **{f"wrapping_{name}": _wrapping(name) for name in _BINARY},
    **{f"saturating_{name}": _saturating(name) for name in _BINARY},
    **{f"checked_{name}": _checked(name) for name in _BINARY},
    "abs": _unary(lambda n, _: abs(n)),
    "signum": _unary(_signum),
    "pow": _power,
    "min": _minmax,
    "max": _minmax,
    "clamp": _clamp_method,
    "abs_diff": _difference,
    "rem_euclid": _euclid,
    "div_euclid": _euclid,
    "count_ones": _unary(lambda n, t: _pattern(n, t).bit_count(), "u32"),
    "count_zeros": _unary(lambda n, t: _bits(t) - _pattern(n, t).bit_count(), "u32"),
    "leading_zeros": _unary(lambda n, t: _bits(t) - _pattern(n, t).bit_length(), "u32"),
    "trailing_zeros": _unary(
        lambda n, t: (_pattern(n, t) & -_pattern(n, t)).bit_length() - 1 if n else _bits(t), "u32"
    ),
    "ilog2": _unary(lambda n, _: n.bit_length() - 1, "u32"),
    "isqrt": _unary(lambda n, _: math.isqrt(n)),
    "next_power_of_two": _unary(lambda n, _: 1 << max(n - 1, 0).bit_length()),
    "is_power_of_two": _test(lambda n, _: n > 0 and n & (n - 1) == 0),
    "is_positive": _test(lambda n, _: n > 0),
    "is_negative": _test(lambda n, _: n < 0),
    "is_ascii": _test(lambda n, _: 0 <= n < 128),
    "is_ascii_digit": _test(lambda n, _: 48 <= n <= 57),
    "is_ascii_alphabetic": _test(lambda n, _: 0 <= n < 128 and chr(n).isalpha()),
    "swap_bytes": _unary(
        lambda n, t: int.from_bytes(_pattern(n, t).to_bytes(_bits(t) // 8, "big"), "little")
    ),
    "then": _is_some_bool,
    "then_some": _is_some_bool,
    "to_string": _to_text,
    # Atomics and NonZero are numbers to a reader.
    **dict.fromkeys(
        ("load", "get", "get_mut", "into_inner"),
        lambda call: indirection.scalar(call.value, call.presenter),
    ),
}


def _float(call: Invocation) -> tuple[float, Type]:
    value = computed.settle(indirection.scalar(call.value, call.presenter))
    number = value.scalar()
    assert isinstance(number, float)  # the table is that of floats
    return number, value.type


def _real(function: Callable[[float], float]) -> Method:
    def method(call: Invocation) -> Value:
        call.expect(0)
        number, type_ = _float(call)
        try:
            return computed.real(function(number), type_)
        except (ValueError, OverflowError):
            return computed.real(number if math.isinf(number) else math.nan, type_)

    return method


def _real_test(function: Callable[[float], bool]) -> Method:
    def method(call: Invocation) -> Value:
        call.expect(0)
        return computed.boolean(function(_float(call)[0]))

    return method


def _round(number: float) -> float:
    """Half away from zero, as Rust does, not to even as Python does."""
    whole = math.trunc(number)
    return float(whole + (abs(number - whole) >= 0.5) * (1 if number > 0 else -1))


def _float_power(call: Invocation) -> Value:
    number, type_ = _float(call)
    exponent = indirection.scalar(call.argument(), call.presenter).scalar()
    if not isinstance(exponent, int | float):
        raise EvaluationError("the exponent is not a number", call.tree.span)
    try:
        result = number**exponent
    except (OverflowError, ZeroDivisionError):
        result = math.inf
    return computed.real(result if isinstance(result, float) else math.nan, type_)


FLOAT_METHODS: dict[str, Method] = {
    "abs": _real(abs),
    "sqrt": _real(math.sqrt),
    "floor": _real(lambda x: float(math.floor(x))),
    "ceil": _real(lambda x: float(math.ceil(x))),
    "trunc": _real(lambda x: float(math.trunc(x))),
    "round": _real(_round),
    "exp": _real(math.exp),
    "ln": _real(math.log),
    "log10": _real(math.log10),
    "log2": _real(math.log2),
    "sin": _real(math.sin),
    "cos": _real(math.cos),
    "tan": _real(math.tan),
    "powi": _float_power,
    "powf": _float_power,
    "is_nan": _real_test(math.isnan),
    "is_infinite": _real_test(math.isinf),
    "is_finite": _real_test(math.isfinite),
    "min": _minmax,
    "max": _minmax,
    "to_bits": lambda call: computed.integer(
        int.from_bytes(call.value.read_bytes(), "little"),
        PRIMITIVES["u32" if call.value.shape.size == 4 else "u64"],
    ),
}


def _char(call: Invocation) -> str:
    found = indirection.scalar(call.value, call.presenter).decoded()
    assert isinstance(found, Char)  # the table is that of chars
    return found.text


def _char_test(function: Callable[[str], bool]) -> Method:
    def method(call: Invocation) -> Value:
        call.expect(0)
        return computed.boolean(function(_char(call)))

    return method


def _digit(char: str, base: int) -> int | None:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"[:base]
    at = digits.find(char.lower()) if char.isascii() else -1
    return None if at < 0 else at


def _to_digit(call: Invocation) -> Value:
    digit = _digit(_char(call), call.integer())
    return computed.option(None if digit is None else computed.integer(digit, PRIMITIVES["u32"]))


CHAR_METHODS: dict[str, Method] = {
    "is_alphabetic": _char_test(str.isalpha),
    "is_alphanumeric": _char_test(str.isalnum),
    "is_numeric": _char_test(str.isnumeric),
    "is_uppercase": _char_test(str.isupper),
    "is_lowercase": _char_test(str.islower),
    "is_whitespace": _char_test(str.isspace),
    "is_ascii": _char_test(str.isascii),
    "is_ascii_digit": _char_test(lambda c: c in "0123456789"),
    "is_ascii_alphabetic": _char_test(lambda c: c.isascii() and c.isalpha()),
    "is_ascii_punctuation": _char_test(
        lambda c: c.isascii() and c.isprintable() and not c.isalnum() and c != " "
    ),
    "is_digit": lambda call: computed.boolean(_digit(_char(call), call.integer()) is not None),
    "to_digit": _to_digit,
    "len_utf8": lambda call: computed.usize(len(_char(call).encode())),
    "to_ascii_uppercase": lambda call: computed.char(_char(call).upper()),
    "to_ascii_lowercase": lambda call: computed.char(_char(call).lower()),
    "to_string": lambda call: computed.text(_char(call)),
}
