"""Synthetic values: not in the program, but built of numbers, views and other values."""

from __future__ import annotations

from collections.abc import Sequence

from crabtrap.present.view import LiteralView, RecordView, View
from crabtrap.symbols.types import PRIMITIVES, Type, synthetic_type
from crabtrap.values import NOWHERE, Bytes, Synthetic, Value


def of_view(type_: Type, view: View) -> Value:
    """A value that consists of a view."""
    return Value(type_, Synthetic(view), NOWHERE)


def number(content: int, type_: Type) -> Value:
    """An integer, cut to the width of its type."""
    size = type_.strip().size or 0
    data = (content & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return Value(type_, Bytes(data), NOWHERE)


def usize(content: int) -> Value:
    """A ``usize``."""
    return number(content, PRIMITIVES["usize"])


def char(text: str) -> Value:
    """A ``char``."""
    return Value(PRIMITIVES["char"], Bytes(ord(text).to_bytes(4, "little")), NOWHERE)


def literal(text: str) -> Value:
    """A text that stands for a whole value, without quotes."""
    return of_view(synthetic_type("opaque", text), LiteralView(text))


def optional(content: Value | None, inner: str) -> Value:
    """An ``Option``: ``Some`` of a value, or ``None``; ``inner`` is the name of its type."""
    type_ = synthetic_type("opaque", f"Option<{inner}>")
    if content is None:
        return of_view(type_, RecordView("None", (), variant=True))
    return of_view(type_, RecordView("Some", (("0", content),), is_tuple=True, variant=True))


def tuple_of(values: Sequence[Value], names: Sequence[str] = ()) -> Value:
    """A tuple of at least one value; ``names`` replace the names of its items' types."""
    shown = names or [value.type.name for value in values]
    view = RecordView("", tuple((str(i), value) for i, value in enumerate(values)), True)
    return of_view(synthetic_type("opaque", f"({', '.join(shown)})"), view)


def element(pair: Value, index: int) -> Value:
    """Return an element of a tuple, in the program or synthetic."""
    content = pair.location.content if isinstance(pair.location, Synthetic) else None
    if isinstance(content, RecordView):
        return content.fields[index][1]
    return pair.field(str(index))
