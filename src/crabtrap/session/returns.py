"""What a function returned, right after it did, by the calling convention.

Rust's own convention is not fixed, but these parts of it have been the same in every
compiler met so far and follow from LLVM's x86-64 lowering: one scalar comes in rax (or
xmm0), two scalars in rax and rdx (or xmm0 and xmm1, each kind counted for itself), and
what is larger than two words in memory whose address comes back in rax.  What lies in
between differs between compilers and is not guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.values.place import Bytes, Memory, Part, Pieces, Place, Register
from crabtrap.values.value import Value

if TYPE_CHECKING:
    from crabtrap.engine.frame import Frame
    from crabtrap.symbols.code import Function
    from crabtrap.symbols.types import Type

_RAX, _RDX = 0, 1
_XMM0, _XMM1 = 17, 18
_WORD = 8
_TWO_WORDS = 16
_SCALARS = ("base", "pointer", "reference")


def find_return_value(function: Function, frame: Frame) -> Value | None:
    """The value ``function`` has just returned to ``frame``.

    Args:
        function: The function that returned.
        frame: The innermost frame now, stopped at the return address.

    Returns:
        The value, or ``None`` where there is none or where it is cannot be told.
    """
    die = function.module.image.return_type(function.die)
    if die is None:
        return None
    type_ = function.module.types.type(die)
    rax = frame.physical.registers[_RAX]
    place = _place_of(type_, rax)
    return Value(type_, place, frame.context) if place is not None else None


def _place_of(type_: Type, rax: int | None) -> Place | None:
    shape = type_.strip()
    size = shape.size
    if size is None or shape.kind in ("unit", "never"):
        return None
    if size == 0:
        return Bytes(b"")
    leaves = _leaves(shape, 0)
    if leaves is not None and len(leaves) == 1 and leaves[0][1] == size:
        return Register(_XMM0 if _is_float(leaves[0][2]) else _RAX) if size <= _WORD else None
    if leaves is not None and _is_pair(leaves, size):
        return _pair(leaves, size)
    if size > _TWO_WORDS and rax is not None:
        return Memory(Address(rax))
    return None


def _pair(leaves: list[tuple[int, int, Type]], size: int) -> Place:
    general, floats = [_RAX, _RDX], [_XMM0, _XMM1]
    parts: list[Part] = []
    for index, (offset, width, type_) in enumerate(leaves):
        register = (floats if _is_float(type_) else general).pop(0)
        end = leaves[index + 1][0] if index + 1 < len(leaves) else size
        parts.append(Part(Register(register), width))
        if end > offset + width:
            parts.append(Part(Bytes(bytes(end - offset - width)), end - offset - width))
    return Pieces(tuple(parts))


def _is_pair(leaves: list[tuple[int, int, Type]], size: int) -> bool:
    pair = 2
    return len(leaves) == pair and size <= _TWO_WORDS and leaves[0][0] == 0


def _leaves(type_: Type, offset: int) -> list[tuple[int, int, Type]] | None:
    """``(offset, size, type)`` of the scalars a type is made of, by offset.

    ``None`` for unions, enums and anything whose scalars are not plain to see.
    """
    shape = type_.strip()
    if shape.kind in _SCALARS and shape.size is not None and shape.size <= _WORD:
        return [(offset, shape.size, shape)]
    if shape.kind == "enum" and shape.cases is None and shape.size:
        return [(offset, shape.size, shape)]
    if shape.kind != "struct" and shape.kind not in _SCALARS:
        return None
    if shape.cases is not None or not shape.fields:
        return None if shape.cases is not None or shape.size else []
    found: list[tuple[int, int, Type]] = []
    for field in shape.fields:
        inner = _leaves(field.type, offset + field.offset)
        if inner is None:
            return None
        found.extend(inner)
    return sorted(found, key=lambda leaf: leaf[0])


def _is_float(type_: Type) -> bool:
    return type_.strip().row.encoding == "float"
