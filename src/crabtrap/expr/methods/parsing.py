"""``str::parse``: texts to numbers and the like, with std's own errors."""

from __future__ import annotations

import re

from crabtrap import _core
from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.typing.terms import INTEGERS, Term, shown
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import Value


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


def _integer(text: str, type_: Type, target: Term) -> Value:
    """Parse an integer by the rules of ``from_str_radix``."""
    kind = _integer_error(text, type_)
    if kind:
        return _error("ParseIntError", target, [("kind", kind)])
    return computed.ok(computed.integer(int(text), type_))


def _integer_error(text: str, type_: Type) -> str:
    if not text:
        return "Empty"
    signed = type_.row.encoding == "signed"
    if not re.fullmatch(r"[+-]?[0-9]+" if signed else r"\+?[0-9]+", text, re.ASCII):
        return "InvalidDigit"
    digits = text.lstrip("+-").lstrip("0")
    negative = text.startswith("-")
    if len(digits) > 40 or not computed.fits(int(text), type_):
        return "NegOverflow" if negative else "PosOverflow"
    return ""


def _error(name: str, target: Term, fields: list[tuple[str, str]]) -> Value:
    parts = [(field, computed.record(kind, (), variant=True)) for field, kind in fields]
    record = computed.record(name, parts, type_name=name)
    return computed.err(record, f"Result<{shown(target)}, {name}>")
