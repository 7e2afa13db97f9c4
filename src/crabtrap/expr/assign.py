"""Assignments: which bytes to write where, or why that would corrupt the program.

Only values whose bytes are all of their meaning are written.  A ``String`` owns memory
elsewhere, so no text is ever written over one.
"""

from __future__ import annotations

import struct

from crabtrap.address import Address
from crabtrap.expr import casts, computed, indirection, operators
from crabtrap.expr.evaluate import Evaluator
from crabtrap.expr.scope import EvaluationError, Scope
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.parser import parse
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import RecordView, SequenceView
from crabtrap.records import dataclass
from crabtrap.symbols.types import Case, Type
from crabtrap.values import Absent, Char, Memory, Pieces, Register, Synthetic, Value
from crabtrap.values.unsized import wide_kind
from crabtrap.values.value_location import ValueLocation

_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class MemoryWrite:
    """Bytes to write at a run-time address."""

    address: Address
    data: bytes


@dataclass(frozen=True, slots=True)
class RegisterWrite:
    """Bytes to write into a register (DWARF number) from byte ``offset`` on."""

    number: int
    offset: int
    data: bytes


Write = MemoryWrite | RegisterWrite


@dataclass(frozen=True, slots=True)
class Assignment:
    """Everything one assignment writes; nothing has been written yet.

    Attributes:
        target: What is assigned to, with its value before.
        writes: In order; all of them are to be written, or none.
    """

    target: Value
    writes: tuple[Write, ...]


def plan_assignment(text: str, scope: Scope, presenter: Presenter) -> Assignment:
    """Plan ``place = value`` or ``place += value``; nothing is written.

    Raises:
        ParseError: The text is no expression.
        EvaluationError: It is no assignment, or one that cannot be done.
    """
    tree = parse(text)
    try:
        if not isinstance(tree, nodes.Assign):
            raise EvaluationError(
                "this is not an assignment", tree.span, hint="write place = value"
            )
        return _plan(tree, Evaluator(scope, presenter))
    except EvaluationError as error:
        error.text = text
        raise


def _plan(tree: nodes.Assign, evaluator: Evaluator) -> Assignment:
    if isinstance(tree.target, nodes.Dollar):
        raise EvaluationError("registers and variables are set by name", tree.target.span)
    target = evaluator.value(tree.target)
    value = evaluator.value(tree.value)
    try:
        if tree.operator is not None:
            left = indirection.scalar(target, evaluator.presenter)
            right = indirection.scalar(value, evaluator.presenter)
            value = operators.arithmetic(tree.operator, left, right)
        data = encode(target.type, value, target, evaluator.presenter)
        return Assignment(target, _writes(target.location, data))
    except EvaluationError as error:
        if error.span is None:
            error.span = tree.span
        raise


def _writes(location: ValueLocation, data: bytes) -> tuple[Write, ...]:
    match location:
        case Memory(address):
            return (MemoryWrite(address, data),)
        case Register(number, offset):
            return (RegisterWrite(number, offset, data),)
        case Pieces(parts):
            if any(part.bit_offset for part in parts):
                raise EvaluationError("it is spread over bits and cannot be written")
            writes: list[Write] = []
            at = 0
            for part in parts:
                writes += _writes(part.location, data[at : at + part.size])
                at += part.size
            return tuple(writes)
        case Absent(reason):
            raise EvaluationError(f"it cannot be written: {reason}")
        case _:
            raise EvaluationError("it is a computed value and has no location in the program")


def encode(type_: Type, value: Value, old: Value, presenter: Presenter, depth: int = 0) -> bytes:
    """Return the bytes of ``value`` as a ``type_``; padding is taken from ``old``.

    Raises:
        EvaluationError: The value does not fit, or owns memory besides its bytes.
    """
    shape = type_.strip()
    if depth > _MAX_DEPTH:
        raise EvaluationError(f"{type_.name} is nested too deeply")
    if shape.cases is not None:
        return _encode_variant(shape, value, old, presenter, depth)
    match shape.kind:
        case "base":
            return _encode_scalar(shape, indirection.scalar(value, presenter))
        case "enum":
            return _encode_enumerator(shape, value)
        case "pointer" | "reference":
            return _encode_pointer(shape, value, presenter)
        case "struct":
            return _encode_struct(shape, value, old, presenter, depth)
        case "array":
            return _encode_array(shape, value, old, presenter, depth)
        case _:
            raise EvaluationError(f"a {type_.name} cannot be assigned")


def _encode_scalar(shape: Type, value: Value) -> bytes:
    found = value.valid()
    encoding, size = shape.row.encoding, shape.size or 0
    is_literal = value.type in (computed.INTEGER, computed.FLOAT)
    if encoding == "bool" and isinstance(found, bool):
        return bytes([found])
    if encoding == "char" and isinstance(found, Char):
        return ord(found.text).to_bytes(4, "little")
    if encoding == "float" and (isinstance(found, float) or value.type is computed.INTEGER):
        if not is_literal and value.shape.size != size:
            raise _mismatch(shape, value)
        assert isinstance(found, int | float)  # literals of either kind
        if size not in (4, 8):
            raise EvaluationError(f"{shape.name} cannot be written")
        return struct.pack("<f" if size == 4 else "<d", found)
    if encoding in ("signed", "unsigned") and isinstance(found, int) and found is not True:
        if not is_literal and (value.shape.row.encoding, value.shape.size) != (encoding, size):
            raise _mismatch(shape, value)
        return computed.integer(found, shape).read_bytes()
    raise _mismatch(shape, value)


def _mismatch(shape: Type, value: Value) -> EvaluationError:
    return EvaluationError(
        f"expected {shape.name}, found {value.type.name}", hint=f"cast it: `as {shape.name}`"
    )


def _encode_enumerator(shape: Type, value: Value) -> bytes:
    if value.shape.kind == "enum" and value.type.same_as(shape):
        return value.read_bytes()
    raise EvaluationError(f"expected a variant of {shape.name}, found {value.type.name}")


def _encode_pointer(shape: Type, value: Value, presenter: Presenter) -> bytes:
    if not shape.row.name.startswith(("*", "&")):
        raise EvaluationError(f"{shape.name} owns what it points to; it cannot be replaced")
    address = casts.address_of(value, presenter)
    same = value.is_pointer and value.shape.target is not None and shape.target is not None
    if address is None or not same or not _same_target(shape, value):
        raise _mismatch(shape, value)
    return address.to_bytes(8, "little")


def _same_target(shape: Type, value: Value) -> bool:
    mine, theirs = shape.target, value.shape.target
    return mine is not None and theirs is not None and mine.same_as(theirs)


def _encode_struct(
    shape: Type, value: Value, old: Value, presenter: Presenter, depth: int
) -> bytes:
    if owns_memory(shape):
        raise EvaluationError(
            f"{shape.name} owns memory elsewhere; writing over it would corrupt the program",
            hint="assign to its items or fields, or call one of its methods",
        )
    if _has_bytes(value, shape):
        return value.read_bytes()
    view = presenter.view(value)
    if isinstance(view, RecordView) and not view.variant:
        return _encode_fields(shape, dict(view.fields), old, presenter, depth)
    only = shape.only_field()
    if only is not None:  # an atomic, Cell, Wrapping: a newtype around what is assigned
        inner = encode(only.type, value, old.at_field(only), presenter, depth + 1)
        if shape.row.name.startswith("NonZero") and not any(inner):
            raise EvaluationError(f"a {shape.name} cannot be 0")
        data = bytearray(old.read_bytes())
        data[only.offset : only.offset + len(inner)] = inner
        return bytes(data)
    raise _mismatch(shape, value)


def _has_bytes(value: Value, shape: Type) -> bool:
    """Whether a value is of a type, and not only of fields that an expression gave it."""
    return value.type.same_as(shape) and not isinstance(value.location, Synthetic)


def _encode_fields(
    shape: Type, values: dict[str, Value], old: Value, presenter: Presenter, depth: int
) -> bytes:
    if values.keys() != {field.name for field in shape.fields}:
        raise EvaluationError(f"the value has other fields than {shape.name}")
    data = bytearray(old.read_bytes())
    for field in shape.fields:
        if field.bit_size:
            raise EvaluationError("bit fields cannot be written")
        part = encode(field.type, values[field.name], old.at_field(field), presenter, depth + 1)
        data[field.offset : field.offset + len(part)] = part
    return bytes(data)


def _encode_array(shape: Type, value: Value, old: Value, presenter: Presenter, depth: int) -> bytes:
    item, count = shape.target, shape.row.count
    view = presenter.view(value)
    if item is None or count is None or not isinstance(view, SequenceView):
        raise _mismatch(shape, value)
    items = list(view.items.walk(0, count + 1))
    if len(items) != count:
        raise EvaluationError(f"expected {count} items, found {len(items)}")
    return b"".join(
        encode(item, each, old.index(index), presenter, depth + 1)
        for index, each in enumerate(items)
    )


def _encode_variant(
    shape: Type, value: Value, old: Value, presenter: Presenter, depth: int
) -> bytes:
    if owns_memory(shape):
        raise EvaluationError(
            f"{shape.name} may own memory elsewhere; writing over it would corrupt the program"
        )
    if _has_bytes(value, shape):
        return value.read_bytes()
    view = presenter.view(value)
    case = shape.case(view.name) if isinstance(view, RecordView) and view.variant else None
    if case is None or not isinstance(view, RecordView):
        raise EvaluationError(f"expected a variant of {shape.name}, found {value.type.name}")
    inside = old.at(case.type, case.offset)
    data = bytearray(old.read_bytes())
    if case.type.fields:
        part = _encode_fields(case.type, dict(view.fields), inside, presenter, depth)
        data[case.offset : case.offset + len(part)] = part
    _put_tag(shape, case, data)
    return bytes(data)


def _put_tag(shape: Type, case: Case, data: bytearray) -> None:
    """Write the discriminant; the variant that a niche lies in has none of its own."""
    assert shape.cases is not None  # so says the caller
    tag = shape.cases.discriminant
    if tag is None or not case.discriminants:
        return
    size = tag.type.strip().size or 0
    data[tag.offset : tag.offset + size] = case.discriminants[0][0].to_bytes(size, "little")


def owns_memory(type_: Type, depth: int = 0) -> bool:
    """Say whether a value may own memory besides its bytes: any owning pointer in it does."""
    shape = type_.strip()
    if depth > _MAX_DEPTH:
        return True
    if shape.kind in ("pointer", "reference"):
        return not shape.row.name.startswith(("*", "&"))
    if wide_kind(shape) is not None:
        return not shape.row.name.startswith(("*", "&"))
    if shape.row.name.startswith(("Unique<", "NonNull<")):
        return True
    if shape.kind == "array":
        return shape.target is not None and owns_memory(shape.target, depth + 1)
    inner = [field.type for field in shape.fields]
    if shape.cases is not None:
        inner += [case.type for case in shape.cases.cases]
    return any(owns_memory(each, depth + 1) for each in inner)
