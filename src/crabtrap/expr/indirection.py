"""Looking through references and wrappers, as Rust's ``Deref`` and auto-deref do."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.expr import computed
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.field_paths import each_layer
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import (
    InvalidView,
    PointerView,
    RecordView,
    ScalarView,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.values import UnavailableError, Value


def layers(value: Value, presenter: Presenter) -> Iterator[Value]:
    """Yield the value, then what each ``Deref`` leads to, raw pointers followed too.

    Raises:
        UnavailableError: A layer cannot be read.
    """
    return each_layer(value, lambda layer: deref_once(layer, presenter))


def deref_once(value: Value, presenter: Presenter) -> Value | None:
    """Return what ``*value`` is, ``None`` where the type has no ``Deref``.

    Raises:
        UnavailableError: It has, but what it leads to cannot be read.
    """
    if value.is_pointer:
        return value.deref()
    view = presenter.view(value)
    match view:
        case PointerView():
            return view.target()
        case WrapperView(inner=inner) if view.is_transparent:
            return inner if isinstance(inner, Value) else None
        case RecordView():
            content = cow_content(value, view)
            if content is None:
                return None
            return deref_once(content, presenter) or content
        case InvalidView(text):
            raise UnavailableError(text)
        case _:
            return None


def cow_content(value: Value, view: View) -> Value | None:
    """What a ``Cow`` of the program borrows or owns, ``None`` where a value is none."""
    if not isinstance(view, RecordView) or view.name not in ("Borrowed", "Owned"):
        return None
    is_cow = value.type.table is not None and value.shape.is_std and len(view.fields) == 1
    return view.fields[0][1] if is_cow else None


def dereference(value: Value, presenter: Presenter) -> Value:
    """Evaluate ``*value``.

    Raises:
        EvaluationError: The type has no ``Deref``.
    """
    found = deref_once(value, presenter)
    if found is not None:
        return found
    view = presenter.view(value)
    if isinstance(view, TextView | SequenceView):
        return value  # `*string` is the str itself, which is shown alike
    raise EvaluationError(f"{value.type.name} cannot be dereferenced")


def is_reference(value: Value, presenter: Presenter) -> bool:
    """Whether a value is a reference at run time, not what one refers to."""
    if value.is_pointer:
        return value.shape.row.name.startswith("&")
    view = presenter.view(value)
    return isinstance(view, PointerView) and view.prefix.startswith("&")


def look_through(value: Value, presenter: Presenter) -> tuple[Value, View]:
    """Return the value behind references and transparent wrappers, and its view.

    A raw pointer is not followed: to a comparison it is a value of its own.

    Raises:
        UnavailableError: A layer cannot be read.
    """
    view = presenter.view(value)
    if isinstance(view, ScalarView):
        return value, view  # the usual case, which closures over many items must not slow down

    def inner(layer: tuple[Value, View]) -> tuple[Value, View] | None:
        behind = _behind(layer[1])
        return None if behind is None else (behind, presenter.view(behind))

    *_, (found, view) = each_layer((value, view), inner)
    if isinstance(view, InvalidView):
        raise UnavailableError(view.text)
    if _behind(view) is not None:
        raise UnavailableError("references and wrappers are nested too deep")
    return found, view


def _behind(view: View) -> Value | None:
    """The value behind a reference or in a transparent wrapper, ``None`` for other views."""
    match view:
        case PointerView(prefix) if prefix:
            return view.target()
        case WrapperView(inner=Value() as inner) if view.is_transparent:
            return inner
        case _:
            return None


def scalar(value: Value, presenter: Presenter) -> Value:
    """Return the scalar behind references, in an atomic, a ``NonZero`` and the like.

    Raises:
        EvaluationError: There is none.
    """
    found, view = look_through(value, presenter)
    match view:
        case ScalarView(inner):
            return inner
        case PointerView(address=address) if address is not None:
            return computed.usize(address)
        case _:
            raise EvaluationError(f"{found.type.name} is not a number, bool or char")
