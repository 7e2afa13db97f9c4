"""Return values of functions that have just returned, located by the calling convention.

One scalar is returned in rax (or xmm0), two scalars in rax and rdx (or xmm0 and xmm1, each
class counted separately), any other value of at most one word as an integer in rax, and a
value of more than two words in memory whose address the caller passed in rdi.  How values
in between are returned differs between compilers and is not guessed.

The callee need not preserve rdi nor, unlike in C (System V ABI AMD64, 3.2.3), return the
address in rax.  So the address is found in the caller's code: by the instruction before
the call that set rdi.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.symbols.abi import WORD, Aggregate, Nothing, PassedScalar, PassedScalars, classify
from crabtrap.values.value import Value
from crabtrap.values.value_location import Bytes, Memory, Part, Pieces, Register, ValueLocation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.types import Type

_RAX, _RDX = 0, 1
_XMM0, _XMM1 = 17, 18
_TWO_WORDS = 16
_DEEPEST = 8
_WRITES = r"(?!cmp|test|push|pop|ucomis|comis)\w+"
_ANY_A, _NARROW_A, _ANY_D = "(?:[re]?ax|al|ah)", "(?:e?ax|al)", "(?:[re]?dx|dl|dh)"
_SETS_RESULT = rf"{_WRITES} (?:(?P<sse>xmm0)|[re]ax)\b"
_KEPT_BY_CALLS = frozenset(("rsp", "rbp", "rbx", "r12", "r13", "r14", "r15"))
_SETS_RDI = (
    r"(?P<how>lea|mov) rdi, \[(?P<base>r\w+)(?P<offset>[+-](?:0x[0-9a-f]+|\d))?\]"
    r"|mov rdi, (?P<source>r\w+)"
)
_DESTINATION_RDI = r"\w+ (?:rdi|edi|di|dil)\b"
_DESTINATION = r"(?!cmp|test|push)\w+ (?:\w+ ptr )?(r\w+|\[[^\]]+\])"


def find_return_value(function: Function, frame: Frame) -> Value | None:
    """Find the value that ``function`` has just returned to ``frame``.

    Args:
        function: The function that returned.
        frame: The innermost frame now, stopped at the return address.

    Returns:
        The value, or ``None`` if there is none or its location cannot be determined.
    """
    die = function.module.image.return_type(function.die)
    if die is None:
        return None
    type_ = function.module.types.type(die)
    location = location_in_registers(type_, function)
    if location is not None and may_be_aggregate(type_) and (type_.strip().size or 0) > WORD:
        location = _in_registers_or_memory(function, frame, location)
    elif location is None and (type_.strip().size or 0) > _TWO_WORDS:
        location = _return_buffer(frame)
    return Value(type_, location, frame.context) if location is not None else None


def find_result(function: Function, frame: Frame) -> Value | None:
    """Find what a function has just returned: for the last poll of a coroutine, its result.

    Args:
        function: The function that returned.
        frame: As for ``find_return_value``.
    """
    value = find_return_value(function, frame)
    if value is None or not function.is_coroutine_body or value.shape.cases is None:
        return value
    case, inside = value.variant()
    return inside.fields()[0][1] if case.name == "Ready" else None


def location_in_registers(type_: Type, function: Function) -> ValueLocation | None:
    """Find the registers in which ``function`` returns a value of this type.

    Returns:
        ``None`` if it is in memory, there is no value, or it cannot be determined.
    """
    match classify(type_):
        case PassedScalars((PassedScalar(is_float=True, in_struct=True),)):
            register = _last_result_register(function)
            return None if register is None else Register(register)
        case PassedScalars(parts) if may_be_aggregate(type_) and (type_.strip().size or 0) <= WORD:
            apart = _are_returned_apart(function, _registers(parts))
            return _of_scalars(parts, type_.strip().size or 0) if apart else None
        case PassedScalars(parts) if sum(part.size for part in parts) <= _TWO_WORDS:
            return _of_scalars(parts, type_.strip().size or 0)
        case Aggregate(size) if size <= WORD:
            return Register(_RAX)
        case Nothing() if type_.strip().kind not in ("unit", "never"):
            return Bytes(b"")
        case _:
            return None


def _code_before_returns(function: Function) -> Iterator[Sequence[_core.Instruction]]:
    """Yield, for each return instruction, the code before it, last instruction first."""
    for instructions in _code_of(function):
        for index, each in enumerate(instructions):
            if each.flow == "return":
                yield instructions[:index][::-1]


def _code_of(function: Function) -> Iterator[tuple[_core.Instruction, ...]]:
    """Disassemble a function, range by range."""
    for start, end in function.ranges:
        yield _core.disassemble(function.module.read(start, end - start), start)


def _last_result_register(function: Function, depth: int = 0) -> int | None:
    """Return which of rax and xmm0 is set last before every return, ``None`` if they differ.

    A struct of one float is returned in xmm0, but with ``#[repr(C)]`` as an integer in rax,
    and debug information does not record which of the two it is.
    """
    found = {
        _set_before(function, backwards, depth) for backwards in _code_before_returns(function)
    }
    return found.pop() if len(found) == 1 else None


def _set_before(
    function: Function, backwards: Sequence[_core.Instruction], depth: int
) -> int | None:
    """Return the result register that straight-line code, or a function it calls, sets last."""
    for each in backwards:
        written = re.match(_SETS_RESULT, each.text)
        if written is not None:
            return _XMM0 if written["sse"] else _RAX
        if each.flow != "next":
            callee = function.module.function_at(Address(each.target or 0))
            follows = each.flow == "call" and callee is not None and depth < _DEEPEST
            return _last_result_register(callee, depth + 1) if follows and callee else None
    return None


def _are_returned_apart(function: Function, registers: Sequence[int]) -> bool:
    """Whether two scalars of at most a word together are returned in one register each.

    With a ``#[repr(C)]`` struct in the type they are returned as one integer, which debug
    information does not record.  Then rdx is not set last, and all of rax is set.
    """
    name, written = (_ANY_D, _ANY_D) if _RDX in registers else (_ANY_A, _NARROW_A)
    straight = [
        takewhile(lambda i: i.flow == "next", way) for way in _code_before_returns(function)
    ]
    return bool(straight) and all(_is_set_last(line, name, written) for line in straight)


def _is_set_last(backwards: Iterable[_core.Instruction], name: str, written: str) -> bool:
    """Whether the last use of a register, under the names ``name``, writes ``written``."""
    last = next((each.text for each in backwards if re.search(rf"\b{name}\b", each.text)), "")
    return re.match(rf"{_WRITES} {written}\b", last) is not None


def _in_registers_or_memory(
    function: Function, frame: Frame, registers: ValueLocation
) -> ValueLocation | None:
    """Choose between ``registers`` and memory that rdi points to, for more than one word.

    A function that does not read rdi was not passed such memory, and one without parameters
    reads it for nothing else.  ``None`` where neither applies.
    """
    if not _reads_rdi(function):
        return registers
    image = function.module.image
    has_parameters = any(each.kind == "parameter" for each in image.variables(function.die))
    return None if has_parameters else _return_buffer(frame)


def _reads_rdi(function: Function) -> bool:
    read = (re.sub(r"^(?:mov|lea) rdi,", "", i.text) for code in _code_of(function) for i in code)
    return any(re.search(r"\brdi\b", text) for text in read)


def location_of_two_words(size: int) -> ValueLocation:
    """Return the location of a value of one to two words returned as integers."""
    return Pieces((Part(Register(_RAX), WORD), Part(Register(_RDX), size - WORD)))


def _return_buffer(frame: Frame) -> Memory | None:
    """Find the memory that the caller passed for the result, in the code before the call.

    Only straight-line code is considered: no jump may lead into it, and the register that
    the address was computed from must still have the same value.
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
    """Read the address that the caller saved in its own frame, where no callee writes."""
    raw = frame.thread.process.read_memory(slot, WORD)
    return Address(int.from_bytes(raw, "little"))


def may_be_aggregate(type_: Type) -> bool:
    """Whether a scalar pair would be an aggregate if a struct in it were ``#[repr(C)]``."""
    match classify(type_):
        case PassedScalars((first, second)):
            return first.in_struct or second.in_struct
        case _:
            return False


def _registers(parts: Sequence[PassedScalar]) -> tuple[int, ...]:
    general, floats = [_RAX, _RDX], [_XMM0, _XMM1]
    return tuple((floats if scalar.is_float else general).pop(0) for scalar in parts)


def _of_scalars(parts: tuple[PassedScalar, ...], size: int) -> ValueLocation:
    if len(parts) == 1 and parts[0].size > WORD:
        return location_of_two_words(parts[0].size)
    found: list[Part] = []
    for index, (scalar, register) in enumerate(zip(parts, _registers(parts), strict=True)):
        end = parts[index + 1].offset if index + 1 < len(parts) else size
        found.append(Part(Register(register), scalar.size))
        padding = end - scalar.offset - scalar.size
        if padding > 0:
            found.append(Part(Bytes(bytes(padding)), padding))
    return found[0].location if len(found) == 1 else Pieces(tuple(found))
