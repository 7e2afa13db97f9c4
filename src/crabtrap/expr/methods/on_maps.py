"""Methods of maps and sets."""

from __future__ import annotations

from crabtrap.expr import computed, parts
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.on_iterators import ITERATOR_METHODS, items_of
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import ALL, LazyItems, MapView, SequenceView
from crabtrap.values import Value


def _view(call: Invocation) -> MapView:
    return call.view_as(MapView, "a map")


def _length(call: Invocation) -> int:
    length = call.view.length if isinstance(call.view, MapView | SequenceView) else None
    if length is None:
        raise EvaluationError("its length is not known", call.tree.span)
    return length


def _len(call: Invocation) -> Value:
    call.expect(0)
    return computed.usize(_length(call))


def _is_empty(call: Invocation) -> Value:
    call.expect(0)
    return computed.boolean(_length(call) == 0)


def _get(call: Invocation) -> Value:
    return computed.option(parts.look_up(_view(call), call.argument(), call.comparer))


def _contains_key(call: Invocation) -> Value:
    found = parts.look_up(_view(call), call.argument(), call.comparer)
    return computed.boolean(found is not None)


def _keys(call: Invocation) -> Value:
    entries = _view(call).entries
    items = LazyItems(lambda: (key for key, _ in entries.walk(0, ALL)), entries.length)
    return computed.sequence(items, f"Keys of {call.value.type.name}")


def _values(call: Invocation) -> Value:
    entries = _view(call).entries
    items = LazyItems(lambda: (value for _, value in entries.walk(0, ALL)), entries.length)
    return computed.sequence(items, f"Values of {call.value.type.name}")


def _first(call: Invocation) -> Value:
    entry = next(_view(call).entries.walk(0, 1), None)
    return computed.option(None if entry is None else computed.tuple_of(entry))


def _last(call: Invocation) -> Value:
    length = _length(call)
    entry = next(_view(call).entries.walk(length - 1, length), None) if length else None
    return computed.option(None if entry is None else computed.tuple_of(entry))


def _set_contains(call: Invocation) -> Value:
    wanted = call.argument()
    return computed.boolean(any(call.comparer.equal(item, wanted) for item in items_of(call)))


def _set_get(call: Invocation) -> Value:
    wanted = call.argument()
    found = (item for item in items_of(call) if call.comparer.equal(item, wanted))
    return computed.option(next(found, None))


def _set_first(call: Invocation) -> Value:
    return computed.option(next(items_of(call), None))


def _set_last(call: Invocation) -> Value:
    last = None
    for last in items_of(call):  # noqa: B007 - the last one is wanted
        pass
    return computed.option(last)


MAP_METHODS: dict[str, Method] = {
    **{
        name: method
        for name, method in ITERATOR_METHODS.items()
        if name in ("iter", "iter_mut", "into_iter")
    },
    "len": _len,
    "is_empty": _is_empty,
    "get": _get,
    "get_mut": _get,
    "contains_key": _contains_key,
    "keys": _keys,
    "values": _values,
    "into_keys": _keys,
    "into_values": _values,
    "values_mut": _values,
    "first_key_value": _first,
    "last_key_value": _last,
}

SET_METHODS: dict[str, Method] = {
    "len": _len,
    "is_empty": _is_empty,
    "contains": _set_contains,
    "get": _set_get,
    "first": _set_first,
    "last": _set_last,
}
