"""Parts of values: fields, items and slices, behind everything that derefs."""

from __future__ import annotations

from crabtrap.errors import NotFoundError, RangeError
from crabtrap.expr import computed
from crabtrap.expr.indirection import layers
from crabtrap.expr.scope import EvaluationError
from crabtrap.present import structural
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import (
    IndexedItems,
    ItemAt,
    MapView,
    RangeView,
    RecordView,
    SequenceView,
    TextView,
    View,
    WrapperView,
    slice_view,
)
from crabtrap.symbols.types import PRIMITIVES, synthetic_type
from crabtrap.values import Synthetic, UnavailableError, Value


def field(value: Value, name: str, presenter: Presenter) -> Value:
    """Evaluate ``value.name``, through references, boxes and the like.

    What a box of std has privately is there, too, but what is in the box comes first, as in
    Rust: ``rc.ptr`` is the field of the value that is shared.

    Raises:
        EvaluationError: No layer has such a field.
    """
    known: list[str] = []
    private: Value | None = None
    try:
        for layer in layers(value, presenter):
            fields = dict(_fields(layer, presenter))
            found = fields[name] if name in fields else _live_field(layer, name)
            if found is not None and not layer.shape.is_std:
                return found
            private = found if private is None else private
            known += fields
    except UnavailableError:
        if private is None:
            raise
    if private is not None:
        return private
    shown = ", ".join(known[:12])
    hint = f"it has {shown}" if shown else "it has no fields"
    raise EvaluationError(f"{value.type.name} has no field {name}", hint=hint)


def _fields(value: Value, presenter: Presenter) -> tuple[tuple[str, Value], ...]:
    if isinstance(value.location, Synthetic):
        view = presenter.view(value)
        if isinstance(view, RangeView):
            ends = (("start", view.start), ("end", view.end))
            return tuple((name, end) for name, end in ends if end is not None)
        return view.fields if isinstance(view, RecordView) else ()
    shape = value.shape
    if value.absent is not None:
        raise UnavailableError(value.absent)
    if structural.is_closure(shape):
        return structural.captures(value)
    if shape.kind not in ("struct", "union"):
        return ()
    return tuple((field.name, value.at_field(field)) for field in shape.fields)


def _live_field(value: Value, name: str) -> Value | None:
    """A field of an enum's live variant, ``None`` where it has none of that name."""
    if isinstance(value.location, Synthetic) or value.shape.cases is None:
        return None
    try:
        return value.field(name)
    except NotFoundError:
        return None


def container(value: Value, presenter: Presenter) -> SequenceView | MapView | TextView:
    """Find the map, sequence or text that a value is or derefs to.

    Raises:
        EvaluationError: There is none.
    """
    view = find_container(value, presenter)
    if view is None:
        raise EvaluationError(f"{value.type.name} cannot be indexed")
    return view


def find_container(value: Value, presenter: Presenter) -> SequenceView | MapView | TextView | None:
    """Find the map, sequence or text that a value is or derefs to, ``None`` where there is none."""
    for layer in layers(value, presenter):
        view = presenter.view(layer)
        if isinstance(view, SequenceView | MapView | TextView):
            return view
    return None


def find_item_at(value: Value, presenter: Presenter) -> ItemAt | None:
    """Find how an array of several dimensions is indexed, ``None`` where a value is none."""
    for layer in layers(value, presenter):
        view = presenter.view(layer)
        if isinstance(view, WrapperView) and view.item_at is not None:
            return view.item_at
    return None


def slice_of(view: View, bounds: RangeView, base: Value) -> Value:
    """Evaluate ``base[a..b]``.

    Raises:
        RangeError: The range does not fit; Rust would panic.
    """
    if isinstance(view, TextView):
        start, stop = _bounds(bounds, view.length)
        return _text_part(view, start, stop)
    if not isinstance(view, SequenceView) or view.is_set:
        raise EvaluationError(f"{base.type.name} cannot be sliced")
    length = view.length
    if length is None and bounds.end is None:
        raise EvaluationError("an iterator has no end to slice to")
    start, stop = _bounds(bounds, length or 0)
    part = slice_view(view, start, stop)
    name = base.type.qualified_name
    return computed.of_view(
        synthetic_type("opaque", name if name.startswith("[") else f"[..] of {name}"), part
    )


def _bounds(bounds: RangeView, length: int) -> tuple[int, int]:
    start = 0 if bounds.start is None else bounds.start.integer()
    stop = length if bounds.end is None else bounds.end.integer() + bounds.inclusive
    if start < 0 or stop < 0:
        raise RangeError(f"a slice cannot begin or end at {min(start, stop)}")
    return start, stop


def _text_part(view: TextView, start: int, stop: int) -> Value:
    if start > stop:
        raise RangeError(f"slice starts at {start} but ends at {stop}")
    if stop > view.length:
        raise RangeError(f"slice end {stop} is out of range for length {view.length}")
    for at in (start, stop):
        if at < view.length and view.read(at, at + 1)[0] & 0xC0 == 0x80 and view.kind == "str":
            raise RangeError(f"byte {at} is inside a character")
    part = TextView(view.kind, stop - start, lambda a, b: view.read(start + a, start + b))
    return computed.of_view(computed.STRING_SLICE, part)


def byte_of(view: TextView, index: int) -> Value:
    """Read one byte of a byte string.

    Raises:
        RangeError: It has no such byte; Rust would panic.
    """
    if not 0 <= index < view.length:
        raise RangeError(f"index {index} is out of range for length {view.length}")
    return computed.integer(view.read(index, index + 1)[0], PRIMITIVES["u8"])


def bytes_of(view: TextView) -> SequenceView:
    """A byte string as the sequence of ``u8`` that it is."""
    return SequenceView(IndexedItems(lambda index: byte_of(view, index), view.length))
