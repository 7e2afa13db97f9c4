"""What a function returned, right after it did, by the calling convention.

Rust's own convention is not fixed, but these parts of it have been the same in every
compiler met so far and follow from LLVM's x86-64 lowering: one scalar comes in rax (or
xmm0), two scalars in rax and rdx (or xmm0 and xmm1, each kind counted for itself), any
other aggregate of at most one word as an integer in rax, and what is larger than two
words in memory that the caller has named in rdi.  What lies in between differs between
compilers and is not guessed.

The callee need not keep rdi nor return it, so the address is found in the caller's own
code: the instruction before the call that set rdi.

An enum counts as its tag and payload where every variant has at most one scalar, all of
the same kind in the same place; with the tag in a niche it counts as its payload.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.records import dataclass
from crabtrap.values.place import Bytes, Memory, Part, Pieces, Place, Register
from crabtrap.values.value import Value

if TYPE_CHECKING:
    from crabtrap.engine.frame import Frame
    from crabtrap.symbols.code import Function
    from crabtrap.symbols.types import Cases, Type

_RAX, _RDX = 0, 1
_XMM0, _XMM1 = 17, 18
_WORD = 8
_TWO_WORDS = 16
_PAIR = 2
_KEPT_BY_CALLS = frozenset(("rsp", "rbp", "rbx", "r12", "r13", "r14", "r15"))
_SETS_RDI = (
    r"(?P<how>lea|mov) rdi, \[(?P<base>r\w+)(?P<offset>[+-](?:0x[0-9a-f]+|\d))?\]"
    r"|mov rdi, (?P<source>r\w+)"
)
_DESTINATION_RDI = r"\w+ (?:rdi|edi|di|dil)\b"
_DESTINATION = r"(?!cmp|test|push)\w+ (?:\w+ ptr )?(r\w+|\[[^\]]+\])"
_SCALARS = ("base", "pointer", "reference")


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One scalar of a type: where in it, how large, and in which kind of register."""

    offset: int
    size: int
    is_float: bool

    def overlaps(self, other: _Leaf) -> bool:
        """Whether the two share a byte."""
        return self.offset < other.offset + other.size and other.offset < self.offset + self.size


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
    place = _place_of(type_)
    if place is None and (type_.strip().size or 0) > _TWO_WORDS:
        place = _named_by_caller(frame)
    return Value(type_, place, frame.context) if place is not None else None


def _place_of(type_: Type) -> Place | None:
    shape = type_.strip()
    size = shape.size
    if size is None or shape.kind in ("unit", "never"):
        return None
    if size == 0:
        return Bytes(b"")
    leaves = _leaves(shape, 0)
    if leaves is not None and len(leaves) == 1 and leaves[0].size == size:
        return Register(_XMM0 if leaves[0].is_float else _RAX)
    if leaves is not None and _is_pair(leaves, size):
        return _pair(leaves, size)
    if size <= _WORD:
        return Register(_RAX) if shape.kind != "union" else None
    return None


def _named_by_caller(frame: Frame) -> Memory | None:
    """The memory the caller gave for the result, from the code before the return address.

    Only a straight line of code is believed: nothing may jump in between, and the
    register the address was made of must still hold what it held.
    """
    code = frame.code
    module = frame.loaded_module
    if code is None or module is None:
        return None
    start = next((start for start, end in code.ranges if start < frame.pc <= end), frame.pc)
    before = module.image.read(module.file_address(start), frame.pc - start)
    instructions = _core.disassemble(before, start)
    targets = {each.target for each in instructions if each.flow in ("jump", "conditional")}
    changed: set[str] = set()
    for each in reversed(instructions[:-1]):
        found = re.fullmatch(_SETS_RDI, each.text)
        if found is not None:
            base = found["base"] or found["source"]
            value = frame.registers().get(base)
            slot = f"[{base}{found['offset'] or ''}]"
            if value is None or base not in _KEPT_BY_CALLS or changed & {base, slot}:
                return None
            address = Address(value + int(found["offset"] or "0", 0))
            return Memory(_saved_address(frame, address) if found["how"] == "mov" else address)
        if each.flow != "next" or each.address in targets or re.match(_DESTINATION_RDI, each.text):
            return None
        written = re.match(_DESTINATION, each.text)
        if written is not None:
            changed.add(written[1])
    return None


def _saved_address(frame: Frame, slot: Address) -> Address:
    """The address the caller keeps in its own frame: its callees do not write there."""
    raw = frame.thread.process.read_memory(slot, _WORD)
    return Address(int.from_bytes(raw, "little"))


def _pair(leaves: list[_Leaf], size: int) -> Place:
    general, floats = [_RAX, _RDX], [_XMM0, _XMM1]
    parts: list[Part] = []
    for index, leaf in enumerate(leaves):
        register = (floats if leaf.is_float else general).pop(0)
        end = leaves[index + 1].offset if index + 1 < len(leaves) else size
        parts.append(Part(Register(register), leaf.size))
        padding = end - leaf.offset - leaf.size
        if padding > 0:
            parts.append(Part(Bytes(bytes(padding)), padding))
    return Pieces(tuple(parts))


def _is_pair(leaves: list[_Leaf], size: int) -> bool:
    return len(leaves) == _PAIR and size <= _TWO_WORDS and leaves[0].offset == 0


def _leaves(type_: Type, offset: int) -> list[_Leaf] | None:
    """The scalars a type is made of, by offset.

    ``None`` for unions, arrays and anything whose scalars are not plain to see.
    """
    shape = type_.strip()
    size = shape.size
    if shape.cases is not None:
        return _enum_leaves(shape.cases, offset)
    if shape.kind in _SCALARS and size is not None and size <= _WORD:
        return [_Leaf(offset, size, shape.row.encoding == "float")]
    if shape.kind == "enum" and size:
        return [_Leaf(offset, size, is_float=False)]
    if shape.kind != "struct" and shape.kind not in _SCALARS:
        return [] if size == 0 else None
    if not shape.fields and size:
        return None
    return _field_leaves(shape, offset)


def _field_leaves(shape: Type, offset: int) -> list[_Leaf] | None:
    found: list[_Leaf] = []
    for field in shape.fields:
        inner = _leaves(field.type, offset + field.offset)
        if inner is None:
            return None
        found.extend(inner)
    return sorted(found, key=lambda leaf: leaf.offset)


def _enum_leaves(cases: Cases, offset: int) -> list[_Leaf] | None:
    payloads: list[list[_Leaf]] = []
    for case in cases.cases:
        # A variant has the size of the whole enum, whatever fields it has.
        inner = _field_leaves(case.type.strip(), offset + case.offset)
        if inner is None:
            return None
        if inner:
            payloads.append(inner)
    if cases.discriminant is None:
        return payloads[0] if payloads else []
    size = cases.discriminant.type.strip().size or 0
    tag = _Leaf(offset + cases.discriminant.offset, size, is_float=False)
    if any(leaf.overlaps(tag) for payload in payloads for leaf in payload):
        return payloads[0] if len(payloads) == 1 else None
    if not payloads:
        return [tag]
    first = payloads[0]
    if len(first) != 1 or any(payload != first for payload in payloads):
        return None
    return sorted([tag, *first], key=lambda leaf: leaf.offset)
