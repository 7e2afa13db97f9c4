"""The table of built-in methods, by the view of the receiver, and calls of them.

A method is looked up on the value, then on what it derefs to, as Rust does.
"""

from __future__ import annotations

from collections.abc import Mapping

from crabtrap.expr import indirection
from crabtrap.expr.methods.invocation import Evaluation, Invocation, Method, receiver
from crabtrap.expr.methods.on_iterators import ITERATOR_METHODS
from crabtrap.expr.methods.on_maps import MAP_METHODS, SET_METHODS
from crabtrap.expr.methods.on_numbers import CHAR_METHODS, FLOAT_METHODS, INTEGER_METHODS
from crabtrap.expr.methods.on_options import OPTION_METHODS
from crabtrap.expr.methods.on_sequences import SEQUENCE_METHODS
from crabtrap.expr.methods.on_texts import TEXT_METHODS
from crabtrap.expr.methods.on_wrappers import LITERAL_METHODS, POINTER_METHODS, WRAPPER_METHODS
from crabtrap.expr.scope import WouldRunError
from crabtrap.expr.syntax import nodes
from crabtrap.present.view import (
    LiteralView,
    MapView,
    PointerView,
    RangeView,
    RecordView,
    ScalarView,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.values import Char, Value

Methods = Mapping[str, Method]


class NoMethodError(WouldRunError):
    """Neither the receiver nor what it derefs to has such a built-in method."""


def _with(call: Invocation) -> Value:
    """``KEY.with(|x| ..)`` of a thread-local, whose value the receiver already is."""
    return call.function()(call.value)


_ANY: Methods = {
    "clone": receiver,
    "to_owned": receiver,
    "as_ref": receiver,
    "as_mut": receiver,
    "borrow": receiver,
    "into": receiver,
    "cloned": receiver,
    "copied": receiver,
    "by_ref": receiver,
    "deref": receiver,
    "with": _with,
    "with_borrow": _with,
}
"""Methods that change nothing about how a value is read."""

_OPTIONS = frozenset(("Some", "None", "Ok", "Err"))


def methods_of(view: View) -> tuple[Methods, ...]:  # noqa: PLR0911 - one case per view
    """Return the tables of the methods that one kind of view has."""
    match view:
        case TextView():
            return (TEXT_METHODS,)
        case SequenceView(is_set=True):
            return SET_METHODS, ITERATOR_METHODS
        case SequenceView():
            return SEQUENCE_METHODS, ITERATOR_METHODS
        case MapView():
            return (MAP_METHODS,)
        case RecordView(name, variant=True) if name in _OPTIONS:
            return (OPTION_METHODS,)
        case ScalarView(value):
            return _scalar_methods(value)
        case RangeView():
            return ITERATOR_METHODS, SEQUENCE_METHODS
        case WrapperView(name):
            return (WRAPPER_METHODS[name],) if name in WRAPPER_METHODS else ()
        case LiteralView():
            return (LITERAL_METHODS,)
        case PointerView():
            return (POINTER_METHODS,)
        case _:
            return ()


def _scalar_methods(value: Value) -> tuple[Methods, ...]:
    number = value.decoded()
    if isinstance(number, float):
        return (FLOAT_METHODS,)
    if isinstance(number, Char):
        return (CHAR_METHODS,)
    return (INTEGER_METHODS,)


def call_method(evaluator: Evaluation, tree: nodes.MethodCall) -> Value:
    """Evaluate ``receiver.name(arguments)``.

    Raises:
        NoMethodError: It would run the program, which may not be run.
        EvaluationError: Its arguments do not fit.
    """
    receiver = evaluator.value(tree.receiver)
    for layer in indirection.layers(receiver, evaluator.presenter):
        view = evaluator.presenter.view(layer)
        for table in methods_of(view):
            method = table.get(tree.name)
            if method is not None:
                return method(Invocation(evaluator, tree, layer, view))
        found = _run_method(evaluator, layer, tree)
        if found is not None:
            return found
    method = _ANY.get(tree.name)
    if method is not None:
        return method(Invocation(evaluator, tree, receiver, evaluator.presenter.view(receiver)))
    if evaluator.caller is not None:
        owner = receiver.type.name.removeprefix("&").removeprefix("mut ")
        error = evaluator.caller.missing(f"{owner}::{tree.name}")
        raise NoMethodError(str(error), tree.span, hint=error.hint)
    raise NoMethodError(
        f"{receiver.type.name} has no method {tree.name} that works without running the program",
        tree.span,
    )


def _run_method(evaluator: Evaluation, layer: Value, tree: nodes.MethodCall) -> Value | None:
    """Call a method of the program; ``None`` where it has none or may not be run."""
    if evaluator.caller is None:
        return None
    return evaluator.caller.call_method(
        layer, tree.name, lambda: [evaluator.value(each) for each in tree.arguments]
    )
