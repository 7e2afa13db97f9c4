"""Methods of cells, locks, shared pointers, raw pointers and times: their state."""

from __future__ import annotations

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.std.cell import borrow_note
from crabtrap.present.std.rc import strong_count, weak_count
from crabtrap.present.view import LiteralView, PointerView, WrapperView
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Value

_POISONED = "poisoned"


def _view(call: Invocation) -> WrapperView:
    return call.view_as(WrapperView, "a wrapper")


def _inner(call: Invocation) -> Value:
    inner = _view(call).inner
    if isinstance(inner, Value):
        return inner
    state = ", ".join(_view(call).notes) or "empty"
    raise EvaluationError(f"there is no value: {state}", call.tree.span)


def _locked(call: Invocation) -> Value:
    """``lock()``, ``read()``, ``write()``: the value, whoever holds the lock.

    As a ``Result`` for std's locks, which can be poisoned; others give the value.
    """
    inner = _inner(call)
    return computed.ok(inner) if call.value.shape.path.startswith("std::") else inner


def _tried(call: Invocation) -> Value:
    """``try_lock()`` and its like: ``Some`` of parking_lot's, ``Ok`` of all others."""
    inner = _inner(call)
    is_option = call.value.shape.path.startswith("lock_api::")
    return computed.option(inner) if is_option else computed.ok(inner)


def _lock_state(call: Invocation) -> Value:
    notes = (note for note in _view(call).notes if note != _POISONED)
    return computed.text(next(notes, "unlocked"))


def _is_poisoned(call: Invocation) -> Value:
    return computed.boolean(_POISONED in _view(call).notes)


def _borrow_state(call: Invocation) -> Value:
    return computed.text(borrow_note(call.value) or "not borrowed")


def _get(call: Invocation) -> Value:
    view = _view(call)
    if view.name in ("OnceCell", "OnceLock"):
        return computed.option(view.inner if isinstance(view.inner, Value) else None)
    return _inner(call)


def _upgrade(call: Invocation) -> Value:
    inner = _view(call).inner
    return computed.option(inner if isinstance(inner, Value) else None)


def _strong(call: Invocation) -> Value:
    return computed.usize(0 if "dangling" in _view(call).notes else strong_count(call.value))


def _weak(call: Invocation) -> Value:
    return computed.usize(0 if "dangling" in _view(call).notes else weak_count(call.value))


_LOCK: dict[str, Method] = {
    **dict.fromkeys(("lock", "read", "write", "get_mut", "into_inner"), _locked),
    **dict.fromkeys(("try_lock", "try_read", "try_write"), _tried),
    "lock_state": _lock_state,
    "is_poisoned": _is_poisoned,
}
_COUNTED: dict[str, Method] = {"strong_count": _strong, "weak_count": _weak}
_HELD: dict[str, Method] = dict.fromkeys(("get", "get_mut", "into_inner"), _get)

WRAPPER_METHODS: dict[str, dict[str, Method]] = {
    "Cell": _HELD,
    "RefCell": {
        **dict.fromkeys(("borrow", "borrow_mut", "get_mut", "into_inner"), _inner),
        "borrow_state": _borrow_state,
    },
    "Mutex": _LOCK,
    "RwLock": _LOCK,
    "OnceCell": _HELD,
    "OnceLock": _HELD,
    "Rc": _COUNTED,
    "Arc": _COUNTED,
    "Weak": {**_COUNTED, "upgrade": _upgrade},
}
"""By the wrapper's name; other wrappers have the methods of what they deref to."""


def _address(call: Invocation) -> int:
    view = call.view
    if isinstance(view, PointerView) and view.address is not None:
        return view.address
    raise EvaluationError("the pointer was optimised away", call.tree.span)


POINTER_METHODS: dict[str, Method] = {
    "is_null": lambda call: computed.boolean(_address(call) == 0),
    "addr": lambda call: computed.usize(_address(call)),
    "as_ptr": lambda call: call.value,
}


def _nanoseconds(call: Invocation) -> int:
    view = call.view
    if isinstance(view, LiteralView) and view.key is not None and len(view.key) == 2:
        return view.key[0] * 1_000_000_000 + view.key[1]
    raise EvaluationError(f"{call.value.type.name} is not a time", call.tree.span)


LITERAL_METHODS: dict[str, Method] = {
    "as_secs": lambda call: computed.integer(_nanoseconds(call) // 10**9, PRIMITIVES["u64"]),
    "as_millis": lambda call: computed.integer(_nanoseconds(call) // 10**6, PRIMITIVES["u128"]),
    "as_micros": lambda call: computed.integer(_nanoseconds(call) // 10**3, PRIMITIVES["u128"]),
    "as_nanos": lambda call: computed.integer(_nanoseconds(call), PRIMITIVES["u128"]),
    "as_secs_f64": lambda call: computed.real(_nanoseconds(call) / 1e9, PRIMITIVES["f64"]),
    "subsec_nanos": lambda call: computed.integer(_nanoseconds(call) % 10**9, PRIMITIVES["u32"]),
}
