"""The environment of a closure or coroutine: what it keeps of the variables around it.

Where its variables are, optimising compilers do not always describe rightly.  The environment's
fields tell what is wrong, and sometimes what is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.symbols.names import path_segments
from crabtrap.values.value_location import Absent, Memory

if TYPE_CHECKING:
    from crabtrap import _core
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Field, Type
    from crabtrap.values.value_location import ValueLocation

BY_REFERENCE = "_ref__"
"""Before a captured variable's name: the environment has a reference to it."""
_POINTER_SIZE = 8

Located = tuple["ValueLocation", int | None]
"""Where a variable is, and the address of the pointer that led there, if one did."""


def is_closure_name(path: str) -> bool:
    """Whether a function of this path is a closure or the body of a coroutine."""
    return path_segments(path)[-1].startswith("{")


def environment_type(code: Function, module: Module) -> Type | None:
    """Return the type of what a closure or coroutine keeps; ``None`` of other functions.

    It is described beside the function, or in a unit that makes one.
    """
    if not is_closure_name(code.name):
        return None
    die = module.image.captures_type(code.die)
    if die is not None:
        return module.types.type(die)
    *scopes, name = path_segments(code.name)
    wanted = "::".join((*scopes, name.replace("#", "_env#", 1)))
    return next((type_ for type_ in module.types.find(wanted) if type_.path == wanted), None)


def captured_fields(code: Function | None, module: Module | None) -> dict[str, Field]:
    """Return the places that a closure has captured, by the names of the environment's fields."""
    type_ = environment_type(code, module) if code is not None and module is not None else None
    if type_ is None:
        return {}
    if type_.cases is not None:  # a coroutine: before its first step it is what it captured
        first = next(iter(type_.cases.cases), None)
        type_ = type_ if first is None else first.type
    return {field.name: field for field in type_.fields}


def relocate_capture(
    frame: Frame, variable: _core.Variable, pieces: tuple[_core.Piece, ...]
) -> Located | None:
    """Find a captured variable that is not where it is said to be; ``None`` where it may be.

    Args:
        frame: A frame of a closure or coroutine.
        variable: One that it keeps in its environment.
        pieces: Where it is said to be.
    """
    if pieces[0].behind is not None:
        return _locate_in_environment(frame, variable, *pieces[0].behind)
    if _is_beside_environment(frame, variable, pieces):
        return Absent("optimised out"), None
    environment = _environment_that_was_followed(frame, variable, pieces[0])
    if environment is None:
        return None
    return _locate_in_environment(frame, variable, *environment)


def _locate_in_environment(
    frame: Frame, variable: _core.Variable, environment: int, offset: int
) -> Located:
    """Locate a variable by its offset in the environment, where its own location leads elsewhere.

    Optimising compilers have followed the pointer to the environment already, and still write
    that it is to be followed; the offset is right.
    """
    fields = frame.captured_fields.values()
    names = {field.name for field in fields if field.offset == offset}
    address = Address(environment + offset)
    if BY_REFERENCE + variable.name not in names:
        return Memory(address), None
    pointer = _read_pointer(frame, address)
    if pointer is None:
        return Absent("the environment cannot be read"), address
    return Memory(Address(pointer)), address


def _is_beside_environment(
    frame: Frame, variable: _core.Variable, pieces: tuple[_core.Piece, ...]
) -> bool:
    """Whether a variable is said to be where it would be if the environment were in registers.

    Where a compiler splits the environment into registers, it may forget to split the variables
    in it as well: they are said to be at their offsets from what the first register has, and
    their parts to be where the registers for the next variables point to.
    """
    base = pieces[0].base
    if len(pieces) == 1 and (base is None or not base[1]):
        return False
    field, by_reference = _field_of(frame, variable)
    if field is None:
        return False
    is_at_offset = base is not None and base[1] == field.offset != 0
    if by_reference:
        return (is_at_offset and pieces[0].kind == "memory") or not _are_adjacent(pieces)
    return is_at_offset and pieces[0].kind == "bytes"


def _environment_that_was_followed(
    frame: Frame, variable: _core.Variable, piece: _core.Piece
) -> tuple[int, int] | None:
    """The environment and an offset in it, where a location takes its beginning for a pointer.

    The variable that the environment begins with tells where that is.
    """
    if piece.kind != "memory":
        return None
    field, _ = _field_of(frame, variable)
    if field is None or not field.offset:
        return None
    first = _first_place(frame)
    if first is None or _read_pointer(frame, first) != piece.address - field.offset:
        return None
    return first, field.offset


def _first_place(frame: Frame) -> Address | None:
    """The address of the captured value that the environment begins with, if it is in memory."""
    fields = frame.captured_fields.values()
    names = {field.name for field in fields if not field.offset}
    for entry in frame.scoped_variables:
        variable = entry.variable
        if variable.name in names and frame.is_capture(entry):
            location, _ = frame.location_and_pointer(variable)
            return location.address if isinstance(location, Memory) else None
    return None


def _field_of(frame: Frame, variable: _core.Variable) -> tuple[Field | None, bool]:
    """The environment's field for a variable, and whether it is a reference to it."""
    fields = frame.captured_fields
    reference = fields.get(BY_REFERENCE + variable.name)
    return reference or fields.get(variable.name), reference is not None


def _are_adjacent(pieces: tuple[_core.Piece, ...]) -> bool:
    """Whether pieces are one behind the other in memory, as those of one variable."""
    end = pieces[0].address
    for piece in pieces if len(pieces) > 1 else ():
        if piece.kind != "memory" or piece.address != end:
            return False
        end += piece.size
    return True


def _read_pointer(frame: Frame, address: int) -> int | None:
    try:
        data = frame.thread.process.target.memory.read(Address(address), _POINTER_SIZE)
    except MemoryFault:
        return None
    return int.from_bytes(data, "little")
