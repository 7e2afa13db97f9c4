"""An assembler for GDB agent expressions: operations, labels, and loads of values.

The bytecode is that of the GDB manual's appendix "The GDB Agent Expression Mechanism":
a stack of 64-bit values, constants and jump targets big-endian, memory in the
program's own byte order.
"""

from __future__ import annotations

from collections.abc import Iterable

from crabtrap.errors import UsageError
from crabtrap.records import dataclass

ADD, SUB, MUL = b"\x02", b"\x03", b"\x04"
DIV_SIGNED, DIV_UNSIGNED, REM_SIGNED, REM_UNSIGNED = b"\x05", b"\x06", b"\x07", b"\x08"
SHIFT_LEFT, SHIFT_RIGHT_SIGNED, SHIFT_RIGHT_UNSIGNED = b"\x09", b"\x0a", b"\x0b"
LOG_NOT, BIT_AND, BIT_OR, BIT_XOR, BIT_NOT = b"\x0e", b"\x0f", b"\x10", b"\x11", b"\x12"
EQUAL, LESS_SIGNED, LESS_UNSIGNED = b"\x13", b"\x14", b"\x15"
_EXTEND, _ZERO_EXTEND = 0x16, 0x2A
_REFERENCES = {1: b"\x17", 2: b"\x18", 4: b"\x19", 8: b"\x1a"}
_IF_GOTO, _GOTO = 0x20, 0x21
_CONSTANTS = ((1, 0x22), (2, 0x23), (4, 0x24), (8, 0x25))
_REGISTER = 0x26
END, DUP, POP, SWAP = b"\x27", b"\x28", b"\x29", b"\x2b"
_PICK, _GET, _SET = 0x32, 0x2C, 0x2D

MAX_SIZE = 4096
"""Longest expression in bytes; a longer condition is evaluated by the engine."""

# DWARF numbers rax rdx rcx rbx rsi rdi rbp rsp; target descriptions rax rbx rcx rdx rsi ...
_TARGET_NUMBERS = (0, 3, 2, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)


class NotCompilableError(UsageError):
    """A condition cannot be compiled, so the engine evaluates it; the message says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """A jump target; equal only to itself."""


@dataclass(frozen=True, slots=True)
class Jump:
    """A jump to a label; a conditional one pops a value and jumps where it is not 0."""

    target: Label
    conditional: bool = False


Code = tuple["bytes | Label | Jump", ...]


def new_label() -> Label:
    """Create a label."""
    return Label()


def join(*parts: Code | bytes | Label | Jump) -> Code:
    """Join parts of code in order."""
    items: list[bytes | Label | Jump] = []
    for part in parts:
        items.extend(part if isinstance(part, tuple) else (part,))
    return tuple(items)


def assemble(code: Code) -> bytes:
    """Encode code as bytes, jumps resolved.

    Raises:
        NotCompilableError: It is longer than ``MAX_SIZE``.
    """
    at, locations = 0, dict[Label, list[int]]()
    for item in code:
        if isinstance(item, Label):
            locations.setdefault(item, []).append(at)
        else:
            at += _size(item)
    if at > MAX_SIZE:
        raise NotCompilableError(f"{at} bytes of agent code are too many")
    return b"".join(_encode(code, locations))


def _size(item: bytes | Jump) -> int:
    return len(item) if isinstance(item, bytes) else 3


def _encode(code: Code, locations: dict[Label, list[int]]) -> Iterable[bytes]:
    """Encode the parts of code that take room.

    The same code may be used several times, and its labels with it.  All jumps lead
    forward, so each means the next occurrence of its label.
    """
    at = 0
    for item in code:
        if isinstance(item, bytes):
            yield item
        elif isinstance(item, Jump):
            opcode = _IF_GOTO if item.conditional else _GOTO
            target = next(location for location in locations[item.target] if location > at)
            yield bytes([opcode]) + target.to_bytes(2, "big")
        if not isinstance(item, Label):
            at += _size(item)


def constant(number: int) -> bytes:
    """Push a number of 64 bits, signed or unsigned."""
    bits = number & ((1 << 64) - 1)
    for size, opcode in _CONSTANTS:
        if bits < 1 << 8 * size:
            return bytes([opcode]) + bits.to_bytes(size, "big")
    raise AssertionError("64 bits fit the last form")


def register(dwarf_number: int) -> bytes:
    """Push a general register, given by DWARF number."""
    return bytes([_REGISTER]) + _TARGET_NUMBERS[dwarf_number].to_bytes(2, "big")


def extend(size: int, signed: bool) -> bytes:
    """Make the low ``size`` bytes of the top value all of it."""
    if size == 8:
        return b""
    return bytes([_EXTEND if signed else _ZERO_EXTEND, size * 8])


def pick(depth: int) -> bytes:
    """Push a copy of the value ``depth`` below the top."""
    return bytes([_PICK, depth])


def read_counter(number: int) -> bytes:
    """Push a trace state variable."""
    return bytes([_GET]) + number.to_bytes(2, "big")


def write_counter(number: int) -> bytes:
    """Set a trace state variable to the top value, which stays."""
    return bytes([_SET]) + number.to_bytes(2, "big")


FAULT: bytes = constant(0) + _REFERENCES[1]
"""Read address 0, which fails: the target stops the program, the engine says what is wrong."""


def unless_fault(condition: Code) -> Code:
    """Fault where ``condition`` is 0; leaves nothing on the stack."""
    good = new_label()
    return join(condition, Jump(good, conditional=True), FAULT + POP, good)


def any_register_is(dwarf_numbers: Iterable[int], number: int) -> bytes:
    """Compile a whole condition: one of some general registers has this value."""
    tests = [register(each) + constant(number) + EQUAL for each in dwarf_numbers]
    return b"".join(tests) + BIT_OR * (len(tests) - 1) + END


# -- where a value is stored -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InMemory:
    """At the address that ``base`` pushes, plus ``offset``."""

    base: Code
    offset: int = 0


@dataclass(frozen=True, slots=True)
class InRegister:
    """In a general register (DWARF number), from byte ``offset`` on."""

    number: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """Nowhere in the program: these bytes are the value."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SplitStorage:
    """In several locations, each of so many bytes."""

    parts: tuple[tuple[int, Storage], ...]


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Nowhere, for this reason, which a condition is refused with."""

    reason: str


Storage = InMemory | InRegister | Known | SplitStorage | Nowhere


def narrow(storage: Storage, offset: int, size: int) -> Storage:
    """Return where the ``size`` bytes from ``offset`` on are stored."""
    match storage:
        case InMemory(base, start):
            return InMemory(base, start + offset)
        case InRegister(number, start):
            return InRegister(number, start + offset)
        case Known(data):
            return Known(data[offset : offset + size])
        case SplitStorage(parts):
            at = 0
            for length, inner in parts:
                if at <= offset and offset + size <= at + length:
                    return narrow(inner, offset - at, size)
                at += length
            return Nowhere("it is spread over several locations")
        case Nowhere():
            return storage


def address(storage: Storage) -> Code:
    """Push the address of a value.

    Raises:
        NotCompilableError: It is not in memory.
    """
    if not isinstance(storage, InMemory):
        raise NotCompilableError("it is not in memory")
    if not storage.offset:
        return storage.base
    return join(storage.base, constant(storage.offset), ADD)


def load(storage: Storage, size: int, signed: bool) -> Code:
    """Push a scalar of ``size`` bytes.

    Raises:
        NotCompilableError: It is wider than 64 bits, or stored in no one location.
    """
    if size not in _REFERENCES:
        raise NotCompilableError(f"values of {size} bytes do not fit the bytecode")
    match storage:
        case InMemory():
            extension = extend(size, signed) if signed else b""
            return join(address(storage), _REFERENCES[size], extension)
        case InRegister(number, offset):
            shifted = constant(offset * 8) + SHIFT_RIGHT_UNSIGNED if offset else b""
            return join(register(number) + shifted + extend(size, signed))
        case Known(data):
            return (constant(int.from_bytes(data[:size], "little", signed=signed)),)
        case SplitStorage(parts):
            if parts and parts[0][0] >= size:
                return load(parts[0][1], size, signed)
            raise NotCompilableError("it is spread over several locations")
        case Nowhere(reason):
            raise NotCompilableError(reason)
