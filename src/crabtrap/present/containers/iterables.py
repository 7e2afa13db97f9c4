"""Items of whatever can be iterated over, by its view."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crabtrap.present import synthetic
from crabtrap.present.field_paths import LayoutError, find_part
from crabtrap.present.view import (
    IndexedItems,
    Items,
    LazyItems,
    ListedItems,
    RangeView,
    RecordView,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.values import Value

NO_ITEMS = ListedItems(())
_CHUNK = 4096


def items_of(value: Value, view: Callable[[Value], View]) -> Items:
    """Return the items of an iterator, a sequence, a range or a text; ``None`` has none.

    Raises:
        LayoutError: Only running the program would give the items.
    """
    found = view(value)
    match found:
        case SequenceView(items):
            return items
        case RangeView(Value() as start, end, inclusive):
            return _range_items(value, start, end, inclusive)
        case TextView():
            return LazyItems(lambda: _characters(found))
        case RecordView("None", variant=True):
            return NO_ITEMS
        case RecordView("Some", ((_, inner),), variant=True):
            return items_of(inner, view)
        case WrapperView(inner=Value() as inner) if found.is_transparent:
            return items_of(inner, view)
        case _:
            raise LayoutError(f"the items of {value.type.name} are not known")


def _range_items(value: Value, start: Value, end: Value | None, inclusive: bool) -> Items:
    shape = start.shape
    if shape.kind != "base" or shape.row.encoding not in ("unsigned", "signed"):
        raise LayoutError(f"the items of {value.type.name} are not counted")
    exhausted = find_part(value, "exhausted")
    if exhausted is not None and exhausted.scalar():
        return NO_ITEMS
    low = start.integer()
    length = None if end is None else max(end.integer() + inclusive - low, 0)
    return IndexedItems(lambda index: synthetic.number(low + index, start.type), length)


def _characters(text: TextView) -> Iterator[Value]:
    """Yield the characters of a text, read a chunk at a time; damaged ones are U+FFFD."""
    rest = b""
    for start in range(0, text.length, _CHUNK):
        stop = min(start + _CHUNK, text.length)
        data = rest + text.read(start, stop)
        cut = len(data) if stop == text.length else _whole(data)
        rest = data[cut:]
        yield from map(synthetic.char, data[:cut].decode("utf-8", "replace"))


def _whole(data: bytes) -> int:
    """How many of the bytes end with a whole character; the last one may be cut."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            return len(data) - back if byte >= 0xC0 else len(data)
    return len(data)
