"""Methods of ``Option``, ``Result`` and ``Ordering``."""

from __future__ import annotations

from crabtrap.expr import computed
from crabtrap.expr.methods.changing_options import as_mut
from crabtrap.expr.methods.invocation import Invocation, Method, receiver
from crabtrap.expr.methods.walking import items_of, walk
from crabtrap.expr.scope import EvaluationError
from crabtrap.present import render
from crabtrap.present.synthetic import element
from crabtrap.present.view import LazyItems, RecordView
from crabtrap.values import Value


def _view(call: Invocation) -> RecordView:
    return call.view_as(RecordView, "an Option or Result")


def _inside(call: Invocation, *names: str) -> Value | None:
    """The payload, if the live variant is one of ``names``."""
    view = _view(call)
    return view.fields[0][1] if view.name in names and view.fields else None


def _good(call: Invocation) -> Value | None:
    return _inside(call, "Some", "Ok")


def _is(*names: str) -> Method:
    return lambda call: computed.boolean(_view(call).name in names)


def _is_and(name: str) -> Method:
    def method(call: Invocation) -> Value:
        found = _inside(call, name)
        return computed.boolean(found is not None and call.test()(found))

    return method


def _is_none_or(call: Invocation) -> Value:
    found = _inside(call, "Some")
    return computed.boolean(found is None or call.test()(found))


# -- taking out ------------------------------------------------------------------------------
def _unwrap(call: Invocation) -> Value:
    found = _good(call)
    if found is not None:
        return found
    if call.tree.name == "expect":
        message = _expected(call)
    elif _view(call).name == "None":
        message = "called `Option::unwrap()` on a `None` value"
    else:
        shown = _shown(call, _inside(call, "Err"))
        message = f"called `Result::unwrap()` on an `Err` value: {shown}"
    raise EvaluationError(message, call.tree.span)


def _expected(call: Invocation) -> str:
    text = call.text().decode("utf-8", "replace")
    error = _inside(call, "Err")
    return text if error is None else f"{text}: {_shown(call, error)}"


def _shown(call: Invocation, value: Value | None) -> str:
    return "" if value is None else render(value, call.presenter)


def _unwrap_err(call: Invocation) -> Value:
    found = _inside(call, "Err")
    if found is None:
        shown = _shown(call, _good(call))
        message = f"called `Result::{call.tree.name}()` on an `Ok` value: {shown}"
        raise EvaluationError(message, call.tree.span)
    return found


def _unwrap_or(call: Invocation) -> Value:
    found = _good(call)
    return call.argument() if found is None else found


def _unwrap_or_else(call: Invocation) -> Value:
    found = _good(call)
    return _otherwise(call) if found is None else found


def _otherwise(call: Invocation, index: int = 0) -> Value:
    """What the closure makes of ``None`` or of the error."""
    error = _inside(call, "Err")
    function = call.function(index)
    return function() if error is None else function(error)


# -- mapping ---------------------------------------------------------------------------------
def _again(call: Invocation, value: Value) -> Value:
    """The value in the variant that the receiver is."""
    return computed.option(value) if _view(call).name == "Some" else computed.ok(value)


def _map(call: Invocation) -> Value:
    found = _good(call)
    return call.value if found is None else _again(call, call.function()(found))


def _map_err(call: Invocation) -> Value:
    found = _inside(call, "Err")
    return call.value if found is None else computed.err(call.function()(found), "")


def _map_or(call: Invocation) -> Value:
    found = _good(call)
    return call.argument() if found is None else call.function(1)(found)


def _map_or_else(call: Invocation) -> Value:
    found = _good(call)
    return _otherwise(call) if found is None else call.function(1)(found)


def _and_then(call: Invocation) -> Value:
    found = _good(call)
    return call.value if found is None else call.function()(found)


def _and(call: Invocation) -> Value:
    return call.value if _good(call) is None else call.argument()


def _or(call: Invocation) -> Value:
    return call.argument() if _good(call) is None else call.value


def _or_else(call: Invocation) -> Value:
    return _otherwise(call) if _good(call) is None else call.value


def _xor(call: Invocation) -> Value:
    other = call.argument()
    _, view = call.comparer.look_through(other)
    theirs = isinstance(view, RecordView) and view.name == "Some"
    mine = _good(call) is not None
    if mine == theirs:
        return computed.option(None)
    return call.value if mine else other


def _filter(call: Invocation) -> Value:
    found = _inside(call, "Some")
    return computed.option(found if found is not None and call.test()(found) else None)


def _zip(call: Invocation) -> Value:
    mine = _inside(call, "Some")
    _, view = call.comparer.look_through(call.argument())
    theirs = view.fields[0][1] if isinstance(view, RecordView) and view.fields else None
    if mine is None or theirs is None:
        return computed.option(None)
    return computed.option(computed.tuple_of((mine, theirs)))


def _ok_or(call: Invocation) -> Value:
    found = _inside(call, "Some")
    if found is not None:
        return computed.ok(found)
    lazy = call.tree.name == "ok_or_else"
    return computed.err(call.function()() if lazy else call.argument(), "")


def _flatten(call: Invocation) -> Value:
    found = _good(call)
    return call.value if found is None else found


def _transpose(call: Invocation) -> Value:
    """``Option<Result>`` to ``Result<Option>``, and back."""
    view = _view(call)
    if view.name == "None":
        return computed.ok(computed.option(None))
    if view.name == "Err":
        return computed.option(call.value)
    _, inner = call.comparer.look_through(view.fields[0][1])
    assert isinstance(inner, RecordView)  # the signature asks for an Option or Result in it
    if view.name == "Some":
        if inner.name == "Err":
            return view.fields[0][1]
        return computed.ok(computed.option(inner.fields[0][1]))
    if inner.name == "None":
        return computed.option(None)
    return computed.option(computed.ok(inner.fields[0][1]))


def _unzip(call: Invocation) -> Value:
    found = _inside(call, "Some")
    if found is None:
        return computed.tuple_of((computed.option(None), computed.option(None)))
    pair, _ = call.comparer.look_through(found)
    return computed.tuple_of(tuple(computed.option(element(pair, at)) for at in (0, 1)))


def _iter(call: Invocation) -> Value:
    length = int(_good(call) is not None)
    return computed.sequence(LazyItems(lambda: walk(call.view, call.value), length), "Iter")


def _or_default(call: Invocation) -> Value:
    found = _good(call)
    return computed.default_of(call.result, call.tree.span) if found is None else found


_BOTH: dict[str, Method] = {
    "fn unwrap(self) -> T": _unwrap,
    "fn expect(self, msg: &str) -> T": _unwrap,
    "fn unwrap_or(self, default: T) -> T": _unwrap_or,
    "fn unwrap_or_default(self) -> T where T: Default": _or_default,
}


def _as_slice(call: Invocation) -> Value:
    return computed.listed(list(items_of(call)))


OPTION: dict[str, Method] = {
    **_BOTH,
    "fn is_some(&self) -> bool": _is("Some"),
    "fn is_none(&self) -> bool": _is("None"),
    "fn is_some_and(self, f: impl FnOnce(T) -> bool) -> bool": _is_and("Some"),
    "fn is_none_or(self, f: impl FnOnce(T) -> bool) -> bool": _is_none_or,
    "fn unwrap_or_else(self, f: impl FnOnce() -> T) -> T": _unwrap_or_else,
    "fn map<U>(self, f: impl FnOnce(T) -> U) -> Option<U>": _map,
    "fn inspect(self, f: impl FnOnce(&T)) -> Option<T>": receiver,
    "fn map_or<U>(self, default: U, f: impl FnOnce(T) -> U) -> U": _map_or,
    "fn map_or_else<U>(self, default: impl FnOnce() -> U, f: impl FnOnce(T) -> U) -> U": (
        _map_or_else
    ),
    "fn and_then<U>(self, f: impl FnOnce(T) -> Option<U>) -> Option<U>": _and_then,
    "fn and<U>(self, optb: Option<U>) -> Option<U>": _and,
    "fn or(self, optb: Option<T>) -> Option<T>": _or,
    "fn or_else(self, f: impl FnOnce() -> Option<T>) -> Option<T>": _or_else,
    "fn xor(self, optb: Option<T>) -> Option<T>": _xor,
    "fn filter(self, predicate: impl FnOnce(&T) -> bool) -> Option<T>": _filter,
    "fn zip<U>(self, other: Option<U>) -> Option<(T, U)>": _zip,
    "fn ok_or<E>(self, err: E) -> Result<T, E>": _ok_or,
    "fn ok_or_else<E>(self, err: impl FnOnce() -> E) -> Result<T, E>": _ok_or,
    "fn as_ref(&self) -> Option<&T>": receiver,
    "fn as_mut(&mut self) -> Option<&mut T>": as_mut,
    "fn as_slice(&self) -> &[T]": _as_slice,
    "fn as_mut_slice(&mut self) -> &mut [T]": _as_slice,
    "fn as_deref<U>(&self) -> Option<&U> where T: Deref<U>": receiver,
    "fn iter(&self) -> Exact<&T>": _iter,
}
"""Of ``Option``."""

OPTION_OF_REFERENCE: dict[str, Method] = {
    "fn copied(self) -> Option<T> where T: Copy": receiver,
    "fn cloned(self) -> Option<T> where T: Clone": receiver,
}
OPTION_OF_OPTION: dict[str, Method] = {"fn flatten(self) -> Option<T>": _flatten}
OPTION_OF_RESULT: dict[str, Method] = {
    "fn transpose(self) -> Result<Option<T>, E>": _transpose,
}
OPTION_OF_PAIR: dict[str, Method] = {"fn unzip(self) -> (Option<A>, Option<B>)": _unzip}

RESULT: dict[str, Method] = {
    **_BOTH,
    "fn is_ok(&self) -> bool": _is("Ok"),
    "fn is_err(&self) -> bool": _is("Err"),
    "fn is_ok_and(self, f: impl FnOnce(T) -> bool) -> bool": _is_and("Ok"),
    "fn is_err_and(self, f: impl FnOnce(E) -> bool) -> bool": _is_and("Err"),
    "fn ok(self) -> Option<T>": lambda call: computed.option(_inside(call, "Ok")),
    "fn err(self) -> Option<E>": lambda call: computed.option(_inside(call, "Err")),
    "fn unwrap_err(self) -> E": _unwrap_err,
    "fn expect_err(self, msg: &str) -> E": _unwrap_err,
    "fn unwrap_or_else(self, op: impl FnOnce(E) -> T) -> T": _unwrap_or_else,
    "fn map<U>(self, op: impl FnOnce(T) -> U) -> Result<U, E>": _map,
    "fn map_err<F>(self, op: impl FnOnce(E) -> F) -> Result<T, F>": _map_err,
    "fn map_or<U>(self, default: U, f: impl FnOnce(T) -> U) -> U": _map_or,
    "fn map_or_else<U>(self, default: impl FnOnce(E) -> U, f: impl FnOnce(T) -> U) -> U": (
        _map_or_else
    ),
    "fn and_then<U>(self, op: impl FnOnce(T) -> Result<U, E>) -> Result<U, E>": _and_then,
    "fn and<U>(self, res: Result<U, E>) -> Result<U, E>": _and,
    "fn or<F>(self, res: Result<T, F>) -> Result<T, F>": _or,
    "fn or_else<F>(self, op: impl FnOnce(E) -> Result<T, F>) -> Result<T, F>": _or_else,
    "fn as_ref(&self) -> Result<&T, &E>": receiver,
    "fn as_mut(&mut self) -> Result<&mut T, &mut E>": receiver,
    "fn as_deref<U>(&self) -> Result<&U, &E> where T: Deref<U>": receiver,
    "fn iter(&self) -> Exact<&T>": _iter,
}
"""Of ``Result``."""

RESULT_OF_REFERENCE: dict[str, Method] = {
    "fn copied(self) -> Result<T, E> where T: Copy": receiver,
    "fn cloned(self) -> Result<T, E> where T: Clone": receiver,
}
RESULT_OF_OPTION: dict[str, Method] = {
    "fn transpose(self) -> Option<Result<T, E>>": _transpose,
}


def _ordering(call: Invocation) -> int:
    return computed.ordering_of(call.value)


def _ordering_test(call: Invocation) -> Value:
    order = _ordering(call)
    found = {
        "is_eq": order == 0,
        "is_ne": order != 0,
        "is_lt": order < 0,
        "is_gt": order > 0,
        "is_le": order <= 0,
        "is_ge": order >= 0,
    }
    return computed.boolean(found[call.tree.name])


def _then(call: Invocation) -> Value:
    return call.value if _ordering(call) else call.argument()


def _then_with(call: Invocation) -> Value:
    return call.value if _ordering(call) else call.function()()


ORDERING: dict[str, Method] = {
    **{
        f"fn {name}(self) -> bool": _ordering_test
        for name in ("is_eq", "is_ne", "is_lt", "is_gt", "is_le", "is_ge")
    },
    "fn reverse(self) -> Ordering": lambda call: computed.ordering(-_ordering(call)),
    "fn then(self, other: Ordering) -> Ordering": _then,
    "fn then_with(self, f: impl FnOnce() -> Ordering) -> Ordering": _then_with,
}
"""Of ``Ordering``."""
