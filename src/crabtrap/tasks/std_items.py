"""Items of collections of std in the program."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from crabtrap.present import std_presenter
from crabtrap.present.view import MapView, SequenceView, WrapperView
from crabtrap.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.present.rules.presenter import Presenter
    from crabtrap.present.view import View

_presenter = cache(std_presenter)


def items_of(value: Value, most: int) -> Iterator[Value]:
    """Yield the first items of a ``Vec``, a ``VecDeque``, an array, or a box of one.

    Of a map these are its values.  Other values have none.

    Raises:
        UnavailableError: It cannot be read.
    """
    presenter = _presenter()
    view: View | None = presenter.view(value)
    while isinstance(view, WrapperView):
        view = _inner(presenter, view)
    if isinstance(view, SequenceView):
        yield from view.items.walk(0, most)
    elif isinstance(view, MapView):
        yield from (item for _, item in view.entries.walk(0, most))


def _inner(presenter: Presenter, view: WrapperView) -> View | None:
    return presenter.view(view.inner) if isinstance(view.inner, Value) else view.inner
