"""Methods of cells, locks, shared pointers and raw pointers: their state."""

from __future__ import annotations

from crabtrap.expr import computed, indirection
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.on_sequences import length_of
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.std.cell import borrow_note
from crabtrap.present.std.rc import strong_count, weak_count
from crabtrap.present.view import PointerView, WrapperView
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import Bytes, Value

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
    path = call.value.shape.path
    is_std = path.startswith("std::") or call.value.type.table is None  # made by the expression
    return computed.ok(inner) if is_std else inner


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


def _atomic(call: Invocation) -> Value:
    return indirection.scalar(call.value, call.presenter)


def _locking(*names: str) -> dict[str, Method]:
    """What waits for a lock in the program, and the same with ``try_`` before it."""
    return {
        **{f"fn {name}(&self) -> Result<&T, PoisonError>": _locked for name in names},
        **{f"fn try_{name}(&self) -> Result<&T, TryLockError>": _tried for name in names},
    }


def _around(name: str) -> Method:
    """A wrapper that the expression makes around a value."""

    def method(call: Invocation) -> Value:
        inner = call.argument()
        type_ = synthetic_type("opaque", f"{name}<{computed.type_name(inner)}>")
        return computed.of_view(type_, WrapperView(name, inner))

    return method


def _once(name: str) -> Method:
    type_ = synthetic_type("opaque", f"{name}<_>")
    return lambda call: computed.of_view(type_, WrapperView(name, None))


def made(name: str) -> dict[str, Method]:
    """The functions that make a wrapper: ``Cell::new(5)``, ``OnceLock::new()``."""
    if name.startswith("Once"):
        return {"fn new() -> Self": _once(name)}
    return {"fn new(value: T) -> Self": _around(name)}


def _owned(call: Invocation) -> Value:
    content = indirection.cow_content(call.value, call.view)
    return computed.text(call.text_of(call.value if content is None else content))


def _non_zero(call: Invocation) -> Value:
    number = call.argument()
    return computed.option(number if number.integer() else None)


_COUNTED: dict[str, Method] = {
    "fn strong_count(&self) -> usize": _strong,
    "fn weak_count(&self) -> usize": _weak,
}

CELL: dict[str, Method] = {
    "fn get(&self) -> T where T: Copy": _get,
    "fn get_mut(&mut self) -> &mut T": _get,
    "fn into_inner(self) -> T": _get,
}
REF_CELL: dict[str, Method] = {
    "fn borrow(&self) -> Ref<T>": _inner,
    "fn borrow_mut(&self) -> RefMut<T>": _inner,
    "fn get_mut(&mut self) -> &mut T": _inner,
    "fn into_inner(self) -> T": _inner,
}
REF_CELL_STATE: dict[str, Method] = {"fn borrow_state(&self) -> &str": _borrow_state}
MUTEX: dict[str, Method] = _locking("lock")
READ_WRITE_LOCK: dict[str, Method] = _locking("read", "write")
LOCK: dict[str, Method] = {
    **{
        f"fn {name}(&self) -> Result<&T, PoisonError>": _locked
        for name in ("get_mut", "into_inner")
    },
    "fn is_poisoned(&self) -> bool": _is_poisoned,
}
LOCK_STATE: dict[str, Method] = {"fn lock_state(&self) -> &str": _lock_state}
ONCE: dict[str, Method] = {"fn get(&self) -> Option<&T>": _get}
SHARED: dict[str, Method] = {
    **_COUNTED,
    "fn as_ptr(&self) -> *const T": lambda call: computed.raw_pointer(_inner(call), "*const "),
}
BOXED: dict[str, Method] = {
    "fn new(value: T) -> Self": lambda call: call.argument(),
}
WEAK: dict[str, Method] = {
    **_COUNTED,
    "fn upgrade(&self) -> Option<Rc<T>>": _upgrade,
}
ATOMIC: dict[str, Method] = {
    "fn load(&self, order: MemoryOrdering) -> T": _atomic,
    "fn get_mut(&mut self) -> &mut T": _atomic,
    "fn into_inner(self) -> T": _atomic,
}
NON_ZERO: dict[str, Method] = {
    "fn get(self) -> T": _atomic,
    "fn new(n: T) -> Option<Self>": _non_zero,
}
COW: dict[str, Method] = {
    "fn Borrowed(value: &str) -> Self": lambda call: call.argument(),
    "fn Owned(value: String) -> Self": lambda call: call.argument(),
    "fn from<T>(value: T) -> Self where Cow<str>: From<T>": lambda call: call.argument(),
    "fn into_owned(self) -> String": _owned,
}
"""Of ``Cow<str>``."""


def _address(call: Invocation) -> int:
    view = call.view
    if isinstance(view, PointerView) and view.address is not None:
        return view.address
    raise EvaluationError("the pointer was optimised away", call.tree.span)


def _offset(call: Invocation) -> Value:
    """``p.add(n)``, ``p.sub(n)`` and ``p.offset(n)``, in items."""
    target = call.value.shape.target
    size = None if target is None else target.strip().size
    if size is None:
        raise EvaluationError("the size of what it points to is not known", call.tree.span)
    count = -call.integer() if call.tree.name == "sub" else call.integer()
    address = (_address(call) + count * size) % (1 << 64)
    return Value(call.value.type, Bytes(address.to_bytes(8, "little")), call.value.context)


POINTER: dict[str, Method] = {
    "fn is_null(self) -> bool": lambda call: computed.boolean(_address(call) == 0),
    "fn addr(self) -> usize": lambda call: computed.usize(_address(call)),
    "fn add(self, count: usize) -> Self": _offset,
    "fn sub(self, count: usize) -> Self": _offset,
    "fn offset(self, count: isize) -> Self": _offset,
}
SLICE_POINTER: dict[str, Method] = {
    "fn len(self) -> usize": lambda call: computed.usize(length_of(call)),
}
"""Of pointers to slices."""

POINTER_READ: dict[str, Method] = {
    "fn read(self) -> T": lambda call: indirection.dereference(call.value, call.presenter),
}
