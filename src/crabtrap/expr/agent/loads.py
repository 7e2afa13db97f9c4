"""Loads of scalars in agent bytecode, behind references, in atomics and ``NonZero``."""

from __future__ import annotations

from crabtrap.expr.agent.numbers import BOOL, Number, checked_top, wrapped
from crabtrap.expr.agent.typed_parts import Typed, deref, in_any, innermost, newtype_content
from crabtrap.present.field_paths import each_layer
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import NotCompilableError, join

_MOST_RANGES = 16
"""Most ranges of discriminants that a condition compares with at each hit."""


def load(typed: Typed) -> Number:
    """Push a scalar, behind references and in wrappers that are numbers to a reader."""
    *around, inner = each_layer(typed, _behind)
    shape = inner.type.strip()
    if shape.kind == "base" or (shape.kind == "enum" and shape.cases is None):
        number = load_scalar(inner)
        if any(layer.type.strip().row.name.startswith("NonZero") for layer in around):
            code = join(number.code, asm.DUP, asm.constant(0), asm.EQUAL, asm.LOG_NOT)
            return Number(checked_top(code), number.type)
        return number
    if shape.kind in ("pointer", "reference") and not _is_reference(shape):
        return Number(asm.load(inner.storage, 8, signed=False), PRIMITIVES["usize"])
    raise NotCompilableError(f"{inner.type.name} is not a number, bool or char")


def _behind(typed: Typed) -> Typed | None:
    """What a reference leads to, or the number in an atomic or ``NonZero``."""
    shape = typed.type.strip()
    if shape.kind in ("pointer", "reference"):
        return deref(typed) if _is_reference(shape) else None
    return plain_inner(typed)


def load_scalar(typed: Typed) -> Number:
    """Push a number, bool or char, or the number of a variant without fields."""
    shape = typed.type.strip()
    if shape.row.encoding == "float":
        raise NotCompilableError("floats are evaluated by the engine")
    number = Number((), typed.type)
    code = asm.load(typed.storage, shape.size or 0, number.signed)
    valid = _valid_numbers(shape)
    if valid is not None:
        code = checked_top(join(code, in_any(code, valid)))
    return Number(code, typed.type)


def _valid_numbers(shape: Type) -> tuple[tuple[int, int], ...] | None:
    """The inclusive ranges of numbers that a type has values for; ``None`` for all of them."""
    if shape.row.encoding == "bool":
        return ((0, 1),)
    if shape.row.encoding == "char":
        return ((0, 0xD7FF), (0xE000, 0x10FFFF))
    if shape.kind != "enum":
        return None
    signed, size = Number((), shape).signed, shape.size or 1
    numbers = sorted({wrapped(number, size, signed) for _, number in shape.row.enumerators})
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    if len(ranges) > _MOST_RANGES:
        raise NotCompilableError(f"{shape.name} has too many gaps between its discriminants")
    return tuple(ranges)


def plain_inner(typed: Typed) -> Typed | None:
    """Return the number in an atomic or ``NonZero``, ``None`` for any other type."""
    name = typed.type.strip().row.name
    if not name.startswith(("Atomic", "NonZero")) or newtype_content(typed) is None:
        return None
    inner = innermost(typed)
    return Typed(BOOL, inner.storage) if name == "AtomicBool" else inner


def _is_reference(shape: Type) -> bool:
    """Whether a pointer is a reference or box; a raw pointer is a number of its own."""
    return not shape.row.name.startswith("*") and bool(shape.row.name)
