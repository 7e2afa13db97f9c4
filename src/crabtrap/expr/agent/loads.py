"""Loading scalars in agent bytecode, through whatever stands for a number."""

from __future__ import annotations

from crabtrap.expr.agent import bytecode as asm
from crabtrap.expr.agent.bytecode import NotCompilableError, join
from crabtrap.expr.agent.numbers import BOOL, Number, checked_top
from crabtrap.expr.agent.typed_parts import Typed, deref
from crabtrap.symbols.types import PRIMITIVES, Type


def load(typed: Typed) -> Number:
    """Push a scalar, references and plain wrappers looked through."""
    for _ in range(16):
        shape = typed.type.strip()
        if shape.kind == "base" or (shape.kind == "enum" and shape.cases is None):
            return load_scalar(typed)
        if shape.kind in ("pointer", "reference") and _is_reference(shape):
            typed = deref(typed)
            continue
        if shape.kind in ("pointer", "reference"):
            return Number(asm.load(typed.storage, 8, signed=False), PRIMITIVES["usize"])
        inner = plain_inner(typed)
        if inner is None:
            break
        typed = inner
    raise NotCompilableError(f"{typed.type.name} is not a number, bool or char")


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
    """Inside an atomic or ``NonZero``, which are numbers to a reader."""
    name = typed.type.strip().row.name
    only = typed.type.strip().only_field()
    if only is None or not name.startswith(("Atomic", "NonZero")):
        return None
    while only is not None and typed.type.strip().kind != "base":
        typed = typed.at(only)
        only = typed.type.strip().only_field()
    return Typed(BOOL, typed.storage) if name == "AtomicBool" else typed


def _is_reference(shape: Type) -> bool:
    """References and boxes stand for what they point to; raw pointers for themselves."""
    return not shape.row.name.startswith("*") and bool(shape.row.name)
