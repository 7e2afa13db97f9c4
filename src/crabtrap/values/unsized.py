"""Wide pointers: to slices, ``str``, trait objects, and structs that end in one of them.

rustc describes a wide pointer as a struct of two fields.  In the debug information of
``RcInner<[T]>`` the last field has the type of one *element*, and in ``RcInner<dyn Trait>``
that of an empty ``dyn Trait``; the length or vtable in the pointer's second field is needed
to read either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.symbols.types import (
    PRIMITIVES,
    UNIT,
    Field,
    Type,
    array_type,
    parse_type_path,
    short_type_name,
)
from crabtrap.values.decode import UnavailableError
from crabtrap.values.value_location import Absent, Memory

if TYPE_CHECKING:
    from crabtrap.values.value import Value

Wide = Literal["slice", "dyn"]

ADDRESS_FIELD: dict[Wide, str] = {"slice": "data_ptr", "dyn": "pointer"}
METADATA_FIELD: dict[Wide, str] = {"slice": "length", "dyn": "vtable"}

_PREFIXES = ("&mut ", "&", "*const ", "*mut ")
_OWNER = r"drop_in_place<(.+)>(?: at |$)|^<(.+) as .+>::"
_MAX_DEPTH = 32
"""Most structs that end in one another; more is a cycle in damaged files."""
_ERROR_TEXT = (
    r"^<(?:.*\bFrom<String>>(?:::from)?|alloc::boxed::.*)::StringError as .*Error>::type_id"
    r"|\bError::type_id<(?:alloc::boxed::.*|\{impl#\d+\})(?:::from)?::StringError>"
)
_ERROR_SLOTS = 11
"""Drop, size, alignment, and the methods of ``Debug``, ``Display`` and ``Error``."""
_MAX_ALIGNMENT = 1 << 29
_VTABLE_SIZE, _VTABLE_ALIGNMENT = 8, 16
"""Offsets in every vtable, after the drop function."""


def wide_kind(type_: Type) -> Wide | None:
    """Return the kind of a wide pointer; ``None`` for any other (stripped) type."""
    if type_.kind != "struct" or type_.size != 16 or len(type_.row.members) != 2:
        return None
    names = {member.name for member in type_.row.members}
    for kind, address in ADDRESS_FIELD.items():
        if names == {address, METADATA_FIELD[kind]}:
            return kind
    return None


def pointee_name(type_: Type) -> str:
    """Return the name of a pointer type's pointee: ``[u8]`` for ``Box<[u8], Global>``."""
    name = type_.row.name
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    path = parse_type_path(name)
    return path.arguments[0] if path.arguments else name


def deref_wide(pointer: Value) -> Value:
    """Follow a wide pointer, to a value of its run-time length or concrete type."""
    kind = wide_kind(pointer.shape)
    assert kind is not None  # checked by the caller
    target = pointer.field(ADDRESS_FIELD[kind]).shape.target or UNIT
    address = pointer.pointer_address()
    metadata = pointer.field(METADATA_FIELD[kind]).integer()
    if address == 0:
        raise UnavailableError("null pointer")
    whole = pointer.elsewhere(target, Memory(address), metadata)
    if kind == "dyn":
        return concrete(whole, metadata) if is_trait_object(target) else whole
    name = pointee_name(pointer.shape)
    if name.startswith("[") or name == "str":
        return pointer.elsewhere(_slice_type(target, metadata, name), Memory(address))
    return whole


def is_trait_object(type_: Type) -> bool:
    """Whether a type is a bare ``dyn Trait``."""
    return type_.row.name.startswith(("dyn ", "(dyn "))


def concrete(value: Value, vtable: int) -> Value:
    """Return a ``dyn Trait`` value as the concrete type that its vtable belongs to."""
    found = value.context.program.vtable_type(Address(vtable)) or _error_text(value, vtable)
    if found is not None and found.is_code_pointer and _vtable_size(value, vtable) == 0:
        found = found.as_function_item()
    if found is None:
        guess = _type_by_code(value, vtable)
        likely = f", probably {guess}" if guess else ""
        reason = (
            f"concrete type unknown{likely}: no debug information for the vtable at {vtable:#x}"
        )
        return value.elsewhere(value.type, Absent(reason))
    return value.at(found, 0)


def _error_text(value: Value, vtable: int) -> Type | None:
    """``String``, for the vtable of the error that std makes of a text.

    ``Box::<dyn Error>::from("text")`` is compiled with std, whose debug information has no
    types; its error is a newtype of ``String``.  Only the function ``type_id`` is looked at:
    no two types have the same, so it is never folded with that of another.
    """
    try:
        table = value.context.reader.read(vtable, 8 * _ERROR_SLOTS)
    except MemoryFault:
        return None
    words = [int.from_bytes(table[at : at + 8], "little") for at in range(0, len(table), 8)]
    if words[1:3] != [24, 8]:  # size and alignment of a String
        return None
    names = (value.context.program.describe_code(Address(word)) or "" for word in words[3:])
    if not any(re.search(_ERROR_TEXT, name) for name in names):
        return None
    return value.context.program.find_type("alloc::string::String")


def _type_by_code(value: Value, vtable: int) -> str:
    """Guess a vtable's type by the symbols of its functions; ``""`` where they name none.

    Only a guess, because the linker may fold the functions of several types into one.
    """
    try:
        slots = value.context.reader.read(vtable, 32)
    except MemoryFault:
        return ""
    for slot in (0, 24):
        address = Address(int.from_bytes(slots[slot : slot + 8], "little"))
        match = re.search(_OWNER, value.context.program.describe_code(address) or "")
        if match is not None:
            return short_type_name(match.group(1) or match.group(2))
    return ""


def tail(value: Value, field: Field, metadata: int) -> Value:
    """Return the last field of an unsized struct."""
    offset = _tail_offset(value, field, metadata)
    if is_trait_object(field.type):
        return concrete(value.at(field.type, offset), metadata)
    if ends_in_trait_object(field.type):
        return value.at(field.type, offset, metadata)
    if not _is_behind(value.shape, field) and _ends_in_slice(field.type):
        return value.at(field.type, offset, metadata)
    is_text = field.type.size == 1 and _is_text(value)
    name = "str" if is_text else f"[{field.type.path}]"
    return value.at(_slice_type(field.type, metadata, name), offset)


def size_of(value: Value) -> int | None:
    """Return the run-time size of a value in bytes, ``None`` where it is not known.

    Raises:
        MemoryFault: The vtable cannot be read.
        UnavailableError: The vtable is none.
    """
    shape = value.shape
    if value.metadata is None or not shape.fields:
        return shape.size
    last = shape.fields[-1]
    inner = size_of(value.at_field(last))
    if inner is None:
        return None
    end = _tail_offset(value, last, value.metadata) + inner
    alignment = _alignment(value, shape, value.metadata)
    return -(-end // alignment) * alignment


def ends_in_trait_object(type_: Type) -> bool:
    """Whether a struct's last field is a ``dyn Trait``, or a struct of which that is true."""
    return any(is_trait_object(field.type) for _, field in _last_fields(type_))


def is_unsized_tail(owner: Type, field: Field) -> bool:
    """Whether a field's type is that of one item of the slice or ``str`` that it really is."""
    is_last = bool(owner.fields) and field is owner.fields[-1]
    return owner.kind == "struct" and owner.cases is None and is_last and _has_no_room(owner, field)


def _ends_in_slice(type_: Type) -> bool:
    """Whether a struct ends in a slice or ``str``, at any depth.

    One item is described in place of the slice; it does not count in the struct's size, or
    overlaps the fields before it.  Where padding happens to have room for it, the name of a
    generic argument tells.
    """
    return any(
        _has_no_room(owner, last) or _is_named_slice(owner, last)
        for owner, last in _last_fields(type_)
    )


def _is_named_slice(owner: Type, last: Field) -> bool:
    arguments = parse_type_path(owner.row.name).arguments
    is_text = "str" in arguments and last.type.size == 1
    return is_text or f"[{last.type.path}]" in arguments


def _is_behind(owner: Type, field: Field) -> bool:
    """Whether a field begins at the end of the struct's size: an item, for a struct counts."""
    start, end = _extent(field)
    return start >= _end_of_others(owner, field) and end > (owner.size or 0)


def _has_no_room(owner: Type, field: Field) -> bool:
    start, end = _extent(field)
    others = (_extent(other) for other in owner.fields if other is not field)
    return end > (owner.size or 0) or any(low < end and start < high for low, high in others)


def _extent(field: Field) -> tuple[int, int]:
    return field.offset, field.offset + (field.type.strip().size or 0)


def _last_fields(type_: Type) -> Iterator[tuple[Type, Field]]:
    """The last field of a struct, that of its type, and so on, each with its struct."""
    shape = type_.strip()
    for _ in range(_MAX_DEPTH):
        if shape.kind != "struct" or shape.row.variants is not None or not shape.fields:
            return
        last = shape.fields[-1]
        yield shape, last
        shape = last.type.strip()


def _is_text(owner: Value) -> bool:
    """Whether a slice of bytes at the end of a struct is a ``str``.

    The debug information says the same of both, but for the name of a generic argument; of a
    type written in full, only the source tells.
    """
    arguments = parse_type_path(owner.shape.row.name).arguments
    if arguments:
        return "str" in arguments
    return owner.context.program.declared_tail(owner.shape) == "str"


def _tail_offset(value: Value, field: Field, metadata: int) -> int:
    """Return the offset of an unsized tail.

    The tail is after all other fields, aligned for its run-time type.  The debug
    information gives a trait object alignment 1, and that of some compilers gives every
    tail offset 0.
    """
    alignment = _alignment(value, field.type, metadata, field.alignment)
    if _is_packed(value.shape):
        alignment = min(alignment, value.shape.alignment)
    start = max(field.offset, _end_of_others(value.shape, field))
    return -(-start // alignment) * alignment


def _end_of_others(owner: Type, field: Field) -> int:
    ends = [f.offset + (f.type.strip().size or 0) for f in owner.fields if f is not field]
    return max(ends, default=0)


def _alignment(value: Value, type_: Type, metadata: int, stated: int = 1) -> int:
    """Return the run-time alignment of an unsized type, or the own one of any other."""
    if is_trait_object(type_):
        return _vtable_alignment(value, metadata)
    own = max(type_.strip().alignment, stated)
    if not ends_in_trait_object(type_) or _is_packed(type_.strip()):
        return own
    return max(own, _vtable_alignment(value, metadata))


def _is_packed(shape: Type) -> bool:
    """Whether a struct is aligned to less than one of its fields."""
    return any(field.stated_alignment > shape.alignment for field in shape.fields)


def _vtable_size(value: Value, vtable: int) -> int:
    return int.from_bytes(value.context.reader.read(vtable + _VTABLE_SIZE, 8), "little")


def _vtable_alignment(value: Value, vtable: int) -> int:
    data = value.context.reader.read(vtable + _VTABLE_ALIGNMENT, 8)
    alignment = int.from_bytes(data, "little")
    if not 0 < alignment <= _MAX_ALIGNMENT or alignment & (alignment - 1):
        raise UnavailableError(f"implausible vtable at {vtable:#x}: alignment {alignment}")
    return alignment


def _slice_type(element: Type, length: int, name: str) -> Type:
    if name == "str":
        return array_type(PRIMITIVES["u8"], length, "str")
    return array_type(element, length, f"[{element.qualified_name}]")
