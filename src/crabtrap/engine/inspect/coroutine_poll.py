"""What a poll of a coroutine left behind: locals that were not kept over an await.

The body of an async function is called anew for each poll, with a new stack frame.  Variables
that are used after an await live in the coroutine; others stay in the frame, and after a poll
that was resumed at an await their places hold what happened to be on the stack.  The state in
the coroutine tells where the present poll began; a local in the frame has a value where
every way from there to the pc gives it one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.engine.inspect.coroutines import find_environment, read_case
from crabtrap.engine.inspect.environments import environment_type
from crabtrap.engine.inspect.frame_slots import Slot, find_slots, physical_function
from crabtrap.records import dataclass
from crabtrap.symbols.names import path_segments
from crabtrap.symbols.poll_states import read_code, state_entry

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.types import Case, Type

_FIRST_STATE = "Unresumed"


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Locals of a coroutine's frame whose places date from before the present poll.

    Attributes:
        stale: Their entries.
        untouched: Those of them that were set once and then left alone, so that what they
            were set from tells their value.
    """

    stale: frozenset[int] = frozenset()
    untouched: frozenset[int] = frozenset()


def find_leftovers(frame: Frame) -> Leftovers:
    """Find the locals in the frame that have no value of the present poll."""
    code, module = frame.code, frame.loaded_module
    type_ = environment_type(code, module) if code is not None and module is not None else None
    if type_ is None or type_.cases is None:
        return Leftovers()
    state = _state(frame, type_)
    if state is not None and state.name == _FIRST_STATE:
        return Leftovers()
    function, slots = physical_function(frame), find_slots(frame)
    instructions = read_code(function) if function is not None and slots else None
    if function is None or instructions is None:
        return Leftovers(frozenset(slot.variable.die for slot in slots))
    start = _start(function, instructions, state) if not frame.inlined else None
    return _compare(slots, instructions, int(start or function.entry), int(frame.pc))


def _compare(slots: tuple[Slot, ...], code: _core.FunctionCode, start: int, pc: int) -> Leftovers:
    places = [(slot.start, slot.end) for slot in slots]
    found = _core.is_accessed_between(code, start, pc, places)
    set_now = found or [False] * len(slots)
    stale = [slot for slot, is_set in zip(slots, set_now, strict=True) if not is_set]
    uses = _core.accesses_before(code, pc, [((s.start, s.end), ()) for s in stale], exact=True)
    counts = [len(every) for every, _ in uses] if uses is not None else [0] * len(stale)
    return Leftovers(
        frozenset(slot.variable.die for slot in stale),
        frozenset(s.variable.die for s, uses in zip(stale, counts, strict=True) if uses == 1),
    )


# -- the coroutine ------------------------------------------------------------------------------
def _state(frame: Frame, type_: Type) -> Case | None:
    """The state that the present poll began in; ``None`` where the coroutine is not found."""
    address = find_environment(frame, type_)
    return None if address is None else read_case(type_, address, frame.context)


# -- where the poll began -------------------------------------------------------------------------
def _start(function: Function, code: _core.FunctionCode, state: Case | None) -> int | None:
    """The instruction at which a poll in this state leaves the head of the function."""
    if state is None or len(state.discriminants) != 1:
        return None
    number, _ = state.discriminants[0]
    return state_entry(function, code, number)


# -- what is kept all the same ------------------------------------------------------------------
def argument_kept(frame: Frame, die: int) -> _core.Variable | None:
    """Find the argument of an async function that a local was set from, in the coroutine.

    Returns:
        ``None`` where that does not tell what the local was: it was moved away with what it
        owns, or it is no argument.
    """
    name = path_segments(frame.code.name)[-1] if frame.code is not None else ""
    if not name.startswith("{async_fn"):
        return None
    entry = next(one for one in frame.scoped_variables if one.variable.die == die)
    same = [one for one in frame.scoped_variables if one.is_declared_with(entry)]
    first, *rest = sorted(same, key=lambda one: one.variable.depth)
    if not rest or rest[0] is not entry or not frame.is_capture(first):
        return None
    return first.variable if _is_copied(frame.type_of(first.variable).strip()) else None


def _is_copied(shape: Type) -> bool:
    """Whether a value owns nothing, as far as its fields tell: then its bits stay valid."""
    return shape.name.startswith("*") or owns_nothing(shape)


def owns_nothing(shape: Type) -> bool:
    """Whether a value of a type owns nothing, as far as its fields tell."""
    match shape.kind:
        case "base" | "enum" if shape.cases is None:
            return True
        case "array":
            return shape.target is not None and owns_nothing(shape.target.strip())
        case _ if shape.name.startswith("&"):
            return True
        case "struct" | "enum":
            cases = shape.cases.cases if shape.cases is not None else ()
            parts = (*shape.fields, *(field for case in cases for field in case.type.fields))
            return all(owns_nothing(field.type.strip()) for field in parts)
        case _:
            return False
