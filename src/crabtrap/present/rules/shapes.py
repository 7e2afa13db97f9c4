"""Application of rules: finds the parts that a shape names and checks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from crabtrap.present import calendar, structural
from crabtrap.present.containers.adapted import MappedItems
from crabtrap.present.containers.btree import Edge, TreeEntries
from crabtrap.present.containers.hashtable import HashItems, JoinedTables, PairEntries, PairItems
from crabtrap.present.containers.iterables import items_of
from crabtrap.present.containers.plausible import check_buffer
from crabtrap.present.containers.walkers import (
    ChainItems,
    ContiguousItems,
    MappedEntries,
    RingItems,
    contiguous,
    peel_uninit,
)
from crabtrap.present.field_paths import (
    LayoutError,
    part,
    peel_to_pointer,
    peel_to_type,
    variant_payload,
)
from crabtrap.present.rules import rule as rules
from crabtrap.present.rules.formula import Formula, evaluate, is_test
from crabtrap.present.rules.rule import Match
from crabtrap.present.view import (
    LazyItems,
    LiteralView,
    MapView,
    RecordView,
    SequenceView,
    TextKind,
    TextView,
    View,
    WrapperView,
)
from crabtrap.symbols.types import Type, parse_type_path
from crabtrap.values import UnavailableError, Value

_MAX_TREE = 1 << 48
"""Greatest plausible number of entries; no address space holds more."""


def build(  # noqa: C901, PLR0911, PLR0912 - one case per shape
    match: Match, value: Value, view: Callable[[Value], View]
) -> View:
    """Build the view of a value by a rule's shape.

    Args:
        match: The rule that fits the value's type.
        value: The value.
        view: Returns the view of a part.

    Raises:
        LayoutError: The type lacks the fields that the shape names.
        UnavailableError: They cannot be read, or hold implausible values.
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
        case rules.Instant():
            return _instant(shape, value)
        case rules.Period():
            key = (evaluate(shape.seconds, value), evaluate(shape.nanos, value))
            return LiteralView(calendar.format_period(*key), key)
        case rules.Adaptor():
            items = tuple(items_of(part(value, path), view) for path in shape.parts)
            return SequenceView(shape.adapt(value, items), short_name(value))
        case rules.Custom():
            return shape.build(match, value)
        case unknown:
            assert_never(unknown)


def short_name(value: Value) -> str:
    """Return the last name of a value's type, without arguments: ``Vec``."""
    return value.shape.row.name.partition("<")[0].rpartition("::")[2]


def buffer(
    value: Value, item: Type, data: Value, length: int, capacity: int | None
) -> ContiguousItems:
    """Return the items behind a pointer, after checking that they are plausible."""
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
        location = peel_uninit(part(value, shape.inline))
        item = item or location.shape.target
        if item is None:
            raise LayoutError("no item type")
        array = structural.array_at(location, item, length)
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
        capacity = (1 << 64) - 1  # as std claims for items of no size
    if shape.length is not None:
        length = part(value, shape.length).integer()
    else:
        assert shape.end is not None  # a rule has one or the other
        length = (part(value, shape.end).integer() - head) % (capacity or 1)
    slots = buffer(value, item, part(value, shape.data), capacity, None)
    if length > capacity or head > capacity:
        raise UnavailableError(
            f"{short_name(value)}(len={length} — implausible: capacity {capacity}, head {head})"
        )
    return SequenceView(RingItems(slots, head, length))


def _hash(shape: rules.Hash, value: Value) -> View:
    if shape.shards is not None:
        shards = _vector_items(part(value, shape.shards))
        tables = [table_items(part(shard, shape.table)) for shard in shards.walk(0, shards.length)]
        if not tables:
            raise LayoutError("no shards")
        pairs: PairItems = JoinedTables(tuple(tables))
    else:
        pairs = table_items(part(value, shape.table), short_name(value))
    if shape.is_set:
        return SequenceView(MappedItems(pairs, lambda pair: pair.field("0")), is_set=True)
    if pairs.bucket.strip().field("1") is None:
        return SequenceView(pairs, is_set=True)  # a table of other things than pairs
    return MapView(PairEntries(pairs))


def table_items(table: Value, name: str = "") -> HashItems:
    """Return the occupied buckets of a ``RawTable`` of hashbrown, or of the map around it.

    Raises:
        LayoutError: It is not one.
        UnavailableError: Its numbers contradict each other.
    """
    if parse_type_path(table.shape.path).last != "RawTable":
        table = part(table, "table")
    bucket = table.shape.argument(0)
    if bucket is None:
        raise LayoutError("no bucket type")
    name = name or short_name(table)
    mask, length = part(table, "table.bucket_mask").integer(), part(table, "table.items").integer()
    control = peel_to_pointer(part(table, "table.ctrl")).pointer_address()
    buckets = mask + 1
    if buckets & mask or length > buckets:
        raise UnavailableError(f"{name}(len={length} — implausible: bucket mask {mask:#x})")
    size = bucket.strip().size or 0
    if length:
        check_buffer(
            table.context,
            name,
            address=control - buckets * size,
            length=buckets,
            stride=size + 1,
        )
    return HashItems(table, control, buckets, bucket, length)


def _tree(shape: rules.Tree, value: Value) -> View:
    length = part(value, shape.length).integer()
    if length > _MAX_TREE:
        raise UnavailableError(f"{short_name(value)}(len={length} — implausible)")
    root = payload(part(value, shape.root))
    front = None
    if root is not None:
        node = peel_to_pointer(part(root, "node")).deref()
        front = Edge(node, part(root, "height").integer())
    entries = TreeEntries(front, length)
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
    """Items of a ``Vec``, or of a pointer to a slice."""
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


def payload(optional: Value) -> Value | None:
    """Return what an ``Option`` holds, or the value itself if it is no enum."""
    if optional.shape.cases is None:
        return optional
    return variant_payload(optional)


def _text(shape: rules.Text, value: Value) -> View:
    length = part(value, shape.length).integer()
    if shape.inline is not None:
        return _inline_text(shape.kind, value, part(value, shape.inline), length)
    capacity = None if shape.capacity is None else part(value, shape.capacity).integer()
    address = peel_to_pointer(part(value, shape.data)).pointer_address()
    return text_at(value, shape.kind, address, length, capacity)


def _inline_text(kind: TextKind, value: Value, location: Value, length: int) -> TextView:
    size = location.shape.size or 0
    if length > size:
        raise UnavailableError(
            f"{short_name(value)}(len={length} — implausible: there is room for {size})"
        )
    return TextView(kind, length, lambda start, stop: location.read_bytes()[start:stop])


def text_at(
    value: Value, kind: TextKind, address: int, length: int, capacity: int | None = None
) -> TextView:
    """Return the text at an address, after checking that it is plausible."""
    name = value.type.name if value.is_pointer else short_name(value)
    check_buffer(value.context, name, address=address, length=length, stride=1, capacity=capacity)
    read = value.context.reader.read

    def part(start: int, stop: int) -> bytes:
        return read(address + start, stop - start) if stop > start else b""

    return TextView(kind, length, part, address)


def _wrapper(match: Match, shape: rules.Wrapper, value: Value) -> View:
    if shape.inner is None:
        inner = None
    elif isinstance(shape.inner, str) and shape.inner.startswith("$"):
        inner = peel_to_type(value, match.argument(shape.inner))
    else:
        inner = part(value, shape.inner)
    notes = tuple(filter(None, (_note(label, ways, value) for label, ways in shape.notes)))
    if shape.follow and inner is not None:
        inner = peel_to_pointer(inner).deref()
    return WrapperView(shape.name, inner, notes, shape.follow, shape.deref)


def _note(label: str, formulas: tuple[Formula, ...], value: Value) -> str:
    """The note ``readers: 2``, or ``locked`` if its formula is a test; ``""`` for none."""
    for formula in formulas:
        try:
            number = evaluate(formula, value)
        except LayoutError:
            continue
        if is_test(formula):
            return label if number else ""
        return f"{label}: {number}"
    return ""


def _instant(shape: rules.Instant, value: Value) -> View:
    def number(formula: Formula | None) -> int | None:
        return None if formula is None else evaluate(formula, value)

    year, day = number(shape.year), number(shape.day)
    moment = calendar.Moment(
        None if year is None or day is None else calendar.days_of(year, day),
        number(shape.seconds),
        evaluate(shape.nanos, value),
        number(shape.offset),
        shape.is_utc,
    )
    return LiteralView(calendar.format_moment(moment), moment.key)
