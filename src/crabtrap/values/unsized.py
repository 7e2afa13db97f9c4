"""Wide pointers: to slices, ``str``, trait objects, and structs that end in one of them.

rustc describes a wide pointer as a struct of two fields.  In the debug information of
``RcInner<[T]>`` the last field has the type of one *element*, and in ``RcInner<dyn Trait>``
that of an empty ``dyn Trait``; the length or vtable in the pointer's second field is needed
to read either.
"""

from __future__ import annotations

import re
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
    shorten_name,
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
_MAX_ALIGNMENT = 1 << 29
_VTABLE_ALIGNMENT = 16
"""Offset of the alignment in every vtable, after the drop function and the size."""


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
    found = value.context.program.vtable_type(Address(vtable))
    if found is None:
        guess = _type_by_code(value, vtable)
        likely = f", probably {guess}" if guess else ""
        reason = (
            f"concrete type unknown{likely}: no debug information for the vtable at {vtable:#x}"
        )
        return value.elsewhere(value.type, Absent(reason))
    return value.at(found, 0)


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
            return shorten_name(match.group(1) or match.group(2))
    return ""


def tail(value: Value, field: Field, metadata: int) -> Value:
    """Return the last field of an unsized struct."""
    if is_trait_object(field.type):
        offset = _tail_offset(value, field, _vtable_alignment(value, metadata))
        return concrete(value.at(field.type, offset), metadata)
    offset = _tail_offset(value, field, field.type.alignment)
    element = f"[{field.type.path}]"
    arguments = parse_type_path(value.shape.row.name).arguments
    if element in arguments or field.type.strip().kind not in ("struct", "union"):
        is_text = "str" in arguments and field.type.size == 1
        slice_ = _slice_type(field.type, metadata, "str" if is_text else element)
        return value.at(slice_, offset)
    return value.at(field.type, offset, metadata)


def _tail_offset(value: Value, field: Field, alignment: int) -> int:
    """Return the offset of an unsized tail.

    The tail is after all other fields, aligned for its run-time type.  The debug
    information gives a trait object alignment 1, and that of some compilers gives every
    tail offset 0.
    """
    ends = [f.offset + (f.type.strip().size or 0) for f in value.shape.fields if f is not field]
    offset = max([field.offset, *ends])
    return -(-offset // alignment) * alignment


def _vtable_alignment(value: Value, vtable: int) -> int:
    data = value.context.reader.read(vtable + _VTABLE_ALIGNMENT, 8)
    alignment = int.from_bytes(data, "little")
    if not 0 < alignment <= _MAX_ALIGNMENT or alignment & (alignment - 1):
        raise UnavailableError(f"implausible vtable at {vtable:#x}: alignment {alignment}")
    return alignment


def _slice_type(element: Type, length: int, name: str) -> Type:
    if name == "str":
        return array_type(PRIMITIVES["u8"], length, "str")
    return array_type(element, length, f"[{element.name}]")
