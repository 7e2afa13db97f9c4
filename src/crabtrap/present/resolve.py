"""From a value to its view: rules first, then what the debug information says."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import assert_never

from crabtrap.errors import CrabtrapError
from crabtrap.present import rule as rules
from crabtrap.present import structural
from crabtrap.present.access import (
    LayoutError,
    find_part,
    part,
    peel_to_pointer,
    peel_to_type,
)
from crabtrap.present.plausible import check_buffer
from crabtrap.present.rule import Condition, Match, RuleBook
from crabtrap.present.view import (
    DoubtView,
    LazyItems,
    LiteralView,
    MapView,
    RecordView,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.present.walkers import (
    ChainItems,
    ContiguousItems,
    FirstOfPair,
    HashItems,
    MappedEntries,
    PairEntries,
    RingItems,
    TreeEntries,
    contiguous,
    peel_uninit,
)
from crabtrap.symbols.types import Type
from crabtrap.values import Absent, Made, UnavailableError, Value

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_MAX_TREE = 1 << 48
"""More entries than any address space holds."""


class Presenter:
    """Gives every value its view, by a book of rules."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book

    def view(self, value: Value) -> View:
        """What ``value`` is to a reader; never raises for what the program holds."""
        if isinstance(value.place, Made):
            return made_view(value)
        if value.absent is not None:
            return DoubtView(value.absent)
        try:
            return self._by_rule(value) or structural.view(value)
        except UnavailableError as error:
            return DoubtView(error.reason)
        except CrabtrapError as error:
            return DoubtView(str(error))

    def raw_view(self, value: Value) -> View:
        """The view without rules: fields as the debug information has them."""
        if isinstance(value.place, Made):
            return made_view(value)
        try:
            return DoubtView(value.absent) if value.absent else structural.view(value)
        except CrabtrapError as error:
            return DoubtView(str(error))

    def _by_rule(self, value: Value) -> View | None:
        for match in self.book.matches(value.shape):
            try:
                if all(_holds(value, condition) for condition in match.rule.when):
                    return build(match, value)
            except LayoutError:
                continue
        return None


def made_view(value: Value) -> View:
    """The view a computed value was made of."""
    assert isinstance(value.place, Made)  # the caller looked
    content = value.place.content
    known = (TextView, SequenceView, MapView, RecordView, WrapperView, DoubtView)
    if isinstance(content, known) or structural.is_view(content):
        return content  # type: ignore[return-value]  # Made is opaque to `values`
    raise TypeError(f"not a view: {content!r}")


def _holds(value: Value, condition: Condition) -> bool:
    left = part(value, condition.left).integer()
    right = condition.right
    number = right if isinstance(right, int) else part(value, right).integer()
    return _COMPARE[condition.operator](left, number)


def build(match: Match, value: Value) -> View:  # noqa: PLR0911 - one case per shape
    """Apply a rule's shape to a value.

    Raises:
        LayoutError: The fields it names are not there.
        UnavailableError: They are, but hold what cannot be.
    """
    shape = match.rule.shape
    match shape:
        case rules.Sequence():
            return _sequence(match, shape, value)
        case rules.Ring():
            return _ring(match, shape, value)
        case rules.Chain():
            length = part(value, shape.length).integer()
            first = part(value, shape.first)
            return SequenceView(ChainItems(first, shape.next, shape.value, length), shape.name)
        case rules.Hash():
            return _hash(shape, value)
        case rules.Tree():
            return _tree(shape, value)
        case rules.Pairs():
            return _pairs(shape, value)
        case rules.Hex():
            return _hex(shape, value)
        case rules.Text():
            return _text(shape, value)
        case rules.Wrapper():
            return _wrapper(match, shape, value)
        case rules.Record():
            fields = tuple((label, part(value, path)) for label, path in shape.fields)
            return RecordView(shape.name, fields, shape.is_tuple)
        case rules.Custom():
            return shape.build(match, value)
        case unknown:
            assert_never(unknown)


def short_name(value: Value) -> str:
    """A type's last name without arguments: ``Vec``."""
    return value.shape.row.name.partition("<")[0].rpartition("::")[2]


def buffer(
    value: Value, item: Type, data: Value, length: int, capacity: int | None
) -> ContiguousItems:
    """Items behind a pointer, once they are plausible."""
    address = peel_to_pointer(data).pointer_address()
    shape = item.strip()
    check_buffer(
        value.context,
        short_name(value),
        address=address,
        length=length,
        stride=shape.size or 0,
        alignment=shape.alignment,
        capacity=capacity,
    )
    return contiguous(value, item, address, length)


def _sequence(match: Match, shape: rules.Sequence, value: Value) -> View:
    item = match.argument(shape.item) if shape.item.startswith("$") else None
    length = part(value, shape.length).integer()
    if shape.inline is not None:
        place = peel_uninit(part(value, shape.inline))
        item = item or place.shape.target
        if item is None:
            raise LayoutError("no item type")
        array = structural.array_at(place, item, length)
        return SequenceView(ContiguousItems(array, length), is_set=shape.is_set)
    data = part(value, shape.data)
    item = item or peel_to_pointer(data).shape.target
    if item is None:
        raise LayoutError("no item type")
    capacity = None if shape.capacity is None else part(value, shape.capacity).integer()
    items = buffer(value, item, data, length, capacity)
    return SequenceView(items, is_set=shape.is_set)


def _ring(match: Match, shape: rules.Ring, value: Value) -> View:
    item = match.argument(shape.item)
    head = part(value, shape.head).integer()
    capacity = part(value, shape.capacity).integer()
    if not item.size:
        capacity = (1 << 64) - 1  # std's own claim for items that need no room
    if shape.length is not None:
        length = part(value, shape.length).integer()
    else:
        assert shape.end is not None  # a rule says one or the other
        length = (part(value, shape.end).integer() - head) % (capacity or 1)
    slots = buffer(value, item, part(value, shape.data), capacity, None)
    if length > capacity or head > capacity:
        raise UnavailableError(
            f"{short_name(value)}(len={length} — implausible: capacity {capacity}, head {head})"
        )
    return SequenceView(RingItems(slots, head, length))


def _hash(shape: rules.Hash, value: Value) -> View:
    raw = part(value, shape.table)
    bucket = raw.shape.argument(0)
    if bucket is None:
        raise LayoutError("no bucket type")
    name = short_name(value)
    mask, length = part(raw, "table.bucket_mask").integer(), part(raw, "table.items").integer()
    control = peel_to_pointer(part(raw, "table.ctrl")).pointer_address()
    buckets = mask + 1
    if buckets & mask or length > buckets:
        raise UnavailableError(f"{name}(len={length} — implausible: bucket mask {mask:#x})")
    size = bucket.strip().size or 0
    if length:
        check_buffer(
            value.context,
            name,
            address=control - buckets * size,
            length=buckets,
            stride=size + 1,
        )
    items = HashItems(value, control, buckets, bucket, length)
    if bucket.strip().field("1") is None:
        return SequenceView(items, is_set=True)
    if shape.is_set:
        return SequenceView(FirstOfPair(items), is_set=True)
    return MapView(PairEntries(items))


def _tree(shape: rules.Tree, value: Value) -> View:
    length = part(value, shape.length).integer()
    if length > _MAX_TREE:
        raise UnavailableError(f"{short_name(value)}(len={length} — implausible)")
    root = _payload(part(value, shape.root))
    entries = TreeEntries(None, 0, length)
    if root is not None:
        height = part(root, "height").integer()
        node = peel_to_pointer(part(root, "node"))
        entries = TreeEntries(node.deref(), height, length)
    if shape.is_set:
        return SequenceView(
            LazyItems(lambda: (key for key, _ in entries.walk(0, length)), length), is_set=True
        )
    return MapView(entries)


def _pairs(shape: rules.Pairs, value: Value) -> View:
    """Entries that lie in a ``Vec`` or slice inside the value."""
    holder = part(value, shape.entries)
    items = _vector_items(holder)
    key, inner = shape.key, shape.value
    if inner is None:

        def keys() -> Iterator[Value]:
            return (part(entry, key) for entry in items.walk(0, items.length))

        return SequenceView(LazyItems(keys, items.length), is_set=True)
    return MapView(MappedEntries(items, key, inner))


def _vector_items(holder: Value) -> ContiguousItems:
    """The items of a ``Vec``, or of a pointer to a slice."""
    if holder.is_pointer:
        array = holder.deref()
        return ContiguousItems(array, array.shape.row.count or 0)
    item = holder.shape.argument(0)
    if item is None:
        raise LayoutError(f"{holder.type.name} is no sequence")
    length, capacity = part(holder, "len").integer(), part(holder, "buf.cap").integer()
    return buffer(holder, item, part(holder, "buf.ptr"), length, capacity)


def _hex(shape: rules.Hex, value: Value) -> View:
    data = part(value, shape.data).read_bytes()
    texts: list[str] = []
    at = 0
    for size in shape.groups or (len(data),):
        texts.append(data[at : at + size].hex())
        at += size
    return LiteralView("-".join(texts))


def _payload(optional: Value) -> Value | None:
    """What ``Some`` holds; ``None`` for ``None``."""
    if optional.shape.cases is None:
        return optional
    case, inside = optional.variant()
    return inside.at_field(case.type.fields[0]) if case.type.fields else None


def _text(shape: rules.Text, value: Value) -> View:
    length = part(value, shape.length).integer()
    capacity = None if shape.capacity is None else part(value, shape.capacity).integer()
    address = peel_to_pointer(part(value, shape.data)).pointer_address()
    return text_at(value, shape.kind, address, length, capacity)


def text_at(
    value: Value, kind: rules.TextKind, address: int, length: int, capacity: int | None = None
) -> TextView:
    """Text at an address, once it is plausible."""
    name = value.type.name if value.is_pointer else short_name(value)
    check_buffer(value.context, name, address=address, length=length, stride=1, capacity=capacity)
    read = value.context.reader.read

    def part(start: int, stop: int) -> bytes:
        return read(address + start, stop - start) if stop > start else b""

    return TextView(kind, length, part, address)


def _wrapper(match: Match, shape: rules.Wrapper, value: Value) -> View:
    if isinstance(shape.inner, str) and shape.inner.startswith("$"):
        inner = peel_to_type(value, match.argument(shape.inner))
    else:
        inner = part(value, shape.inner)
    notes: list[str] = []
    for label, path in shape.notes:
        found = find_part(value, path)
        if found is not None:
            notes.append(f"{label}: {found.integer()}")
    if shape.follow:
        inner = peel_to_pointer(inner).deref()
    return WrapperView(shape.name, inner, tuple(notes), shape.follow)


__all__ = ["Absent", "Presenter", "buffer", "build", "made_view", "short_name", "text_at"]
