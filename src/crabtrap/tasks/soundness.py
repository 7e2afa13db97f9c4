"""Whether bytes may be a value of a type: for places that nothing is known of but their type.

What the compiler guarantees of every value is checked: a ``bool`` is 0 or 1, an enum has one of
its variants, a reference and a ``Box`` lead to a value in memory, which is checked in turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import CrabtrapError
from crabtrap.present.structural import is_coroutine
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.values import Invalid, Value
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.tasks.futures import Await

_DEPTH = 10
_POINTERS = 3
_MOST_ITEMS = 8
_NON_NULL = "core::ptr::non_null::NonNull"
_PAGE = 1 << 12
"""Below it is nothing: what points there dangles, as that of an empty vector."""


def is_sound_wait(level: Await, process: Process) -> bool:
    """Whether a future may wait as it was decoded: each in it was polled and is whole."""
    if level.problem or level.state != "suspended":
        return False
    if not level.is_coroutine:
        return is_sound(level.value, process)
    kept = (one.value for one in level.variables if one.kind != "argument")
    children = (child for _, child in level.children)
    return all(is_sound(value, process) for value in kept) and all(
        is_sound_wait(child, process) for child in children
    )


def is_sound(value: Value, process: Process) -> bool:
    """Whether what is there may be a value of its type; what cannot be read is none."""
    try:
        return _is_sound(value, process, _DEPTH, _POINTERS)
    except CrabtrapError as error:
        why_unreadable(error)
        return False


def _is_sound(value: Value, process: Process, depth: int, pointers: int) -> bool:
    shape = value.shape
    if depth < 0:
        return True
    if value.is_pointer:
        return _is_sound_pointer(value, process, depth, pointers)
    if shape.cases is not None:
        case = value.case()
        if isinstance(case, Invalid):
            return False
        inside = value.at(case.type, case.offset)
        if is_coroutine(shape):
            return True
        return all(
            _is_sound(inside.at_field(field), process, depth - 1, pointers)
            for field in case.type.fields
        )
    match shape.kind:
        case "base" | "enum":
            return not isinstance(value.decoded(), Invalid)
        case "struct":
            return _is_sound_struct(value, process, depth, pointers)
        case "array":
            count = min(shape.row.count or 0, _MOST_ITEMS)
            items = (value.index(index) for index in range(count))
            return all(_is_sound(item, process, depth - 1, pointers) for item in items)
        case _:
            return True


def _is_sound_struct(value: Value, process: Process, depth: int, pointers: int) -> bool:
    fields = value.shape.fields
    if parse_type_path(value.shape.path).head == _NON_NULL and fields:
        pointer = value.at_field(fields[0])
        if not pointer.is_pointer:
            return True
        address = int(pointer.pointer_address())
        if address < _PAGE or address + 1 == 1 << 64:  # dangling: no value was stored there yet
            return address != 0
        return _leads_to_value(pointer, address, process, depth, pointers)
    return all(_is_sound(value.at_field(field), process, depth - 1, pointers) for field in fields)


def _is_sound_pointer(value: Value, process: Process, depth: int, pointers: int) -> bool:
    name = value.shape.row.name
    if name.startswith("*"):
        return True  # a raw pointer promises nothing
    address = int(value.pointer_address())
    if not address:
        return False
    if value.shape.points_to_code:
        module = process.modules.find(Address(address))
        return module is not None
    return _leads_to_value(value, address, process, depth, pointers)


def _leads_to_value(
    pointer: Value, address: int, process: Process, depth: int, pointers: int
) -> bool:
    target = pointer.shape.target
    alignment = max(target.alignment, 1) if target is not None else 1
    if process.is_mapped(Address(address), 1) is False or address % alignment:
        return False
    if target is None or not pointers or not target.strip().size:
        return True
    return _is_sound(pointer.deref(), process, depth - 1, pointers - 1)
