"""``str::parse``: texts to numbers and the like, with std's own errors."""

from __future__ import annotations

from crabtrap import _core
from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.typing.terms import INTEGERS, Term, shown
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import Value

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MOST_DIGITS = 128
"""Digits of the longest number in any radix."""


def parse(call: Invocation) -> Value:
    """``parse::<T>()``."""
    target = call.generic("F")
    if call.typing is None:
        name = call.tree.generics[0] if call.tree.generics else "i32"
        target = Term(name)
    text = call.text_of(call.value).decode("utf-8", "replace")
    match target.name:
        case "f32" | "f64":
            number = _core.parse_float(text, target.name == "f32")
            if number is not None:
                return computed.ok(computed.real(number, PRIMITIVES[target.name]))
            kind = "Invalid" if text else "Empty"
            return _error("ParseFloatError", target, [("kind", kind)])
        case "bool":
            if text in ("true", "false"):
                return computed.ok(computed.boolean(text == "true"))
            return _error("ParseBoolError", target, [])
        case "char":
            if len(text) == 1:
                return computed.ok(computed.char(text))
            kind = "TooManyChars" if text else "EmptyString"
            return _error("ParseCharError", target, [("kind", kind)])
        case "String":
            return computed.ok(computed.text(text))
        case name if name in INTEGERS:
            return _integer(text, PRIMITIVES[name], target)
        case _:
            raise EvaluationError(f"parse::<{target}> is not known here", call.tree.span)


def from_str_radix(call: Invocation) -> Value:
    """``T::from_str_radix(text, radix)``."""
    text = call.text_of(call.argument(0)).decode("utf-8", "replace")
    radix = call.integer(1)
    if not 2 <= radix <= 36:
        raise EvaluationError(
            "from_ascii_radix: radix must lie in the range `[2, 36]`", call.tree.span
        )
    return _integer(text, PRIMITIVES[call.owner.name], call.owner, radix)


def _integer(text: str, type_: Type, target: Term, radix: int = 10) -> Value:
    """Parse an integer by the rules of ``from_str_radix``."""
    kind = _integer_error(text, type_, radix)
    if kind:
        return _error("ParseIntError", target, [("kind", kind)])
    return computed.ok(computed.integer(int(text, radix), type_))


def _integer_error(text: str, type_: Type, radix: int) -> str:
    if not text:
        return "Empty"
    signed = type_.row.encoding == "signed"
    sign = text[0] if text[0] in ("+-" if signed else "+") else ""
    digits = text[len(sign) :].lower()
    if not digits or not set(digits) <= set(_DIGITS[:radix]):
        return "InvalidDigit"
    if len(digits.lstrip("0")) > _MOST_DIGITS or not computed.fits(int(text, radix), type_):
        return "NegOverflow" if sign == "-" else "PosOverflow"
    return ""


def _error(name: str, target: Term, fields: list[tuple[str, str]]) -> Value:
    parts = [(field, computed.record(kind, (), variant=True)) for field, kind in fields]
    record = computed.record(name, parts, type_name=name)
    return computed.err(record, f"Result<{shown(target)}, {name}>")
