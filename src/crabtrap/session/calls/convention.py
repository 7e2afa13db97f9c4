"""Which register or stack slot each argument goes to: ``extern "Rust"`` on x86-64.

Scalars take the registers of the System V ABI (AMD64, 3.2.3) one by one; what counts as a
scalar is ``symbols.passing``'s to say.  A large result is written to memory that the caller
names in rdi, before all arguments.  ``#[track_caller]`` functions take a ``&Location`` behind
them, which no debug information tells: it is always there, and harmless to all others.
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
        name: Of the parameter, for people.
        type: Of the parameter.
        data: Its bytes, as long as the type is.
    """

    name: str
    type: Type
    data: bytes


@dataclass(slots=True)
class Layout:
    """Where everything goes.

    Attributes:
        registers: Values by register name; SSE registers as their 16 bytes.
        stack: Words above the return address.
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
            EvaluationError: One register is left, which compilers use or leave.
        """
        words = [int.from_bytes(data[at : at + WORD], "little") for at in (0, WORD)]
        if len(self._general) == 1:
            raise EvaluationError(
                "a 128-bit number with one register left: compilers differ in passing it"
            )
        if not self._general and len(self.stack) % 2:
            self.stack.append(0)  # it is aligned to 16 bytes
        for word in words:
            self.add_word(word)

    def add(self, argument: Argument, scratch: Scratch) -> None:
        """Pass an argument as its type says.

        Raises:
            EvaluationError: It does not say.
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
            # Some callees expect the upper bits to be filled as the type says.
            number = int.from_bytes(data, "little", signed=scalar.is_signed)
            self.add_word(number & ((1 << 64) - 1))


def lay_out(
    arguments: Sequence[Argument], scratch: Scratch, result: Address | None, location: Address
) -> Layout:
    """Place all arguments.

    Args:
        arguments: In the order of the parameters.
        scratch: Takes what is passed by address.
        result: Memory for a result that is returned there.
        location: A ``core::panic::Location``, for functions that ask for their caller's.

    Raises:
        EvaluationError: How one is passed is not known.
    """
    layout = Layout()
    if result is not None:
        layout.add_word(result)
    for argument in arguments:
        layout.add(argument, scratch)
    layout.add_word(location)
    return layout


def ways_to_return(type_: Type | None) -> tuple[Returned, ...]:
    """How a result may come back, the likeliest first.

    Aggregates of more than one word and at most two, and pairs of more than two words, are
    returned in memory by some compilers and in registers by others.
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
            raise EvaluationError(f"what it returns cannot be told: {reason}")
        case _:
            return ("memory",)


def entry_stack(scratch: Scratch, layout: Layout, return_address: Address) -> Address:
    """Put return address and stack arguments; the stack pointer at the function's entry.

    Its value plus 8 is a multiple of 16 (System V ABI AMD64, 3.2.2).
    """
    words = [int(return_address), *layout.stack]
    size = len(words) * WORD
    size += (WORD - size) % _STACK_ALIGNMENT
    data = b"".join(word.to_bytes(WORD, "little") for word in words).ljust(size, b"\0")
    scratch.reserve(0, _STACK_ALIGNMENT)
    return scratch.put(data, WORD)
