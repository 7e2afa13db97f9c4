"""Methods of ``Option`` and ``Result``."""

from __future__ import annotations

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method, receiver
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import RecordView
from crabtrap.values import Value


def _view(call: Invocation) -> RecordView:
    return call.view_as(RecordView, "an Option or Result")


def _inside(call: Invocation, *names: str) -> Value | None:
    """The payload, if the live variant is one of ``names``."""
    view = _view(call)
    return view.fields[0][1] if view.name in names and view.fields else None


def _is(*names: str) -> Method:
    def method(call: Invocation) -> Value:
        call.expect(0)
        return computed.boolean(_view(call).name in names)

    return method


def _unwrap(call: Invocation) -> Value:
    found = _inside(call, "Some", "Ok")
    if found is None:
        raise EvaluationError(f"called {call.tree.name} on {_view(call).name}", call.tree.span)
    return found


def _unwrap_err(call: Invocation) -> Value:
    found = _inside(call, "Err")
    if found is None:
        raise EvaluationError(f"called {call.tree.name} on {_view(call).name}", call.tree.span)
    return found


def _unwrap_or(call: Invocation) -> Value:
    found = _inside(call, "Some", "Ok")
    return call.argument() if found is None else found


def _unwrap_or_else(call: Invocation) -> Value:
    found = _inside(call, "Some", "Ok")
    if found is not None:
        return found
    error = _inside(call, "Err")
    return call.function()() if error is None else call.function()(error)


def _map(call: Invocation) -> Value:
    found = _inside(call, "Some", "Ok")
    if found is None:
        return call.value
    result = call.function()(found)
    return computed.option(result) if _view(call).name == "Some" else computed.ok(result)


def _map_or(call: Invocation) -> Value:
    found = _inside(call, "Some", "Ok")
    return call.argument() if found is None else call.function(1)(found)


def _and_then(call: Invocation) -> Value:
    found = _inside(call, "Some", "Ok")
    return call.value if found is None else call.function()(found)


def _is_and(call: Invocation) -> Value:
    found = _inside(call, "Some" if call.tree.name == "is_some_and" else "Ok")
    return computed.boolean(found is not None and call.test()(found))


def _is_none_or(call: Invocation) -> Value:
    found = _inside(call, "Some")
    return computed.boolean(found is None or call.test()(found))


def _filter(call: Invocation) -> Value:
    found = _inside(call, "Some")
    return computed.option(found if found is not None and call.test()(found) else None)


def _or(call: Invocation) -> Value:
    return call.argument() if _inside(call, "Some", "Ok") is None else call.value


def _iter(call: Invocation) -> Value:
    found = _inside(call, "Some", "Ok")
    return computed.listed([] if found is None else [found])


OPTION_METHODS: dict[str, Method] = {
    "is_some": _is("Some"),
    "is_none": _is("None"),
    "is_ok": _is("Ok"),
    "is_err": _is("Err"),
    "is_some_and": _is_and,
    "is_ok_and": _is_and,
    "is_none_or": _is_none_or,
    "unwrap": _unwrap,
    "expect": _unwrap,
    "unwrap_err": _unwrap_err,
    "expect_err": _unwrap_err,
    "unwrap_or": _unwrap_or,
    "unwrap_or_else": _unwrap_or_else,
    "map": _map,
    "map_or": _map_or,
    "and_then": _and_then,
    "filter": _filter,
    "or": _or,
    "ok": lambda call: computed.option(_inside(call, "Ok")),
    "err": lambda call: computed.option(_inside(call, "Err")),
    "iter": _iter,
    **dict.fromkeys(("as_ref", "as_mut", "as_deref", "cloned", "copied"), receiver),
}
