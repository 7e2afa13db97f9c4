"""Loads of scalars in agent bytecode, behind references, in atomics and ``NonZero``."""

from __future__ import annotations

from crabtrap.expr.agent import bytecode as asm
from crabtrap.expr.agent.bytecode import NotCompilableError, join
from crabtrap.expr.agent.numbers import BOOL, Number, checked_top
from crabtrap.expr.agent.typed_parts import Typed, deref, innermost, newtype_content
from crabtrap.present.field_paths import each_layer
from crabtrap.symbols.types import PRIMITIVES, Type


def load(typed: Typed) -> Number:
    """Push a scalar, behind references and in wrappers that are numbers to a reader."""
    *_, inner = each_layer(typed, _behind)
    shape = inner.type.strip()
    if shape.kind == "base" or (shape.kind == "enum" and shape.cases is None):
        return load_scalar(inner)
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
    if shape.row.encoding == "bool":
        two = join(code, asm.DUP, asm.constant(2), asm.LESS_UNSIGNED)
        return Number(checked_top(two), typed.type)
    return Number(code, typed.type)


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
