"""Casts with ``as``: those of Rust, and from numbers to pointers, which debugging needs."""

from __future__ import annotations

import math

from crabtrap.expr import computed
from crabtrap.expr.scope import EvaluationError, Scope
from crabtrap.present.containers.walkers import ContiguousItems
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import PointerView, SequenceView, TextView, WrapperView
from crabtrap.symbols.types import PRIMITIVES, Type, array_type, pointer_type
from crabtrap.values import Bytes, Char, UnavailableError, Value

_POINTERS = ("*const ", "*mut ", "&mut ", "&")


def cast(value: Value, type_text: str, scope: Scope, presenter: Presenter) -> Value:
    """Evaluate ``value as type_text``.

    Raises:
        EvaluationError: Rust has no such cast, or the type is not known.
    """
    if type_text == "_" or (type_text.endswith("_") and type_text.startswith("*")):
        return _pointer(value, value.shape.target, type_text, presenter, scope)
    primitive = PRIMITIVES.get(type_text)
    if primitive is not None:
        return to_primitive(value, primitive, presenter)
    for prefix in _POINTERS:
        if type_text.startswith(prefix):
            target = resolve_type(type_text.removeprefix(prefix), scope)
            return _pointer(value, target, type_text, presenter, scope)
    found = resolve_type(type_text, scope)
    shape = found.strip()
    if shape.kind in ("base", "enum"):
        return to_primitive(value, found, presenter)
    if shape.kind == "pointer":
        return _pointer(value, shape.target, type_text, presenter, scope)
    if value.type.same_as(found):
        return value
    raise EvaluationError(
        f"{value.type.name} as {type_text} is not a cast Rust has",
        hint="cast a pointer to it and look through that: *(&x as *const _ as *const T)",
    )


def resolve_type(text: str, scope: Scope) -> Type:
    """Find a type by its name as it is written in Rust.

    Raises:
        EvaluationError: The debug information describes no such type.
    """
    if text in PRIMITIVES:
        return PRIMITIVES[text]
    if text.startswith("[") and text.endswith("]"):
        item, semicolon, count = text[1:-1].rpartition(";")
        if semicolon and count.strip().isdecimal():
            return array_type(resolve_type(item.strip(), scope), int(count))
    for prefix in _POINTERS:
        if text.startswith(prefix) and scope.find_type(text) is None:
            return pointer_type(resolve_type(text.removeprefix(prefix), scope), prefix)
    found = scope.find_type(text)
    if found is None:
        raise EvaluationError(f"no type named {text} is described in this program")
    return found


def address_of(value: Value, presenter: Presenter) -> int | None:
    """Read the address in a pointer, reference, ``Box`` or ``NonNull``; ``None`` for others."""
    if value.is_pointer:
        return value.pointer_address()
    view = presenter.view(value)
    if isinstance(view, PointerView):
        return view.address
    if isinstance(view, WrapperView) and isinstance(view.inner, Value):
        return address_of(view.inner, presenter) if not view.follows else view.inner.address
    return None


def to_primitive(value: Value, type_: Type, presenter: Presenter) -> Value:
    """Cast a scalar to another scalar type, with Rust's truncation and saturation."""
    shape = type_.strip()
    address = address_of(value, presenter)
    if address is not None:
        if shape.row.encoding not in ("unsigned", "signed"):
            raise EvaluationError(f"a pointer cannot be cast to {type_.name}")
        return computed.integer(computed.wrap(address, shape), type_)
    view = presenter.view(value)
    if isinstance(view, WrapperView) and isinstance(view.inner, Value):
        return to_primitive(view.inner, type_, presenter)
    number = value.valid()
    if isinstance(number, Char):
        number = ord(number.text)
    if not isinstance(number, int | float):
        raise EvaluationError(f"{value.type.name} cannot be cast to {type_.name}")
    match shape.row.encoding:
        case "float":
            return computed.real(float(number), type_)
        case "char":
            return _to_char(value, number)
        case "bool":
            if isinstance(number, bool):
                return value
            raise EvaluationError("numbers are not cast to bool", hint="compare with 0")
        case _:
            if isinstance(number, float):
                return computed.integer(saturate(number, shape), type_)
            return computed.integer(computed.wrap(int(number), shape), type_)


def _to_char(value: Value, number: int | float) -> Value:
    if isinstance(number, int) and (value.shape.size == 1 or value.type is computed.INTEGER):
        if 0 <= number <= 0xFF:
            return computed.char(chr(number))
    elif value.shape.row.encoding == "char" and isinstance(number, int):
        return computed.char(chr(number))
    raise EvaluationError("only u8 is cast to char", hint="cast to u8 first")


def saturate(number: float, shape: Type) -> int:
    """Cast a float to the nearest integer that the type has; NaN becomes 0."""
    if math.isnan(number):
        return 0
    if math.isinf(number):
        return computed.limits(shape)[number > 0]
    return computed.clamp(int(number), shape)


def _pointer(
    value: Value, target: Type | None, text: str, presenter: Presenter, scope: Scope
) -> Value:
    address = address_of(value, presenter)
    if address is None:
        view = presenter.view(value)
        if isinstance(view, PointerView):
            raise UnavailableError(view.target().absent or "not in memory: it has no address")
        if isinstance(view, SequenceView) and isinstance(view.items, ContiguousItems):
            address = view.items.array.address
        elif not isinstance(view, TextView) and value.shape.kind == "base":
            address = value.integer()
    if address is None:
        raise EvaluationError(f"{value.type.name} cannot be cast to {text}")
    if target is None:
        raise EvaluationError(f"it is not known what {text} points to")
    prefix = next((prefix for prefix in _POINTERS if text.startswith(prefix)), "*const ")
    data = computed.wrap(address, PRIMITIVES["usize"]).to_bytes(8, "little")
    context = scope.context if value.context.frame is None else value.context
    return Value(pointer_type(target, prefix), Bytes(data), context)
