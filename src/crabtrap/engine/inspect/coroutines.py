"""Coroutines at work: which instance of an async function or block a frame polls.

The body of an async function is called anew for each poll, perhaps by another thread, with
what it keeps in an environment that does not move any more.  An instance is known by the
address of that and by what polls it, until it has ended: then another of the same function
may take its place.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from crabtrap.address import Address
from crabtrap.engine.inspect.environments import BY_REFERENCE, environment_type
from crabtrap.errors import CrabtrapError
from crabtrap.records import dataclass
from crabtrap.values.decode import Invalid, why_unreadable
from crabtrap.values.value import Value
from crabtrap.values.value_location import Memory

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.types import Case, Type
    from crabtrap.target.interface import Target
    from crabtrap.values.value_context import ValueContext

_POINTER_SIZE = 8
_FIRST_STATE = "Unresumed"
_PINNED = "core::pin::Pin<&mut "
_STATES: dict[str, CoroutineState] = {
    "Unresumed": "not started",
    "Returned": "returned",
    "Panicked": "panicked",
}

CoroutineState = Literal["not started", "suspended", "returned", "panicked", "unknown"]


@dataclass(frozen=True, slots=True)
class Coroutine:
    """One call of an async function or block, which a thread is polling.

    Attributes:
        function: Its body: a function, or an instance inlined into what awaits it.
        address: Its environment.
        type: The type of that, with a case for each state.
    """

    function: Function
    address: Address
    type: Type

    @property
    def tag(self) -> tuple[Address, int]:
        """Address and size of what tells its state, which every poll and the drop read."""
        assert self.type.cases is not None
        field = self.type.cases.discriminant
        assert field is not None  # a coroutine has three states at least
        return Address(self.address + field.offset), field.type.strip().size or 1

    def number(self, target: Target) -> int:
        """Read the number of its state; during a poll that is the state before.

        Raises:
            MemoryFault: Its memory is no longer mapped.
        """
        address, size = self.tag
        return int.from_bytes(target.read_memory(address, size), "little")

    def state(self, target: Target) -> CoroutineState:
        """Read its state; during a poll that is the state before.

        Raises:
            MemoryFault: Its memory is no longer mapped.
        """
        case = self._case(target)
        return "unknown" if case is None else _STATES.get(case.name, "suspended")

    def position(self, target: Target) -> tuple[str, int]:
        """Read path and line of the await at which it is suspended, in a macro perhaps.

        Raises:
            MemoryFault: Its memory is no longer mapped.
        """
        case = self._case(target)
        return ("", 0) if case is None else (case.path or "", case.line)

    def _case(self, target: Target) -> Case | None:
        number = self.number(target)
        assert self.type.cases is not None
        for case in self.type.cases.cases:
            if any(low <= number <= high for low, high in case.discriminants):
                return case
        return None


def find_coroutine(frame: Frame) -> Coroutine | None:
    """Find the coroutine whose body a frame is; ``None`` for others, and where it is lost."""
    code, module = frame.code, frame.loaded_module
    type_ = environment_type(code, module) if code is not None and module is not None else None
    if code is None or type_ is None or type_.cases is None:
        return None
    address = find_environment(frame, type_)
    return None if address is None else Coroutine(code, address, type_)


def find_environment(frame: Frame, type_: Type) -> Address | None:
    """Find the environment of a coroutine's frame: by its argument, else by its variables.

    Older compilers (1.85) do not describe the argument.
    """
    for address in (_by_argument(frame), _by_variables(frame, type_)):
        if address is not None:
            case = read_case(type_, address, frame.context)
            if case is not None and case.name not in ("Returned", "Panicked"):
                return address
    return None


def read_case(type_: Type, address: Address, context: ValueContext) -> Case | None:
    """Read which state a coroutine is in; ``None`` where there is none at the address."""
    try:
        case = Value(type_, Memory(address), context).case()
    except CrabtrapError as error:
        why_unreadable(error)
        return None
    return None if isinstance(case, Invalid) else case


def _by_argument(frame: Frame) -> Address | None:
    """What the body was called with: its first parameter, which has no name in the source."""
    for entry in frame.scoped_variables:
        variable = entry.variable
        if entry.kind == "parameter" and not entry.name and variable.has_location:
            if not frame.type_of(variable).path.startswith(_PINNED):
                return None  # an older compiler: the parameter is the context
            location, _ = frame.location_and_pointer(variable)
            try:
                data = Value(frame.type_of(variable), location, frame.context).read_bytes()
            except CrabtrapError as error:
                why_unreadable(error)
                return None
            return Address(int.from_bytes(data, "little")) if len(data) == _POINTER_SIZE else None
    return None


def _by_variables(frame: Frame, type_: Type) -> Address | None:
    """Where most of the variables say that are in the environment.

    Of two variables of one name the compiler may describe one alone.
    """
    captured, kept = _offsets(type_)
    votes: Counter[int] = Counter()
    for entry in frame.scoped_variables:
        variable = entry.variable
        if not variable.has_location or variable.in_slot:
            continue
        offsets = captured if frame.is_capture(entry) else kept
        location, pointer = frame.location_and_pointer(variable)
        found: set[int] = set()
        if isinstance(location, Memory):
            found = {location.address - offset for offset in offsets.get(entry.name, ())}
        if pointer is not None:
            found |= {pointer - offset for offset in offsets.get(BY_REFERENCE + entry.name, ())}
        votes.update(found)
    best = [address for address, count in votes.items() if count == max(votes.values())]
    return Address(best[0]) if len(best) == 1 else None


_Offsets = dict[str, set[int]]


def _offsets(type_: Type) -> tuple[_Offsets, _Offsets]:
    """Offsets by name of what a coroutine has captured, and of what it keeps over awaits."""
    captured: _Offsets = {}
    kept: _Offsets = {}
    assert type_.cases is not None  # so says the caller
    for case in type_.cases.cases:
        for field in case.type.fields:
            offset = case.offset + field.offset
            if case.name == _FIRST_STATE:
                captured.setdefault(field.name, set()).add(offset)
            elif offset not in captured.get(field.name, ()):
                kept.setdefault(field.name, set()).add(offset)
    return captured, kept
