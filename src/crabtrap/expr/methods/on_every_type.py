"""Methods of traits that many types have: comparing, copying, converting, writing."""

from __future__ import annotations

from crabtrap.expr import computed, conversions, operators
from crabtrap.expr.methods.collecting import built
from crabtrap.expr.methods.invocation import Invocation, Method, receiver
from crabtrap.expr.methods.on_iterators import iterate
from crabtrap.expr.methods.walking import walk_value
from crabtrap.expr.rust_format import displayed
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import SequenceView
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import Value


def _clone(call: Invocation) -> Value:
    """A copy: read like the original, but what a list holds in reserve it does not copy."""
    view = call.view
    if isinstance(view, SequenceView) and not view.is_set and call.evaluator.caller is None:
        return computed.of_view(synthetic_type("opaque", call.value.type.name), view)
    return call.value


def _eq(call: Invocation) -> Value:
    same = call.comparer.equal(call.value, call.argument())
    return computed.boolean(same == (call.tree.name == "eq"))


def _cmp(call: Invocation) -> Value:
    order = call.comparer.order(call.value, call.argument())
    return computed.ordering(order or 0)


def _partial_cmp(call: Invocation) -> Value:
    order = call.comparer.order(call.value, call.argument())
    return computed.option(None if order is None else computed.ordering(order))


def _relation(call: Invocation) -> Value:
    order = call.comparer.order(call.value, call.argument())
    return computed.boolean(order is not None and operators.RELATIONS[call.tree.name](order, 0))


def _extreme(call: Invocation) -> Value:
    """Of equal values Rust's ``max`` is the second, its ``min`` the first."""
    other = call.argument()
    order = call.comparer.order(call.value, other)
    first = (order or 0) <= 0 if call.tree.name == "min" else (order or 0) > 0
    return call.value if first else other


def _clamp(call: Invocation) -> Value:
    least, greatest = call.argument(0), call.argument(1)
    if (call.comparer.order(least, greatest) or 0) > 0:
        raise EvaluationError("assertion failed: min <= max", call.tree.span)
    if (call.comparer.order(call.value, least) or 0) < 0:
        return least
    return greatest if (call.comparer.order(call.value, greatest) or 0) > 0 else call.value


def _to_string(call: Invocation) -> Value:
    return computed.text(displayed(call.value, call.presenter))


def _into(call: Invocation) -> Value:
    return conversions.convert(call.value, call.generic("T"), call)


def _from(call: Invocation) -> Value:
    return conversions.convert(call.argument(), call.owner, call)


def _try_into(call: Invocation) -> Value:
    return conversions.try_convert(call.value, call.generic("T"), call)


def _try_from(call: Invocation) -> Value:
    return conversions.try_convert(call.argument(), call.owner, call)


def _from_iter(call: Invocation) -> Value:
    return built(call.owner, call.watched(walk_value(call.argument(), call)), call)


def _default(call: Invocation) -> Value:
    return computed.default_of(call.owner, call.tree.span)


EVERY_TYPE: dict[str, Method] = {
    "fn clone(&self) -> Self where Self: Clone": _clone,
    "fn to_owned(&self) -> Self where Self: Clone": _clone,
    "fn eq<U>(&self, other: &U) -> bool where Self: PartialEq + Equals<U>": _eq,
    "fn ne<U>(&self, other: &U) -> bool where Self: PartialEq + Equals<U>": _eq,
    "fn cmp(&self, other: &Self) -> Ordering where Self: Ord": _cmp,
    "fn partial_cmp(&self, other: &Self) -> Option<Ordering> where Self: PartialOrd": (
        _partial_cmp
    ),
    **{
        f"fn {name}(&self, other: &Self) -> bool where Self: PartialOrd": _relation
        for name in ("lt", "le", "gt", "ge")
    },
    "fn max(self, other: Self) -> Self where Self: Ord": _extreme,
    "fn min(self, other: Self) -> Self where Self: Ord": _extreme,
    "fn clamp(self, min: Self, max: Self) -> Self where Self: Ord": _clamp,
    "fn to_string(&self) -> String where Self: ToString": _to_string,
    "fn into<T: From<Self>>(self) -> T": _into,
    "fn from<T>(value: T) -> Self where Self: From<T>": _from,
    "fn try_into<T: TryFrom<Self, E>, E>(self) -> Result<T, E>": _try_into,
    "fn try_from<T, E>(value: T) -> Result<Self, E> where Self: TryFrom<T, E>": _try_from,
    "fn from_iter<T>(iter: impl IntoIterator<Item = T>) -> Self "
    "where Self: FromIterator<T>": _from_iter,
    "fn default() -> Self where Self: Default": _default,
    "fn as_ref<U>(&self) -> &U where Self: AsRefTo<U>": receiver,
}
"""Of every type that has the trait."""

ITERABLE: dict[str, Method] = {
    "fn into_iter<T>(self) -> Walk<T> where Self: IntoIterator<T>": iterate,
}
"""Of everything that can be iterated over."""


def _with(call: Invocation) -> Value:
    """``KEY.with(|x| ..)`` of a thread-local, whose value the receiver already is."""
    return call.function()(call.value)


THREAD_LOCAL: dict[str, Method] = {
    "fn with<R>(&self, f: impl FnOnce(&Self) -> R) -> R": _with,
    "fn with_borrow<R>(&self, f: impl FnOnce(&Self) -> R) -> R": _with,
}
"""Of the value of a thread-local, which a name stands for."""
