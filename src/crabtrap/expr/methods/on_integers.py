"""Methods of integers, with the widths and the overflow rules of Rust's debug builds."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from crabtrap.expr import computed, indirection
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.parsing import from_str_radix
from crabtrap.expr.methods.walking import walk_value
from crabtrap.expr.operators import checked, divide
from crabtrap.expr.scope import EvaluationError
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import Value

_Exact = Callable[[int, int], int]
_MOST_DIGITS = 1 << 12
"""Most bits that a power is computed with before it is an overflow for certain."""


def number_of(call: Invocation) -> tuple[int, Type]:
    """The receiver's number, and its type."""
    value = computed.settle(indirection.scalar(call.value, call.presenter))
    return value.integer(), value.type


def bits_of(type_: Type) -> int:
    """The width of an integer type in bits."""
    return 8 * (type_.strip().size or 0)


def _is_signed(type_: Type) -> bool:
    return type_.strip().row.encoding == "signed"


def _pattern(number: int, type_: Type) -> int:
    """Two's complement bits of a number."""
    return number & ((1 << bits_of(type_)) - 1)


def power(base: int, exponent: int) -> int:
    """``base ** exponent``, or a number beyond every type where that would be too long."""
    if abs(base) > 1 and exponent * abs(base).bit_length() > _MOST_DIGITS:
        sign = -1 if base < 0 and exponent % 2 else 1
        return sign << _MOST_DIGITS
    return base**exponent


def _wrapping_power(base: int, exponent: int, type_: Type) -> int:
    return computed.wrap(pow(base, exponent, 1 << bits_of(type_)), type_)


def _euclid_division(a: int, b: int) -> int:
    return (a - a % abs(b)) // b


def _remainder(a: int, b: int) -> int:
    return a - divide(a, b) * b


_BINARY: dict[str, _Exact] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": divide,
    "rem": _remainder,
    "div_euclid": _euclid_division,
    "rem_euclid": lambda a, b: a % abs(b),
    "pow": power,
}
_DIVISIONS = frozenset(("div", "rem", "div_euclid", "rem_euclid"))
_ARGUMENTS = {"pow": "exp: u32", "shl": "rhs: u32", "shr": "rhs: u32"}


def _division_by_zero(name: str) -> EvaluationError:
    what = "calculate the remainder with a divisor of zero" if "rem" in name else "divide by zero"
    return EvaluationError(f"attempt to {what}")


def _result(name: str, a: int, b: int, type_: Type) -> tuple[int, bool]:
    """The exact result, and whether Rust calls it an overflow: also of ``MIN % -1``."""
    if name in _DIVISIONS and b == 0:
        raise _division_by_zero(name)
    number = _BINARY[name](a, b)
    least = computed.limits(type_)[0]
    over = name in ("rem", "rem_euclid") and b == -1 and a == least and _is_signed(type_)
    return number, over or not computed.fits(number, type_)


def _wrapping(name: str) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = number_of(call)
        if name == "pow":
            return computed.integer(_wrapping_power(number, call.integer(), type_), type_)
        result, _ = _result(name, number, call.integer(), type_)
        return computed.integer(computed.wrap(result, type_), type_)

    return method


def _overflowing(name: str) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = number_of(call)
        result, over = _result(name, number, call.integer(), type_)
        if name == "pow":
            result = _wrapping_power(number, call.integer(), type_)
        wrapped = computed.integer(computed.wrap(result, type_), type_)
        return computed.tuple_of((wrapped, computed.boolean(over)))

    return method


def _saturating(name: str) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = number_of(call)
        result, _ = _result(name, number, call.integer(), type_)
        return computed.integer(computed.clamp(result, type_), type_)

    return method


def _checked(name: str) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = number_of(call)
        other = call.integer()
        if name in _DIVISIONS and other == 0:
            return computed.option(None)
        result, over = _result(name, number, other, type_)
        return computed.option(None if over else computed.integer(result, type_))

    return method


_VERBS = {"pow": "multiply", "div_euclid": "divide", "rem_euclid": "calculate the remainder"}


def _panicking(name: str) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = number_of(call)
        result, over = _result(name, number, call.integer(), type_)
        if over:
            raise EvaluationError(f"attempt to {_VERBS[name]} with overflow", call.tree.span)
        return computed.integer(result, type_)

    return method


def _shift(name: str, kind: str) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = number_of(call)
        count, bits = call.integer(), bits_of(type_)
        over = count >= bits
        count %= bits
        shifted = number << count if name == "shl" else number >> count
        result = computed.integer(computed.wrap(shifted, type_), type_)
        if kind == "checked":
            return computed.option(None if over else result)
        if kind == "overflowing":
            return computed.tuple_of((result, computed.boolean(over)))
        return result

    return method


def _unary_kind(name: str, kind: str) -> Method:
    """``wrapping_neg``, ``checked_abs`` and the like."""

    def method(call: Invocation) -> Value:
        number, type_ = number_of(call)
        result = -number if name == "neg" else abs(number)
        over = not computed.fits(result, type_)
        if kind == "checked":
            return computed.option(None if over else computed.integer(result, type_))
        if kind == "saturating":
            return computed.integer(computed.clamp(result, type_), type_)
        wrapped = computed.integer(computed.wrap(result, type_), type_)
        if kind == "overflowing":
            return computed.tuple_of((wrapped, computed.boolean(over)))
        return wrapped

    return method


def _unary(function: Callable[[int, Type], int], result: str = "") -> Method:
    """A function of the number; ``result`` is its type where that is another one."""

    def method(call: Invocation) -> Value:
        number, type_ = number_of(call)
        value = function(number, type_)
        if result:
            return computed.integer(value, PRIMITIVES[result])
        return checked("*", value, type_, f"{call.tree.name} of {number}")

    return method


def _test(function: Callable[[int, Type], bool]) -> Method:
    def method(call: Invocation) -> Value:
        number, type_ = number_of(call)
        return computed.boolean(function(number, type_))

    return method


def _absolute(call: Invocation) -> Value:
    number, type_ = number_of(call)
    if not computed.fits(abs(number), type_):
        raise EvaluationError("attempt to negate with overflow", call.tree.span)
    return computed.integer(abs(number), type_)


def _unsigned(type_: Type) -> Type:
    name = type_.strip().name.replace("i", "u", 1) if _is_signed(type_) else type_.strip().name
    return PRIMITIVES.get(name, type_)


def _difference(call: Invocation) -> Value:
    number, type_ = number_of(call)
    return computed.integer(abs(number - call.integer()), _unsigned(type_))


def _unsigned_absolute(call: Invocation) -> Value:
    number, type_ = number_of(call)
    return computed.integer(abs(number), _unsigned(type_))


def _logarithm(call: Invocation) -> Value:
    found = _checked_logarithm(call)
    if found is None:
        what = "argument of integer logarithm must be positive"
        raise EvaluationError(what, call.tree.span)
    return computed.integer(found, PRIMITIVES["u32"])


def _logarithm_or_none(call: Invocation) -> Value:
    found = _checked_logarithm(call)
    return computed.option(None if found is None else computed.integer(found, PRIMITIVES["u32"]))


def _checked_logarithm(call: Invocation) -> int | None:
    number, _ = number_of(call)
    name = call.tree.name.removeprefix("checked_")
    base = call.integer() if name == "ilog" else int(name.removeprefix("ilog"))
    if number <= 0 or base < 2:
        return None
    count = 0
    while number >= base:
        number //= base
        count += 1
    return count


def _square_root(call: Invocation) -> Value:
    number, type_ = number_of(call)
    if number < 0:
        what = "argument of integer square root cannot be negative"
        raise EvaluationError(what, call.tree.span)
    return computed.integer(math.isqrt(number), type_)


def _checked_square_root(call: Invocation) -> Value:
    number, type_ = number_of(call)
    found = None if number < 0 else computed.integer(math.isqrt(number), type_)
    return computed.option(found)


def _next_power(call: Invocation) -> Value:
    number, type_ = number_of(call)
    return checked("+", 1 << max(number - 1, 0).bit_length(), type_, f"the power above {number}")


def _checked_next_power(call: Invocation) -> Value:
    number, type_ = number_of(call)
    found = 1 << max(number - 1, 0).bit_length()
    fits = computed.fits(found, type_)
    return computed.option(computed.integer(found, type_) if fits else None)


def _multiple(call: Invocation) -> Value:
    number, type_ = number_of(call)
    step = call.integer()
    if step == 0:
        raise _division_by_zero("rem")
    return checked("+", -(-number // step) * step, type_, f"{number}.next_multiple_of({step})")


def _ceiling_division(call: Invocation) -> Value:
    number, type_ = number_of(call)
    divisor = call.integer()
    if divisor == 0:
        raise _division_by_zero("div")
    return computed.integer(-(-number // divisor), type_)


def _rotated(call: Invocation) -> Value:
    number, type_ = number_of(call)
    bits = bits_of(type_)
    count = call.integer() % bits
    if call.tree.name == "rotate_right":
        count = -count % bits
    pattern = _pattern(number, type_)
    turned = pattern << count | pattern >> (bits - count)
    return computed.integer(computed.wrap(turned, type_), type_)


def _swapped(number: int, type_: Type) -> int:
    size = bits_of(type_) // 8
    data = _pattern(number, type_).to_bytes(size, "big")
    return computed.wrap(int.from_bytes(data, "little"), type_)


def _reversed_bits(number: int, type_: Type) -> int:
    text = f"{_pattern(number, type_):0{bits_of(type_)}b}"
    return computed.wrap(int(text[::-1], 2), type_)


def _leading_ones(number: int, type_: Type) -> int:
    return bits_of(type_) - (~number & ((1 << bits_of(type_)) - 1)).bit_length()


def _trailing_zeros(number: int, type_: Type) -> int:
    return (number & -number).bit_length() - 1 if number else bits_of(type_)


def _bytes(call: Invocation) -> Value:
    number, type_ = number_of(call)
    order = "big" if call.tree.name == "to_be_bytes" else "little"
    data = _pattern(number, type_).to_bytes(bits_of(type_) // 8, order)
    return computed.byte_string(data)


def bytes_to_number(call: Invocation) -> bytes:
    """The bytes that ``from_le_bytes`` and its like are given, the least significant first."""
    items = walk_value(call.argument(), call)
    data = bytes(indirection.scalar(item, call.presenter).integer() for item in items)
    return data[::-1] if call.tree.name == "from_be_bytes" else data


def _from_bytes(call: Invocation) -> Value:
    type_ = PRIMITIVES[call.owner.name]
    signed = _is_signed(type_)
    return computed.integer(int.from_bytes(bytes_to_number(call), "little", signed=signed), type_)


def _midpoint(call: Invocation) -> Value:
    """Half the sum, rounded towards zero."""
    number, type_ = number_of(call)
    return computed.integer(divide(number + call.integer(), 2), type_)


def _signum(number: int, _type: Type) -> int:
    return (number > 0) - (number < 0)


_KINDS: dict[str, tuple[Callable[[str], Method], str]] = {
    "wrapping": (_wrapping, "Self"),
    "checked": (_checked, "Option<Self>"),
    "overflowing": (_overflowing, "(Self, bool)"),
    "saturating": (_saturating, "Self"),
}


def _families() -> dict[str, Method]:
    """``wrapping_add`` and its like, of every kind and operation."""
    found: dict[str, Method] = {}
    for kind, (make, result) in _KINDS.items():
        for name in _BINARY:
            if kind == "saturating" and name not in ("add", "sub", "mul", "pow", "div"):
                continue
            argument = _ARGUMENTS.get(name, "rhs: Self")
            found[f"fn {kind}_{name}(self, {argument}) -> {result}"] = make(name)
        if kind != "saturating":
            for name in ("shl", "shr"):
                found[f"fn {kind}_{name}(self, rhs: u32) -> {result}"] = _shift(name, kind)
            found[f"fn {kind}_neg(self) -> {result}"] = _unary_kind("neg", kind)
    return found


INTEGER: dict[str, Method] = {
    **_families(),
    "fn pow(self, exp: u32) -> Self": _panicking("pow"),
    "fn rem_euclid(self, rhs: Self) -> Self": _panicking("rem_euclid"),
    "fn div_euclid(self, rhs: Self) -> Self": _panicking("div_euclid"),
    "fn count_ones(self) -> u32": _unary(lambda n, t: _pattern(n, t).bit_count(), "u32"),
    "fn count_zeros(self) -> u32": _unary(
        lambda n, t: bits_of(t) - _pattern(n, t).bit_count(), "u32"
    ),
    "fn leading_zeros(self) -> u32": _unary(
        lambda n, t: bits_of(t) - _pattern(n, t).bit_length(), "u32"
    ),
    "fn leading_ones(self) -> u32": _unary(_leading_ones, "u32"),
    "fn trailing_zeros(self) -> u32": _unary(_trailing_zeros, "u32"),
    "fn trailing_ones(self) -> u32": _unary(lambda n, t: _trailing_zeros(~n, t), "u32"),
    "fn rotate_left(self, n: u32) -> Self": _rotated,
    "fn rotate_right(self, n: u32) -> Self": _rotated,
    "fn swap_bytes(self) -> Self": _unary(_swapped),
    "fn to_be(self) -> Self": _unary(_swapped),
    "fn to_le(self) -> Self": _unary(lambda n, _: n),
    "fn reverse_bits(self) -> Self": _unary(_reversed_bits),
    "fn ilog2(self) -> u32": _logarithm,
    "fn ilog10(self) -> u32": _logarithm,
    "fn ilog(self, base: Self) -> u32": _logarithm,
    "fn checked_ilog2(self) -> Option<u32>": _logarithm_or_none,
    "fn checked_ilog10(self) -> Option<u32>": _logarithm_or_none,
    "fn checked_ilog(self, base: Self) -> Option<u32>": _logarithm_or_none,
    "fn isqrt(self) -> Self": _square_root,
    "fn from_str_radix(src: &str, radix: u32) -> Result<Self, ParseIntError>": from_str_radix,
    "fn midpoint(self, rhs: Self) -> Self": _midpoint,
}
"""Of every integer type."""

_SIGNED_UNSIGNED = {f"i{bits}": f"u{bits}" for bits in ("8", "16", "32", "64", "128", "size")}

SIGNED: dict[str, Method] = {
    "fn abs(self) -> Self": _absolute,
    "fn signum(self) -> Self": _unary(_signum),
    "fn is_positive(self) -> bool": _test(lambda n, _: n > 0),
    "fn is_negative(self) -> bool": _test(lambda n, _: n < 0),
    "fn checked_abs(self) -> Option<Self>": _unary_kind("abs", "checked"),
    "fn wrapping_abs(self) -> Self": _unary_kind("abs", "wrapping"),
    "fn overflowing_abs(self) -> (Self, bool)": _unary_kind("abs", "overflowing"),
    "fn saturating_abs(self) -> Self": _unary_kind("abs", "saturating"),
    "fn saturating_neg(self) -> Self": _unary_kind("neg", "saturating"),
    "fn checked_isqrt(self) -> Option<Self>": _checked_square_root,
}
"""Of signed integers."""

UNSIGNED: dict[str, Method] = {
    "fn abs_diff(self, other: Self) -> Self": _difference,
    "fn is_power_of_two(self) -> bool": _test(lambda n, _: n > 0 and n & (n - 1) == 0),
    "fn next_power_of_two(self) -> Self": _next_power,
    "fn checked_next_power_of_two(self) -> Option<Self>": _checked_next_power,
    "fn next_multiple_of(self, rhs: Self) -> Self": _multiple,
    "fn div_ceil(self, rhs: Self) -> Self": _ceiling_division,
    "fn is_multiple_of(self, rhs: Self) -> bool": lambda call: computed.boolean(
        number_of(call)[0] % call.integer() == 0 if call.integer() else number_of(call)[0] == 0
    ),
}
"""Of unsigned integers."""


def of_width(name: str) -> dict[str, Method]:
    """Methods of one type that take or give its bytes."""
    size = bits_of(PRIMITIVES[name]) // 8
    orders = ("le", "be", "ne")
    return {
        **{f"fn to_{each}_bytes(self) -> [u8; {size}]": _bytes for each in orders},
        **{f"fn from_{each}_bytes(bytes: [u8; {size}]) -> Self": _from_bytes for each in orders},
    }


def different_width(signed: str) -> dict[str, Method]:
    """Methods of one signed type whose results have its unsigned twin's type."""
    twin = _SIGNED_UNSIGNED[signed]
    return {
        f"fn unsigned_abs(self) -> {twin}": _unsigned_absolute,
        f"fn abs_diff(self, other: Self) -> {twin}": _difference,
    }
