"""Views of types that no rule matches, by the debug information alone."""

from __future__ import annotations

from typing import TypeGuard, assert_never, get_args

from crabtrap.address import Address
from crabtrap.present.containers.plausible import check_buffer
from crabtrap.present.containers.walkers import ContiguousItems
from crabtrap.present.view import (
    InvalidView,
    LiteralView,
    PointerView,
    RecordView,
    ScalarView,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.symbols.types import REFERENCES, Type, array_type
from crabtrap.values import Absent, ImplicitPointer, PointerTo, UnavailableError, Value
from crabtrap.values.unsized import (
    ADDRESS_FIELD,
    METADATA_FIELD,
    Wide,
    pointee_name,
    wide_kind,
)

_TEXTS = frozenset(("str", "std::path::Path", "std::ffi::os_str::OsStr", "core::ffi::c_str::CStr"))
"""Texts whose references are shown as the text itself, without ``&``."""


def is_view(content: object) -> TypeGuard[View]:
    """Say whether an object is a view."""
    return isinstance(content, get_args(View))


def view(value: Value) -> View:
    """Build the view of a value by the shape of its type.

    Raises:
        UnavailableError: It cannot be read, or is no valid value of the type.
    """
    shape = value.shape
    match shape.kind:
        case "base" | "enum":
            return ScalarView(value)
        case "struct":
            return _struct(value, shape)
        case "union":
            return RecordView(shape.name, value.fields())
        case "array":
            return _array(value, shape)
        case "pointer" | "reference":
            return _pointer(value, shape)
        case "unit":
            return LiteralView("()")
        case "function" | "opaque" | "never":
            if shape.is_function_item:
                return LiteralView(f"function item {shape.name}")
            if value.address is None:
                return InvalidView(f"{shape.name} is not described")
            return LiteralView(f"{shape.name} at {value.address:#x}")
        case "typedef" | "const" | "volatile":
            return InvalidView(f"{shape.name}: an alias of itself")
        case unknown:
            assert_never(unknown)


def _struct(value: Value, shape: Type) -> View:
    if shape.cases is not None:
        return _variant(value, shape)
    if wide_kind(shape) is not None:
        return _wide(value, shape)
    if is_closure(shape):
        return RecordView(_closure_name(shape), captures(value))
    return RecordView(_struct_name(shape), value.fields(), shape.is_tuple)


def _struct_name(shape: Type) -> str:
    name = shape.name
    return "" if name.startswith("(") else name.partition("<")[0]


def _variant(value: Value, shape: Type) -> View:
    case, inside = value.variant()
    if not is_coroutine(shape):
        return RecordView(case.name, inside.fields(), case.type.is_tuple, variant=True)
    name = shape.name.partition("::{")[0]
    where = f" at line {case.line}" if case.line else ""
    fields = _held(case.type, inside, is_finished=case.name in _FINISHED)
    return RecordView(f"{name}::{case.name}{where}", fields, variant=True)


def _held(state: Type, value: Value, *, is_finished: bool) -> tuple[tuple[str, Value], ...]:
    """The variables that a coroutine holds, each once.

    An argument is described twice, as captured and as a variable.  A finished coroutine has
    moved or dropped all but what is never dropped.
    """
    once = {(field.name, field.offset): field for field in state.fields}
    return tuple(
        _captured(field.name, value.at_field(field))
        for field in once.values()
        if not is_finished or _is_never_dropped(field.type)
    )


def _captured(name: str, inner: Value) -> tuple[str, Value]:
    """What was captured by reference, by its source name; anything else as it is."""
    return (capture_name(name), _follow(inner)) if name.startswith("_ref__") else (name, inner)


_FINISHED = ("Returned", "Panicked")
"""States of a coroutine in which it is not resumed any more."""


def _is_never_dropped(type_: Type) -> bool:
    """Whether values of a type are certain to need no drop: structs may implement ``Drop``."""
    shape = type_.strip()
    match shape.kind:
        case "base" | "enum" | "unit" | "never":
            return True
        case "pointer" | "reference":
            return shape.row.name.startswith(("&", "*", "fn"))
        case "array":
            return shape.target is not None and _is_never_dropped(shape.target)
        case "struct":
            if wide_kind(shape) is not None:
                return shape.row.name.startswith(("&", "*"))
            is_tuple = shape.row.name.startswith("(")
            return is_tuple and all(_is_never_dropped(field.type) for field in shape.fields)
        case _:
            return False


def is_coroutine(shape: Type) -> bool:
    """Say whether a type is the state of an async function, async block or coroutine."""
    name = shape.row.name
    return name.startswith(("{async_", "{coroutine_env", "{generator_env", "{gen_"))


def is_closure(shape: Type) -> bool:
    """Say whether a struct holds the captures of a closure."""
    return shape.row.name.startswith("{closure_env")


def _closure_name(shape: Type) -> str:
    return f"{shape.name.partition('::{')[0]}::{{closure}}" if "::{" in shape.name else "{closure}"


def captures(value: Value) -> tuple[tuple[str, Value], ...]:
    """Return what a closure captured, by source names, references followed."""
    return tuple(
        (capture_name(name), _follow(inner) if name.startswith("_ref__") else inner)
        for name, inner in value.fields()
    )


def capture_name(field: str) -> str:
    """Return the source name of a captured place expression: ``_ref__p__x`` is ``p.x``."""
    return field.removeprefix("_ref__").replace("__", ".")


def _follow(pointer: Value) -> Value:
    if not pointer.is_pointer:
        return pointer
    try:
        return pointer.deref()
    except UnavailableError as error:
        return pointer.elsewhere(pointer.type, Absent(error.reason))


def array_at(location: Value, item: Type, count: int) -> Value:
    """Return the array of ``count`` items at the beginning of a value's bytes."""
    return location.at(array_type(item, count), 0)


def _array(value: Value, shape: Type) -> View:
    count, item = shape.row.count, shape.target
    if count is None or item is None:
        return InvalidView(f"{shape.name} of unknown length")
    stride = item.strip().size or 0
    if value.address is not None and count:
        check_buffer(
            value.context,
            shape.name,
            address=value.address,
            length=count,
            stride=stride,  # the alignment may be any, inside of a packed struct
        )
    if shape.row.name == "str":
        return TextView("str", count, _bytes_of(value), value.address)
    return SequenceView(ContiguousItems(value, count))


def _bytes_of(value: Value):  # noqa: ANN202 - the closure's type is TextView.read's
    def read(start: int, stop: int) -> bytes:
        if value.address is None:
            return value.read_bytes()[start:stop]
        return value.context.reader.read(value.address + start, stop - start)

    return read


def _wide(value: Value, shape: Type) -> View:
    kind = wide_kind(shape)
    assert kind is not None  # so says the caller
    if isinstance(value.location, PointerTo):
        return _pointer(value, shape)
    partly = _known_part(value, kind)
    if partly:
        return InvalidView(partly)
    name = pointee_name(shape)
    if kind == "slice" and name in _TEXTS and shape.row.name.startswith("&"):
        return WrapperView("", value.deref(), follows=True)
    if is_box(shape):
        return WrapperView("Box", value.deref(), follows=True)
    address = value.pointer_address()
    if shape.row.name.startswith("*"):
        metadata = value.field(METADATA_FIELD[kind]).integer()
        suffix = f", length {metadata}" if kind == "slice" else f", vtable {metadata:#x}"
        return PointerView("", address, value.deref, suffix)
    return PointerView(_prefix(shape), address, value.deref)


def _known_part(value: Value, kind: Wide) -> str:
    """What is known of a wide pointer of which a half is gone, ``""`` where none is."""
    address, metadata = value.field(ADDRESS_FIELD[kind]), value.field(METADATA_FIELD[kind])
    what = "length" if kind == "slice" else "vtable"
    match address.absent, metadata.absent:
        case None, None:
            return ""
        case None, reason:
            return f"{value.type.name} at {value.pointer_address():#x}, {what} {reason}"
        case reason, None:
            known = metadata.integer()
            known = f"{known}" if kind == "slice" else f"{known:#x}"
            return f"{value.type.name} of {what} {known}, address {reason}"
        case reason, _:
            return str(reason)


def is_box(shape: Type) -> bool:
    """Say whether a pointer type is ``Box<T>``."""
    head = shape.row.name.partition("<")[0]
    return head in ("alloc::boxed::Box", "Box")


def _prefix(shape: Type) -> str:
    for prefix in REFERENCES:
        if shape.row.name.startswith(prefix):
            return prefix
    return ""


def _pointer(value: Value, shape: Type) -> View:
    if isinstance(value.location, PointerTo) and is_box(shape):
        return WrapperView("Box", value.deref(), follows=True)
    if isinstance(value.location, ImplicitPointer | PointerTo):
        return PointerView(_prefix(shape) or "&", None, value.deref)
    address = value.pointer_address()
    if shape.points_to_code:
        return LiteralView(_function(value, address))
    if not shape.leads_to_value:
        return LiteralView(f"{address:#x}")
    if is_box(shape):
        return WrapperView("Box", value.deref(), follows=True)
    return PointerView(_prefix(shape), address, value.deref)


def _function(value: Value, address: int) -> str:
    where = value.context.program.describe_code(Address(address))
    return f"{where} ({address:#x})" if where else f"<no function at {address:#x}>"
