"""Where the content of a value is: what a memory view shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.present.field_paths import each_layer
from crabtrap.present.view import PointerView, SequenceView, TextView, WrapperView
from crabtrap.values import Value
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from crabtrap.present.rules.presenter import Presenter
    from crabtrap.present.view import View


def content_address(value: Value, presenter: Presenter) -> int | None:
    """Return the address of what a value is to a reader.

    That is the first byte of a text, the first item of a sequence, what a pointer leads to;
    else the value itself.

    Returns:
        ``None`` where it is not in memory.
    """

    def view(shown: Value | View) -> View:
        return presenter.view(shown) if isinstance(shown, Value) else shown

    def inner(shown: Value | View) -> Value | View | None:
        match view(shown):
            case PointerView(prefix=prefix, target=target) if prefix:
                return target()
            case WrapperView(inner=inside):
                return inside
            case _:
                return None

    where = value.address
    try:
        for layer in each_layer(value, inner):
            where = layer.address if isinstance(layer, Value) else where
            match view(layer):
                case TextView(address=address) | PointerView(prefix="", address=address):
                    return address
                case SequenceView(items=items):
                    first = next(iter(items.walk(0, 1)), None)
                    return where if first is None else first.address
                case _:
                    pass
    except CrabtrapError as error:
        why_unreadable(error)
    return where
