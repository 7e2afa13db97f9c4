"""The calling convention of ``extern "Rust"`` on x86-64: registers and stack slots.

Scalars take the registers of the System V ABI (AMD64, 3.2.3) one by one; ``symbols.abi``
determines what is a scalar.  A large result is written to memory whose address the caller
passes in rdi, before all arguments.  ``#[track_caller]`` functions take a ``&Location`` after
them, which debug information does not record: it is always passed, and harmless to all
other functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crabtrap.expr import EvaluationError
from crabtrap.records import dataclass, field
from crabtrap.symbols.abi import (
    WORD,
    Aggregate,
    Nothing,
    PassedScalar,
    PassedScalars,
    Unclear,
    classify,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.address import Address
    from crabtrap.session.calls.scratch import Scratch
    from crabtrap.symbols.types import Type

Returned = Literal["nothing", "registers", "memory"]

_GENERAL = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
_FLOATS = tuple(f"xmm{index}" for index in range(8))
_TWO_WORDS = 16
_STACK_ALIGNMENT = 16


@dataclass(frozen=True, slots=True)
class Argument:
    """A value ready to be passed.

    Attributes:
        name: Name of the parameter, for users.
        type: Type of the parameter.
        data: Bytes of the value, as many as the type has.
    """

    name: str
    type: Type
    data: bytes


@dataclass(slots=True)
class Layout:
    """Registers and stack words of a call.

    Attributes:
        registers: Values by register name; those of SSE registers are 16 bytes.
        stack: Words above the return address, lowest address first.
    """

    registers: dict[str, int | bytes] = field(default_factory=dict[str, "int | bytes"])
    stack: list[int] = field(default_factory=list[int])
    _general: list[str] = field(default_factory=lambda: list(_GENERAL), init=False)
    _floats: list[str] = field(default_factory=lambda: list(_FLOATS), init=False)

    def add_word(self, word: int) -> None:
        """Pass an integer or address."""
        if self._general:
            self.registers[self._general.pop(0)] = word
        else:
            self.stack.append(word)

    def add_float(self, data: bytes) -> None:
        """Pass a float of 4 or 8 bytes."""
        if self._floats:
            self.registers[self._floats.pop(0)] = data.ljust(16, b"\0")
        else:
            self.stack.append(int.from_bytes(data, "little"))

    def add_double_word(self, data: bytes) -> None:
        """Pass a 128-bit integer.

        Raises:
            EvaluationError: One register is left, which some compilers use and others skip.
        """
        words = [int.from_bytes(data[at : at + WORD], "little") for at in (0, WORD)]
        if len(self._general) == 1:
            raise EvaluationError(
                "a 128-bit number with one register left: compilers differ in passing it"
            )
        if not self._general and len(self.stack) % 2:
            self.stack.append(0)  # 128-bit integers are aligned to 16 bytes
        for word in words:
            self.add_word(word)

    def add(self, argument: Argument, scratch: Scratch) -> None:
        """Pass an argument in the way that its type requires.

        Raises:
            EvaluationError: How it is passed cannot be derived from its type.
        """
        data = argument.data
        match classify(argument.type):
            case Nothing():
                pass
            case PassedScalars(parts):
                for part in parts:
                    self._add_scalar(part, data[part.offset : part.offset + part.size])
            case Aggregate(size) if size <= WORD:
                self.add_word(int.from_bytes(data, "little"))
            case Aggregate():
                self.add_word(scratch.put(data, max(argument.type.strip().alignment, WORD)))
            case Unclear(reason):
                raise EvaluationError(f"{argument.name} cannot be passed: {reason}")

    def _add_scalar(self, scalar: PassedScalar, data: bytes) -> None:
        if scalar.is_float:
            self.add_float(data)
        elif scalar.size > WORD:
            self.add_double_word(data)
        else:
            # Some callees expect the value zero- or sign-extended to the whole register.
            number = int.from_bytes(data, "little", signed=scalar.is_signed)
            self.add_word(number & ((1 << 64) - 1))


def lay_out(
    arguments: Sequence[Argument], scratch: Scratch, result: Address | None, location: Address
) -> Layout:
    """Assign registers and stack words to all arguments.

    Args:
        arguments: Arguments in the order of the parameters.
        scratch: Memory for values that are passed by address.
        result: Memory for a result that is returned there, else ``None``.
        location: A ``core::panic::Location``, for ``#[track_caller]`` functions.

    Raises:
        EvaluationError: How an argument is passed is not known.
    """
    layout = Layout()
    if result is not None:
        layout.add_word(result)
    for argument in arguments:
        layout.add(argument, scratch)
    layout.add_word(location)
    return layout


def ways_to_return(type_: Type | None) -> tuple[Returned, ...]:
    """Return the ways in which a result may be returned, the most likely first.

    Aggregates of more than one word and at most two are returned in memory by some
    compilers and in registers by others.

    Raises:
        EvaluationError: It cannot be derived from the type.
    """
    if type_ is None:
        return ("nothing",)
    match classify(type_):
        case Nothing():
            return ("nothing",)
        case PassedScalars(parts) if sum(part.size for part in parts) <= _TWO_WORDS:
            return ("registers",)
        case Aggregate(size) if size <= WORD:
            return ("registers",)
        case Aggregate(size) if size <= _TWO_WORDS:
            return ("memory", "registers")
        case Unclear(reason):
            raise EvaluationError(f"how its result is returned is not known: {reason}")
        case _:
            return ("memory",)


def entry_stack(scratch: Scratch, layout: Layout, return_address: Address) -> Address:
    """Put return address and stack arguments, and return the stack pointer at the entry.

    Its value plus 8 is a multiple of 16 (System V ABI AMD64, 3.2.2).
    """
    words = [int(return_address), *layout.stack]
    size = len(words) * WORD
    size += (WORD - size) % _STACK_ALIGNMENT
    data = b"".join(word.to_bytes(WORD, "little") for word in words).ljust(size, b"\0")
    scratch.reserve(0, _STACK_ALIGNMENT)
    return scratch.put(data, WORD)
