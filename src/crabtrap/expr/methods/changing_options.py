"""Methods that change an ``Option``: of variables of the expression's own alone."""

from __future__ import annotations

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.walking import is_some
from crabtrap.expr.own_places import Field, Place, reference_to
from crabtrap.expr.scope import EvaluationError
from crabtrap.values import Value


def _own_place(call: Invocation) -> Place:
    if call.place is None:
        raise EvaluationError(
            f"{call.tree.name} changes its receiver, which is not the expression's own",
            call.tree.span,
        )
    return call.place


def _content(call: Invocation, place: Place) -> Value:
    return reference_to(Field(place, "0", call.presenter))


def as_mut(call: Invocation) -> Value:
    """``as_mut()``: of a variable a reference that can change what is in it."""
    if call.place is None or not is_some(call.value, call):
        return call.value
    return computed.option(_content(call, call.place))


def _take(call: Invocation) -> Value:
    call.become(computed.option(None))
    return call.value


def _replace(call: Invocation) -> Value:
    call.become(computed.option(call.argument()))
    return call.value


def _insert(call: Invocation) -> Value:
    call.become(computed.option(call.argument()))
    return _content(call, _own_place(call))


def _get_or_insert(call: Invocation) -> Value:
    if not is_some(call.value, call):
        call.become(computed.option(call.argument()))
    return _content(call, _own_place(call))


def _get_or_insert_with(call: Invocation) -> Value:
    if not is_some(call.value, call):
        call.become(computed.option(call.function()()))
    return _content(call, _own_place(call))


OPTION: dict[str, Method] = {
    "fn take(&mut self) -> Option<T>": _take,
    "fn replace(&mut self, value: T) -> Option<T>": _replace,
    "fn insert(&mut self, value: T) -> &mut T": _insert,
    "fn get_or_insert(&mut self, value: T) -> &mut T": _get_or_insert,
    "fn get_or_insert_with(&mut self, f: impl FnOnce() -> T) -> &mut T": _get_or_insert_with,
}
"""Of ``Option``."""
