"""Fields, newtypes, pointers and variants in agent bytecode, found by types alone."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.present.field_paths import Path, alternatives, each_layer, walk
from crabtrap.records import dataclass
from crabtrap.symbols.types import Case, Cases, Field, Type
from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import Code, NotCompilableError, Storage, join


@dataclass(frozen=True, slots=True)
class Typed:
    """A value that is known by its type and by where it is stored."""

    type: Type
    storage: Storage

    def at(self, field: Field) -> Typed:
        """Return one of its fields."""
        if field.bit_size:
            raise NotCompilableError("bit fields are read by the engine")
        size = field.type.strip().size or 0
        return Typed(field.type, asm.narrow(self.storage, field.offset, size))


def deref(pointer: Typed) -> Typed:
    """Return what a thin pointer points to.

    Raises:
        NotCompilableError: It is not one, or nothing is known of its target.
    """
    shape = pointer.type.strip()
    if shape.kind not in ("pointer", "reference") or shape.target is None:
        raise NotCompilableError(f"{pointer.type.name} is followed by the engine")
    if shape.target.strip().kind in ("unit", "function"):
        raise NotCompilableError(f"nothing is known of what {pointer.type.name} points to")
    return Typed(shape.target, asm.InMemory(asm.load(pointer.storage, 8, signed=False)))


def step(typed: Typed, name: str) -> Typed | None:
    """Return a field by name, through newtypes and pointers, as ``field_paths.step`` does."""
    for layer in each_layer(typed, _content):
        shape = layer.type.strip()
        known = shape.field(name)
        if known is not None:
            return layer.at(known)
        if shape.cases is not None:
            raise NotCompilableError(f"the variant of {layer.type.name} is read by the engine")
    return None


def _content(typed: Typed) -> Typed | None:
    """What a pointer points to, or the one field of a newtype."""
    return pointee(typed) or newtype_content(typed)


def find_part(typed: Typed, path: Path) -> Typed | None:
    """Follow a path of field names; ``None`` where no alternative exists."""
    found = (walk(typed, alternative, step) for alternative in alternatives(path))
    return next((part for part in found if part is not None), None)


def pointee(typed: Typed) -> Typed | None:
    """Return what a thin pointer points to, ``None`` where the value is no such pointer."""
    return deref(typed) if typed.type.strip().kind in ("pointer", "reference") else None


def layers(typed: Typed) -> Iterator[Typed]:
    """Yield the value, then what each reference or pointer leads to."""
    return each_layer(typed, pointee)


def newtype_content(typed: Typed) -> Typed | None:
    """Return the one field of a newtype, ``None`` for any other type."""
    only = typed.type.strip().only_field()
    return None if only is None else typed.at(only)


def innermost(typed: Typed) -> Typed:
    """Return the value inside all newtypes around it."""
    *_, inner = each_layer(typed, newtype_content)
    return inner


def integer_part(typed: Typed) -> Code:
    """Push the integer inside newtypes."""
    inner = innermost(typed)
    shape = inner.type.strip()
    if shape.kind != "base" or shape.row.encoding not in ("unsigned", "signed"):
        raise NotCompilableError(f"{typed.type.name} holds no integer")
    return asm.load(inner.storage, shape.size or 0, shape.row.encoding == "signed")


def pointer_part(typed: Typed) -> Code:
    """Push the address in a pointer inside newtypes."""
    inner = innermost(typed)
    if inner.type.strip().kind not in ("pointer", "reference"):
        raise NotCompilableError(f"{typed.type.name} holds no pointer")
    return asm.load(inner.storage, 8, signed=False)


def is_live(typed: Typed, cases: Cases, wanted: Case) -> Code:
    """Push whether ``wanted`` is the live variant."""
    if cases.discriminant is None:
        return (asm.constant(1),)
    tag = cases.discriminant
    size = tag.type.strip().size or 0
    load = asm.load(asm.narrow(typed.storage, tag.offset, size), size, signed=False)
    others = tuple(pair for case in cases.cases for pair in case.discriminants)
    if wanted.discriminants:
        wanted_one = in_any(load, wanted.discriminants)
        if all(case.discriminants for case in cases.cases):  # any other number is no variant
            return join(asm.unless_fault(in_any(load, others)), wanted_one)
        return wanted_one
    return join(in_any(load, others), asm.LOG_NOT)


def in_any(load: Code, ranges: tuple[tuple[int, int], ...]) -> Code:
    """Push whether an unsigned number, which is loaded once, is in one of the inclusive ranges."""
    code = join(load, asm.constant(0))
    for low, high in ranges:  # on the stack: the number, whether it was in one so far
        if low == high:
            test = join(asm.pick(1), asm.constant(low), asm.EQUAL)
        else:
            # number - low wraps below the range, so one unsigned comparison is enough
            distance = join(asm.pick(2), asm.constant(low), asm.SUB)
            test = join(asm.constant(high - low), distance, asm.LESS_UNSIGNED, asm.LOG_NOT)
        code = join(code, test, asm.BIT_OR)
    return join(code, asm.SWAP, asm.POP)
