"""Rules for locks, atomics and ``Once`` and its like, with their state."""

from __future__ import annotations

from crabtrap.present.containers.plausible import is_readable
from crabtrap.present.field_paths import find_part, part, peel, peel_to_type
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Custom, short_name
from crabtrap.present.view import ScalarView, View, WrapperView
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import UnavailableError, Value

_READERS = (1 << 30) - 1
"""Low bits of the futex RwLock: number of readers, all ones while write-locked."""


def _poison(value: Value) -> tuple[str, ...]:
    flag = find_part(value, "poison.failed")
    return ("poisoned",) if flag is not None and peel(flag).integer() else ()


def lock_note(value: Value) -> str:
    """Return the state of a ``Mutex`` or ``RwLock`` in words, ``""`` if it is free."""
    futex = find_part(value, "inner.futex")
    if futex is not None:
        return "locked" if futex.integer() else ""
    state = find_part(value, "inner.state")
    if state is None:
        raise UnavailableError(f"the lock of {value.type.name} is of an unknown kind")
    readers = state.integer() & _READERS
    if readers == _READERS:
        return "write-locked"
    return f"readers: {readers}" if readers else ""


def _lock(_match: Match, value: Value) -> View:
    note = lock_note(value)
    notes = ((note,) if note else ()) + _poison(value)
    return WrapperView(short_name(value), part(value, "data.value"), notes)


def _guard(_match: Match, value: Value) -> View:
    lock = find_part(value, "lock")
    if lock is not None:
        return WrapperView(short_name(value), part(lock.deref(), "data.value"), follows=True)
    return WrapperView(short_name(value), peel(part(value, "data")).deref(), follows=True)


def _atomic(_match: Match, value: Value) -> View:
    inner = peel(value)
    if short_name(value) == "AtomicBool" or value.shape.row.name == "Atomic<bool>":
        return ScalarView(inner.at(PRIMITIVES["bool"], 0))
    return ScalarView(inner) if inner.shape.kind == "base" else WrapperView("", inner)


_FUTEX_STATES = ("incomplete", "poisoned", "running", "running", "complete")
_STATES = ("incomplete", "poisoned", "running", "complete")
_QUEUED = 4
"""The bit that is set while threads wait for a ``Once``."""
_FRESH = ("std::rt::cleanup::CLEANUP", "std::io::stdio::STDOUT")
"""Statics of std that are, or begin with, a ``Once`` that is unused before ``main``."""


def once_state(value: Value) -> str:
    """Return the state of a ``Once``: "complete", "incomplete", "running" or "poisoned".

    Each layout that std has had differs in its fields, and has numbers of its own.

    Raises:
        UnavailableError: The number is invalid, or nothing shows what it means.
    """
    newest = find_part(value, "inner.state_and_queued")
    if newest is not None:
        number = newest.integer()
        if number > _QUEUED | 3:
            raise UnavailableError(f"invalid Once state: {number}")
        return _STATES[number & 3] if _counts_up(value) else _STATES[3 - (number & 3)]
    futex = find_part(value, "inner.state")
    if futex is not None:
        number = futex.integer()
        if number >= len(_FUTEX_STATES):
            raise UnavailableError(f"invalid Once state: {number}")
        return _FUTEX_STATES[number]
    number = part(value, ("inner.state_and_queue", "state_and_queue")).integer()
    state, waiting = _STATES[number & 3], number & ~3
    if waiting and not (state == "running" and is_readable(value.context, waiting, 8)):
        raise UnavailableError(f"invalid Once state: {number:#x}")
    return state


def _counts_up(value: Value) -> bool:
    """Whether the numbers of this std's ``Once`` rise from "incomplete" to "complete".

    std once reversed the numbers and renamed nothing.  A ``Once`` of known state shows
    which they are: the initial bytes of a static of std are those of "incomplete".
    """
    for name in _FRESH:
        fresh = value.context.program.initial_bytes(name, value.type)
        if fresh is not None:
            return not any(fresh)
    raise UnavailableError("it is not known what this Once calls complete")


def _once(_match: Match, value: Value) -> View:
    return WrapperView("Once", None, (once_state(value),))


def _once_lock(match: Match, value: Value) -> View:
    name = short_name(value)
    state = once_state(part(value, "once"))
    if state != "complete":
        return WrapperView(name, None, ("uninitialised" if state == "incomplete" else state,))
    holder = part(value, ("value.value", "data.value"))
    inner = peel_to_type(holder, match.argument("$T"))
    return WrapperView(name, inner, deref=name == "LazyLock")


RULES = (
    Rule("std::sync::**::Mutex<$T>", Custom(_lock)),
    Rule("std::sync::**::RwLock<$T>", Custom(_lock)),
    Rule("std::sync::**::MutexGuard", Custom(_guard)),
    Rule("std::sync::**::RwLockReadGuard", Custom(_guard)),
    Rule("std::sync::**::RwLockWriteGuard", Custom(_guard)),
    Rule("std::sync::**::OnceLock<$T>", Custom(_once_lock)),
    Rule("std::sync::**::LazyLock<$T>", Custom(_once_lock)),
    Rule("std::sync::**::Once", Custom(_once)),
    *(
        Rule(f"core::sync::atomic::Atomic{name}", Custom(_atomic))
        for name in ("Bool", "Ptr", "", "Usize", "Isize")
    ),
    *(
        Rule(f"core::sync::atomic::Atomic{sign}{bits}", Custom(_atomic))
        for sign in "IU"
        for bits in (8, 16, 32, 64, 128)
    ),
)
