"""Rules for cells, with their borrow and initialisation state."""

from __future__ import annotations

from crabtrap.present.field_paths import (
    LayoutError,
    each_layer,
    newtype_content,
    part,
    variant_payload,
)
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Custom, Wrapper, short_name
from crabtrap.present.view import InvalidView, LiteralView, View, WrapperView
from crabtrap.values import Value
from crabtrap.values.decode import UnavailableError

_MAX_BORROWS = 1 << 40


def borrow_note(value: Value) -> str:
    """Return the borrow state of a ``RefCell`` in words, ``""`` if it is not borrowed."""
    flag = part(value, "borrow").integer()
    if abs(flag) > _MAX_BORROWS:
        raise UnavailableError(f"RefCell — implausible: borrow flag {flag}")
    if flag < 0:
        return "borrowed mutably"
    return f"borrowed: {flag}" if flag else ""


def _ref_cell(_match: Match, value: Value) -> View:
    note = borrow_note(value)
    inner = part(value, "value.value")
    return WrapperView("RefCell", inner, (note,) if note else ())


def _once_cell(match: Match, value: Value) -> View:
    inner = variant_payload(part(value, "inner.value"), "Some")
    return WrapperView("OnceCell", inner, () if inner is not None else ("uninitialised",))


def _lazy_cell(_match: Match, value: Value) -> View:
    state = part(value, "state.value")
    inner = variant_payload(state, "Init")
    if inner is not None:
        return WrapperView("LazyCell", inner, deref=True)
    return WrapperView("LazyCell", None, (state.variant()[0].name.lower(),))


def _maybe_uninit(match: Match, value: Value) -> View:
    return InvalidView(f"possibly uninitialised {match.argument('$T').name}")


def _phantom(_match: Match, value: Value) -> View:
    return LiteralView(value.shape.name)


def _manually_drop(match: Match, value: Value) -> View:
    wanted = match.argument("$T")
    for layer in each_layer(value, newtype_content):
        is_unsized_content = value.metadata is not None and layer.metadata is None
        if is_unsized_content or layer.shape.same_as(wanted):
            return WrapperView(short_name(value), layer, deref=True)
    raise LayoutError(f"no {wanted.name} inside {value.type.name}")


RULES = (
    Rule("core::cell::Cell<$T>", Wrapper("value.value", "Cell")),
    Rule("core::cell::UnsafeCell<$T>", Wrapper("value")),
    Rule("core::cell::SyncUnsafeCell<$T>", Wrapper("value.value")),
    Rule("core::cell::RefCell<$T>", Custom(_ref_cell)),
    Rule("core::cell::Ref", Wrapper("value", "Ref", follow=True)),
    Rule("core::cell::RefMut", Wrapper("value", "RefMut", follow=True)),
    Rule("core::cell::**::OnceCell<$T>", Custom(_once_cell)),
    Rule("core::cell::**::LazyCell", Custom(_lazy_cell)),
    Rule("core::mem::**::ManuallyDrop<$T>", Custom(_manually_drop)),
    Rule("core::mem::**::MaybeUninit<$T>", Custom(_maybe_uninit)),
    Rule("core::marker::PhantomData", Custom(_phantom)),
)
