"""What std says of types: ``size_of::<T>()``, ``align_of_val(&x)``, ``type_name::<T>()``."""

from __future__ import annotations

from typing import Protocol

from crabtrap.expr import computed
from crabtrap.expr.casts import resolve_type
from crabtrap.expr.indirection import dereference, look_through
from crabtrap.expr.methods.invocation import Evaluation
from crabtrap.expr.scope import EvaluationError, Scope
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing.std_paths import rust_path
from crabtrap.expr.typing.terms import Term
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import SequenceView, TextView
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import Synthetic, UnavailableError, Value
from crabtrap.values.unsized import size_of


class ScopedEvaluation(Evaluation, Protocol):
    """An evaluator that knows the types of the program."""

    @property
    def scope(self) -> Scope:
        """Knows what names mean."""
        ...


def evaluate(
    evaluator: ScopedEvaluation, function: nodes.Path, arguments: tuple[Expression, ...]
) -> Value:
    """Evaluate a call that the check of types has seen to be right.

    Raises:
        EvaluationError: The debug information does not tell.
    """
    last, about = function.segments[-1], evaluator.term(function)
    if last.name.startswith("type_name"):
        path = rust_path(about)
        if path is None:
            raise EvaluationError(f"the path of `{about}` is not known", function.span)
        return computed.text(path)
    if last.name == "size_of_val":
        return computed.usize(_size_of_value(evaluator.value(arguments[0]), about, evaluator))
    if last.name == "align_of_val":
        type_ = _behind(evaluator.value(arguments[0]), evaluator.presenter).type
    else:
        type_ = resolve_type(last.arguments[0], evaluator.scope)
    if type_.size is None:
        raise EvaluationError(f"the size of {type_.name} is not known", function.span)
    return computed.usize(type_.size if last.name == "size_of" else _align_of(type_))


def _align_of(type_: Type) -> int:
    shape = type_.strip()
    if shape.kind == "base" and (shape.size or 0) > type_.alignment:
        raise EvaluationError(f"the alignment of {type_.name} depends on the compiler")
    return type_.alignment


def _behind(value: Value, presenter: Presenter) -> Value:
    """What a reference refers to, also one that the expression wrote: ``&x``."""
    is_reference = value.is_pointer or isinstance(value.location, Synthetic)
    return dereference(value, presenter) if is_reference else value


def _size_of_value(value: Value, about: Term, evaluator: ScopedEvaluation) -> int:
    """The size of a value; of a slice or a text, that of its items alone."""
    if about.name in ("slice", "str"):
        _, view = look_through(value, evaluator.presenter)
        if isinstance(view, TextView):
            return len(view.all_bytes())
        item = _size_of_term(about.args[0]) if about.args else None
        if isinstance(view, SequenceView) and view.length is not None and item is not None:
            return view.length * item
    inner = _behind(value, evaluator.presenter)
    if inner.absent is not None:
        raise UnavailableError(inner.absent)
    size = size_of(inner)
    if size is None or about.name in ("slice", "str"):
        raise EvaluationError(f"the size of {inner.type.name} is not known")
    return size


def _size_of_term(term: Term) -> int | None:
    if term.name in PRIMITIVES:
        return PRIMITIVES[term.name].size
    return None if term.source is None else term.source.size
