"""Methods of ranges that are not those of the iterators they are."""

from __future__ import annotations

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import RangeView
from crabtrap.values import Value


def _view(call: Invocation) -> RangeView:
    return call.view_as(RangeView, "a range")


def _contains(call: Invocation) -> Value:
    view, wanted = _view(call), call.argument()
    if view.start is not None:
        order = call.comparer.order(wanted, view.start)
        if order is None or order < 0:
            return computed.boolean(False)
    if view.end is None:
        return computed.boolean(True)
    order = call.comparer.order(wanted, view.end)
    inside = order is not None and (order < 0 or (order == 0 and view.inclusive))
    return computed.boolean(inside)


def _is_empty(call: Invocation) -> Value:
    view = _view(call)
    if view.start is None or view.end is None:
        return computed.boolean(False)
    order = call.comparer.order(view.start, view.end)
    return computed.boolean(order is None or order > 0 or (order == 0 and not view.inclusive))


def _end(call: Invocation) -> Value:
    view = _view(call)
    found = view.start if call.tree.name == "start" else view.end
    if found is None:
        raise EvaluationError("the range has no such end", call.tree.span)
    return found


CONTAINS: dict[str, Method] = {
    "fn contains<U>(&self, item: &U) -> bool where T: PartialOrd + Equals<U>": _contains,
}
"""Of every range but ``..``."""

EMPTY: dict[str, Method] = {"fn is_empty(&self) -> bool where T: PartialOrd": _is_empty}
"""Of ranges with two ends."""

ENDS: dict[str, Method] = {"fn start(&self) -> &T": _end, "fn end(&self) -> &T": _end}
"""Of ``RangeInclusive``."""
