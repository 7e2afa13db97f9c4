"""``From``, ``Into``, ``TryFrom``: conversions between types of std."""

from __future__ import annotations

from crabtrap.expr import computed, indirection
from crabtrap.expr.methods.collecting import built
from crabtrap.expr.methods.invocation import Invocation
from crabtrap.expr.methods.walking import walk_value
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.typing.terms import FLOATS, INTEGERS, Term
from crabtrap.present.view import TextView
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Char, Value

_LISTS = frozenset(
    ["Vec", "VecDeque", "LinkedList", "BinaryHeap", "HashSet", "BTreeSet", "HashMap", "BTreeMap"]
)


def convert(value: Value, target: Term, call: Invocation) -> Value:
    """Evaluate ``T::from(value)`` as the check of types has allowed it."""
    name = target.name
    if name in PRIMITIVES:
        number = indirection.scalar(value, call.presenter).valid()
        if isinstance(number, Char):
            return value if name == "char" else _number(ord(number.text), name)
        if name == "char" and isinstance(number, int):
            return computed.char(chr(number))
        if isinstance(number, int | float):
            return value if name == "bool" else _number(number, name)
    if name == "Option" and call.generic("T").name != "Option":
        return computed.option(value)
    if name == "String":
        return computed.text(call.text_of(value))
    if name == "Vec" and target.args and target.args[0].name == "u8":
        _, view = call.comparer.look_through(value)
        return computed.byte_string(view.all_bytes()) if isinstance(view, TextView) else value
    if name in _LISTS:
        return built(target, walk_value(value, call), call)
    return value


def _number(number: float, name: str) -> Value:
    if name in FLOATS:
        return computed.real(float(number), PRIMITIVES[name])
    return computed.integer(int(number), PRIMITIVES[name])


def try_convert(value: Value, target: Term, call: Invocation) -> Value:
    """Evaluate ``T::try_from(value)``."""
    error = call.result.args[1].name if len(call.result.args) > 1 else "_"
    number = indirection.scalar(value, call.presenter).valid()
    if isinstance(number, Char) and target.name in INTEGERS:
        number = ord(number.text)
    if target.name == "char" and isinstance(number, int):
        if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF:
            return computed.ok(computed.char(chr(number)))
        return _failure(error)
    if target.name in INTEGERS and isinstance(number, int):
        if computed.fits(number, PRIMITIVES[target.name]):
            return computed.ok(_number(number, target.name))
        return _failure(error)
    if error == "Infallible":
        return computed.ok(convert(value, target, call))
    raise EvaluationError(f"a {target} is not made of that here", call.tree.span)


def _failure(name: str) -> Value:
    fields = [("0", computed.unit())]
    return computed.err(computed.record(name, fields, type_name=name), f"Result<_, {name}>")
