"""Walking over items: of sequences, maps, sets, texts' characters, options and ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation
from crabtrap.expr.own_collections import ChunkedItems
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.containers.walkers import ContiguousItems
from crabtrap.present.view import (
    ALL,
    IndexedItems,
    Items,
    LazyItems,
    ListedItems,
    MapView,
    RangeView,
    RecordView,
    SequenceView,
    SlicedItems,
    TextView,
)
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import Char, Value

MAX_WALK = 1 << 20
"""Most items that one method walks over before it gives up."""

_CHUNK = 1 << 10


def items_of(call: Invocation) -> Iterator[Value]:
    """Walk over the receiver's items.

    Raises:
        EvaluationError: There are more than ``MAX_WALK``.
    """
    return limited(walk(call.view, call.value), call)


def walk(view: object, value: Value) -> Iterator[Value]:
    """Walk over the items of anything that can be iterated over."""
    match view:
        case SequenceView():
            open_ = view.length is None or is_computed(view.items)
            return view.items.walk(0, ALL if open_ else view.length or 0)
        case MapView():
            entries = view.entries.walk(0, ALL if view.length is None else view.length)
            return (computed.tuple_of(entry) for entry in entries)
        case RangeView(start, end, inclusive) if start is not None:
            return _count(start, end, inclusive)
        case RecordView(name, fields) if name in ("Some", "Ok"):
            return iter((fields[0][1],))
        case RecordView(name) if name in ("None", "Err"):
            return iter(())
        case TextView():
            text = view.all_bytes().decode("utf-8", "replace")
            return map(computed.char, text)
        case _:
            raise EvaluationError(f"{value.type.name} cannot be iterated over")


def walk_value(value: Value, call: Invocation) -> Iterator[Value]:
    """Walk over the items of a value behind references."""
    seen, view = call.comparer.look_through(value)
    return walk(view, seen)


def _count(start: Value, end: Value | None, inclusive: bool) -> Iterator[Value]:
    first = start.valid()
    if isinstance(first, Char):
        return _characters(first.text, end, inclusive)
    type_ = start.type
    if type_ is computed.INTEGER:
        open_ = end is None or end.type is computed.INTEGER
        type_ = PRIMITIVES["i32"] if open_ or end is None else end.type
    stop = computed.limits(type_)[1] + 2 if end is None else end.integer() + inclusive
    return (computed.integer(number, type_) for number in _counting(start.integer(), stop))


def _counting(number: int, stop: int) -> Iterator[int]:
    while number < stop:
        yield number
        number += 1


def _characters(first: str, end: Value | None, inclusive: bool) -> Iterator[Value]:
    last = end.valid() if end is not None else Char(chr(0x10FFFF))
    if not isinstance(last, Char):
        raise EvaluationError("the ends of a range have one type")
    for code in range(ord(first), ord(last.text) + (inclusive or end is None)):
        if not 0xD800 <= code <= 0xDFFF:
            yield computed.char(chr(code))


def limited(items: Iterable[Value], call: Invocation) -> Iterator[Value]:
    """Yield items, and fail where there are more than ``MAX_WALK``."""
    progress = call.evaluator.progress
    length = _known_length(call.view)
    for count, item in enumerate(items):
        if count >= MAX_WALK:
            raise EvaluationError(
                f"more than {MAX_WALK} items", call.tree.span, hint="use .take(n)"
            )
        if not count & 0x3F:
            progress(count, length)
        yield item


def _known_length(view: object) -> int | None:
    """How many items there are, where that is known without a walk over them."""
    match view:
        case SequenceView() | MapView():
            return view.length
        case RangeView(Value() as start, Value() as end) if not isinstance(start.valid(), Char):
            return max(end.integer() + view.inclusive - start.integer(), 0)
        case _:
            return None


def reversed_items(call: Invocation) -> Iterator[Value]:
    """Walk over the receiver's items from the last to the first."""
    view = call.view
    if isinstance(view, RangeView) and view.start is not None and view.end is not None:
        return _counted_down(view.start, view.end, view.inclusive, call)
    if isinstance(view, SequenceView) and view.length is not None and _is_random(view.items):
        return _from_the_end(view.items, view.length)
    if isinstance(view, SequenceView) and isinstance(view.items, LazyItems):
        backwards = view.items.backwards
        if backwards is not None:
            return limited(backwards(), call)
    return reversed(list(items_of(call)))


def _counted_down(start: Value, end: Value, inclusive: bool, call: Invocation) -> Iterator[Value]:
    if isinstance(start.valid(), Char):
        return reversed(list(_characters(str(start.scalar()), end, inclusive)))
    type_ = end.type if start.type is computed.INTEGER else start.type
    type_ = PRIMITIVES["i32"] if type_ is computed.INTEGER else type_
    first, last = start.integer(), end.integer() + inclusive
    numbers = range(last - 1, first - 1, -1)
    return limited((computed.integer(number, type_) for number in numbers), call)


def is_computed(items: Items) -> bool:
    """Whether making an item may fail, so that Rust fails where it only passes over one."""
    while isinstance(items, SlicedItems):
        items = items.inner
    return isinstance(items, LazyItems) and items.is_computed


def _is_random(items: Items) -> bool:
    """Whether any part of the items is found without a walk over those before."""
    while isinstance(items, SlicedItems):
        items = items.inner
    return isinstance(items, ContiguousItems | IndexedItems | ListedItems | ChunkedItems)


def _from_the_end(items: Items, length: int) -> Iterator[Value]:
    for stop in range(length, 0, -_CHUNK):
        yield from reversed(list(items.walk(max(stop - _CHUNK, 0), stop)))


def is_some(value: Value, call: Invocation) -> bool:
    """Say whether an ``Option`` is ``Some``, or a ``Result`` ``Ok``."""
    _, view = call.comparer.look_through(value)
    if isinstance(view, RecordView) and view.name in ("Some", "Ok", "None", "Err"):
        return view.name in ("Some", "Ok")
    raise EvaluationError("the closure must give an Option", call.tree.span)


def some(value: Value, call: Invocation) -> Value:
    """Return the value in a ``Some``, ``Ok`` or ``Err``."""
    _, view = call.comparer.look_through(value)
    assert isinstance(view, RecordView)  # as `is_some` has seen
    return view.fields[0][1]
