"""How rustc passes and returns a value of a type, as far as debug information shows.

The Rust ABI has no stability guarantee (Rust reference, "External blocks"), and DWARF does
not describe it.  The rules here follow ``rustc_abi``'s layouts (``BackendRepr``), which are
the same in every compiler tested (1.63 to 1.97): a scalar is passed in one register, two
scalars that fill their type (a scalar pair) in one register each, anything else as an
aggregate.  Where a type does not determine which of these it is, the result is ``Unclear``
with the reason, never a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass, field, replace
from crabtrap.symbols.names import STD_CRATES
from crabtrap.symbols.nesting import is_endless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.symbols.types import Case, Field, Type

WORD = 8
_LARGEST_SCALAR = 16
_POINTERS = ("pointer", "reference")


@dataclass(frozen=True, slots=True)
class PassedScalar:
    """A number, ``bool``, ``char`` or pointer.

    Attributes:
        offset: First byte in the type.
        size: Bytes, 1 to 16; of 16 only integers, which take two registers.
        is_float: It is passed in an SSE register.
        alignment: Bytes.
        is_signed: It is sign-extended to the width of its register.
        in_struct: It is the only field of a user's struct.  With ``#[repr(C)]``, which debug
            information does not record, the compiler would not treat that as a scalar.
    """

    offset: int
    size: int
    is_float: bool = False
    alignment: int = 1
    is_signed: bool = False
    in_struct: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Nothing:
    """A zero-sized value, which is not passed at all."""


@dataclass(frozen=True, slots=True)
class PassedScalars:
    """One or two scalars, sorted by offset; bytes between them are padding."""

    parts: tuple[PassedScalar, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Any other value: passed as one integer up to a word, otherwise by address."""

    size: int


@dataclass(frozen=True, slots=True)
class Unclear:
    """How the value is passed cannot be derived from its type; ``reason`` is for users."""

    reason: str


PassMode = Nothing | PassedScalars | Aggregate | Unclear


def classify(type_: Type) -> PassMode:
    """Return how a value of ``type_`` is passed and returned."""
    if is_endless(type_):
        return Unclear(f"{type_.name} is made of itself")
    return _classify(type_)


def _classify(type_: Type) -> PassMode:
    shape = type_.strip()
    size = shape.size
    if shape.kind == "unit" or size == 0:
        return Nothing()
    if shape.kind == "never":
        return Nothing()
    if size is None:
        return Unclear(f"the size of {type_.name} is not known")
    if shape.cases is not None:
        return _classify_enum(shape, size)
    match shape.kind:
        case "base" | "pointer" | "reference" | "enum":
            return _classify_scalar(shape, size)
        case "array":
            return Aggregate(size)
        case "struct":
            return _classify_fields(shape, shape.fields, size)
        case "union":
            return _classify_union(shape, size)
        case _:
            return Unclear(f"{type_.name} is not described")


def _classify_scalar(shape: Type, size: int) -> PassMode:
    is_float = shape.row.encoding == "float"
    if size > _LARGEST_SCALAR or (size > WORD and is_float):
        return Unclear(f"how {shape.name} is passed is not known")
    underlying = shape.target.strip() if shape.kind == "enum" and shape.target else shape
    is_signed = underlying.row.encoding == "signed"
    return PassedScalars((PassedScalar(0, size, is_float, _own_alignment(shape), is_signed),))


def _own_alignment(shape: Type) -> int:
    """Return a scalar's alignment; where DWARF gives none, its size, at most a word."""
    return shape.alignment if shape.row.alignment > 1 else min(shape.size or 1, WORD)


def _classify_fields(shape: Type, fields: Sequence[Field], size: int) -> PassMode:
    """Classify a struct, a tuple, or the fields of an enum's only variant."""
    filled = [field for field in fields if field.type.size != 0]
    inner = [_classify(field.type) for field in filled]
    for each in inner:
        if isinstance(each, Unclear):
            return each
    match filled, inner:
        case [], _:
            return Unclear(f"the fields of {shape.name} are not described")
        case [field], [found]:
            return _classify_newtype(shape, field, found, size)
        case [first, second], [PassedScalars((a,)), PassedScalars((b,))]:
            # By offset: rustc reorders fields, so declaration order may differ.
            pair = sorted(((first.offset, a), (second.offset, b)), key=lambda each: each[0])
            return _pair([_at_offset(scalar, offset) for offset, scalar in pair], shape, size)
        case _:
            return Aggregate(size)


def _classify_newtype(shape: Type, field: Field, inner: PassMode, size: int) -> PassMode:
    if field.offset or field.type.size != size or field.bit_size:
        return Aggregate(size)
    if shape.alignment > field.type.strip().alignment and isinstance(inner, Aggregate):
        return Unclear(f"{shape.name} may be a SIMD vector")
    match inner:
        case PassedScalars((scalar,)) if _may_be_repr_c(shape):
            return PassedScalars((replace(scalar, in_struct=True),))
        case _:
            return inner


def _may_be_repr_c(shape: Type) -> bool:
    root = shape.path.partition("::")[0]
    return root.isidentifier() and root not in STD_CRATES


def _pair(parts: Sequence[PassedScalar], shape: Type, size: int) -> PassMode:
    """Return a scalar pair if the two are laid out as a pair of them alone would be."""
    first, second = parts
    alignment = max(first.alignment, second.alignment)
    fits = (
        first.offset == 0
        and second.offset == _align(first.size, second.alignment)
        and size == _align(second.offset + second.size, alignment)
        and shape.alignment <= alignment
    )
    return PassedScalars((first, second)) if fits else Aggregate(size)


def _classify_union(shape: Type, size: int) -> PassMode:
    """Classify a union: as one of its fields where they are all alike (``MaybeUninit``)."""
    fields = [field for field in shape.fields if field.type.size != 0]
    found = {_classify(field.type) for field in fields}
    if len(found) == 1 and all(field.type.size == size for field in fields):
        return next(iter(found))
    return Aggregate(size) if fields else Unclear(f"the fields of {shape.name} are not described")


def _classify_enum(shape: Type, size: int) -> PassMode:
    assert shape.cases is not None  # checked by the caller
    cases = shape.cases.cases
    tag = shape.cases.discriminant
    if tag is None:
        return _classify_case(shape, cases[0], size) if cases else Nothing()
    kind = tag.type.strip()
    number = PassedScalar(tag.offset, kind.size or 0, alignment=_own_alignment(kind))
    filled = [case for case in cases if any(f.type.size != 0 for f in case.type.strip().fields)]
    holder = next((case for case in filled if _overlaps(case, number)), None)
    if holder is not None:
        # The tag is in a niche: the enum is passed as the variant that has the niche.
        return _classify_case(shape, holder, size) if len(filled) == 1 else Aggregate(size)
    if not filled:
        return PassedScalars((number,)) if number.size == size else Aggregate(size)
    return _classify_tagged(shape, number, filled, size)


def _classify_case(shape: Type, case: Case, size: int) -> PassMode:
    if case.offset:
        return Unclear(f"the variant {case.name} of {shape.name} does not begin at its start")
    return _classify_fields(shape, case.type.strip().fields, size)


def _overlaps(case: Case, tag: PassedScalar) -> bool:
    return any(
        field.offset < tag.offset + tag.size and tag.offset < field.offset + (field.type.size or 0)
        for field in case.type.strip().fields
    )


def _classify_tagged(shape: Type, tag: PassedScalar, filled: Sequence[Case], size: int) -> PassMode:
    """Classify a tag and payloads: a pair if all payloads are one like scalar at one offset."""
    payloads: list[PassedScalar] = []
    pointers: set[bool] = set()
    for case in filled:
        fields = [field for field in case.type.strip().fields if field.type.size != 0]
        found = _classify(fields[0].type) if len(fields) == 1 else Aggregate(size)
        if isinstance(found, Unclear):
            return found
        if not isinstance(found, PassedScalars) or len(found.parts) != 1:
            return Aggregate(size)
        payloads.append(_at_offset(found.parts[0], fields[0].offset))
        pointers.add(fields[0].type.innermost[0].kind in _POINTERS)
    if any(_kind(payload) != _kind(payloads[0]) for payload in payloads):
        return Aggregate(size)
    if len(pointers) > 1:
        return Unclear(f"{shape.name} holds a pointer or a number: compilers differ in passing it")
    return _pair([tag, payloads[0]], shape, size)


def _kind(scalar: PassedScalar) -> tuple[int, int, bool]:
    return scalar.offset, scalar.size, scalar.is_float


def _at_offset(scalar: PassedScalar, offset: int) -> PassedScalar:
    return replace(scalar, offset=offset)


def _align(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment
