"""Rules for iterators of std's collections, texts and options: shown by what is left."""

from __future__ import annotations

from collections.abc import Callable

from crabtrap.present import synthetic
from crabtrap.present.containers.adapted import MappedItems
from crabtrap.present.containers.btree import Edge, TreeEntries
from crabtrap.present.containers.hashtable import RemainingItems
from crabtrap.present.containers.iterables import NO_ITEMS
from crabtrap.present.containers.plausible import check_buffer
from crabtrap.present.containers.walkers import ContiguousItems, RingItems, contiguous, peel_uninit
from crabtrap.present.field_paths import (
    LayoutError,
    Path,
    find_part,
    part,
    peel_to_pointer,
)
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Adaptor, Chain, Custom, payload, short_name, text_at
from crabtrap.present.std.adaptors import joined, keys, same, values
from crabtrap.present.view import (
    ALL,
    IndexedItems,
    Items,
    LazyItems,
    ListedItems,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.symbols.types import Type
from crabtrap.values import UnavailableError, Value


# -- slices, vectors, arrays ---------------------------------------------------------
def _slice(match: Match, value: Value) -> View:
    """The items from ``ptr`` to ``end``; of items of no size ``end`` is the number."""
    start = peel_to_pointer(part(value, "ptr")).pointer_address()
    end = part(value, ("end_or_len", "end")).integer()
    return _between(value, match.argument("$T"), start, end)


def _vec(match: Match, value: Value) -> View:
    start = peel_to_pointer(part(value, "ptr")).pointer_address()
    stop = part(value, "end").integer()
    item = match.argument("$T")
    if not item.size:
        stop -= start  # std counts such items in the address itself
    return _between(value, item, start, stop)


def _between(value: Value, item: Type, start: int, end: int) -> View:
    size = item.strip().size or 0
    length, odd = divmod(end - start, size) if size else (end, 0)
    if odd or length < 0:
        raise UnavailableError(f"{short_name(value)} — implausible: from {start:#x} to {end:#x}")
    check_buffer(
        value.context,
        short_name(value),
        address=start,
        length=length,
        stride=size,
        alignment=item.strip().alignment,
    )
    return SequenceView(contiguous(value, item, start, length), short_name(value))


def _array(_match: Match, value: Value) -> View:
    start, end = part(value, "alive.start").integer(), part(value, "alive.end").integer()
    data = peel_uninit(part(value, "data"))
    count = data.shape.row.count or 0
    if not 0 <= start <= end <= count:
        raise UnavailableError(f"IntoIter — implausible: items {start} to {end} of {count}")
    alive = ContiguousItems(data.elements(start, end - start), end - start)
    return SequenceView(MappedItems(alive, peel_uninit), "IntoIter")


def _pieces(_match: Match, value: Value) -> View:
    """Iterators by ``chunks``, ``chunks_exact`` and ``windows``: parts of what is left."""
    rest = part(value, "v").deref()
    size, length = part(value, ("chunk_size", "size")).integer(), rest.shape.row.count or 0
    name = short_name(value)
    if size < 1:
        raise UnavailableError(f"{name} — implausible: pieces of {size} items")
    item = rest.shape.target
    check_buffer(
        value.context,
        name,
        address=rest.address or 0,
        length=length,
        stride=(item.strip().size or 0) if item is not None else 0,
        alignment=item.strip().alignment if item is not None else 1,
    )
    is_window = name == "Windows"
    step = 1 if is_window else size
    count = max(length - size + 1, 0) if is_window else -(-length // size)
    pieces = IndexedItems(
        lambda index: rest.elements(index * step, min(size, length - index * step)), count
    )
    return SequenceView(pieces, name)


def _ring(match: Match, value: Value) -> View:
    """An iterator of a ``VecDeque`` in its older layout: slots ``[tail, head)``."""
    ring, item = part(value, "ring"), match.argument("$T")
    slots = find_part(ring, "data_ptr")
    if slots is None:
        raise LayoutError(f"{value.type.name} has no ring")
    address, capacity = slots.pointer_address(), part(ring, "length").integer()
    tail, head = part(value, "tail").integer(), part(value, "head").integer()
    name = short_name(value)
    if max(tail, head) > capacity:
        raise UnavailableError(f"{name} — implausible: slots {tail} to {head} of {capacity}")
    check_buffer(
        value.context,
        name,
        address=address,
        length=capacity,
        stride=item.size or 0,
        alignment=item.strip().alignment,
    )
    items = contiguous(value, item, address, capacity)
    return SequenceView(RingItems(items, tail, (head - tail) % (capacity or 1)), name)


# -- maps ----------------------------------------------------------------------------
def _raw_table(match: Match, value: Value) -> View:
    items = RemainingItems(
        value,
        match.argument("$T"),
        mask=part(value, "iter.current_group").integer(),
        data=peel_to_pointer(part(value, "iter.data")).pointer_address(),
        control=part(value, "iter.next_ctrl").integer(),
        end=part(value, "iter.end").integer(),
        length=part(value, "items").integer(),
    )
    return SequenceView(items, short_name(value))


def _tree(_match: Match, value: Value) -> View:
    """An iterator that keeps how many entries are left."""
    entries = TreeEntries(_edge(part(value, "range.front")), part(value, "length").integer())
    return SequenceView(_pairs(entries), short_name(value))


def _tree_range(_match: Match, value: Value) -> View:
    """An iterator that keeps where it ends."""
    back = _edge(part(value, "inner.back"))
    entries = TreeEntries(_edge(part(value, "inner.front")), None, back)
    return SequenceView(_pairs(entries), short_name(value))


def _edge(optional: Value) -> Edge | None:
    """A leaf's edge, or the front of a root that no entry was taken from yet."""
    handle = payload(optional)
    if handle is None:
        return None
    index = find_part(handle, ("Edge.0.idx", "idx"))
    node = part(handle, ("Root.0", "Edge.0.node", "node"))
    leaf = peel_to_pointer(part(node, "node")).deref()
    return Edge(leaf, part(node, "height").integer(), 0 if index is None else index.integer())


def _pairs(entries: TreeEntries) -> Items:
    return LazyItems(lambda: map(synthetic.tuple_of, entries.walk(0, ALL)), entries.length)


# -- texts ---------------------------------------------------------------------------
def _chars(_match: Match, value: Value) -> View:
    return _rest_of_chars(value)


def _rest_of_chars(value: Value) -> TextView:
    start = part(value, "iter.ptr").integer()
    end = part(value, ("iter.end_or_len", "iter.end")).integer()
    return text_at(value, "str", start, max(end - start, 0))


def _char_indices(_match: Match, value: Value) -> View:
    offset = part(value, "front_offset").integer()
    return WrapperView("CharIndices", _rest_of_chars(part(value, "iter")), (f"offset: {offset}",))


def _split(_match: Match, value: Value) -> View:
    """The part of the text that is still to be split."""
    name = short_name(value)
    split = _innermost_split(value)
    if part(split, "finished").scalar():
        return WrapperView(name, None, ("finished",))
    start, end = part(split, "start").integer(), part(split, "end").integer()
    text = part(split, "matcher.haystack")
    length = text.field("length").integer()
    if not start <= end <= length:
        raise UnavailableError(f"{name} — implausible: bytes {start} to {end} of {length}")
    return WrapperView(name, text_at(value, "str", text.pointer_address() + start, end - start))


def _innermost_split(value: Value) -> Value:
    """The splitting iterator that ``lines()`` and its like are built on."""
    for path in ("", "iter", "inner.iter"):
        inner = find_part(value, path)
        if inner is not None and find_part(inner, "finished") is not None:
            return inner
    raise LayoutError(f"{value.type.name} splits in an unknown way")


# -- options -------------------------------------------------------------------------
def _option(_match: Match, value: Value) -> View:
    inner = payload(part(value, ("inner.opt", "inner")))
    items = NO_ITEMS if inner is None else ListedItems((inner,))
    return SequenceView(items, short_name(value))


def _empty(_match: Match, value: Value) -> View:
    return SequenceView(NO_ITEMS, short_name(value))


_HASH_MAP, _HASH_SET = "std::collections::hash::map", "std::collections::hash::set"
_TREE_MAP, _TREE_SET = "alloc::collections::btree::map", "alloc::collections::btree::set"
_DEQUE = "alloc::collections::vec_deque"
_HEAP = "alloc::collections::binary_heap"

Adapt = Callable[[Value, tuple[Items, ...]], Items]

_OVER_OTHERS: tuple[tuple[str, str, Path, Adapt], ...] = (
    (_HASH_MAP, "IntoIter Drain", "base.inner.iter", same),
    (_HASH_MAP, "Iter IterMut", "base.inner", same),
    (_HASH_MAP, "Keys IntoKeys", "inner", keys),
    (_HASH_MAP, "Values ValuesMut IntoValues", "inner", values),
    (_HASH_SET, "Iter", "base.iter.inner.inner", keys),
    (_HASH_SET, "IntoIter Drain", "base.iter.inner.iter", keys),
    ("hashbrown::map", "Iter IterMut", "inner", same),
    ("hashbrown::map", "IntoIter Drain", "inner.iter", same),
    ("hashbrown::map", "Keys IntoKeys", "inner", keys),
    ("hashbrown::map", "Values ValuesMut IntoValues", "inner", values),
    ("hashbrown::set", "Iter", "iter", same),
    ("hashbrown::set", "IntoIter Drain", "iter", keys),
    (_TREE_MAP, "Keys IntoKeys", "inner", keys),
    (_TREE_MAP, "Values ValuesMut IntoValues", "inner", values),
    (_TREE_SET, "Iter", "iter", same),
    (_TREE_SET, "IntoIter Range", "iter", keys),
    (f"{_DEQUE}::**", "IntoIter", "inner", same),
    (_HEAP, "Iter IntoIter", "iter", same),
    ("alloc::vec::**", "Drain", "iter", same),
    ("alloc::collections::linked_list", "IntoIter", "list", same),
    ("core::str::iter", "Bytes", "0", same),
)
"""Modules, iterators in them, the path to an inner iterator, and what is done with it."""

RULES = (
    Rule("core::slice::iter::Iter<$T>", Custom(_slice)),
    Rule("core::slice::iter::IterMut<$T>", Custom(_slice)),
    *(Rule(f"core::slice::iter::{name}", Custom(_pieces)) for name in ("Chunks", "Windows")),
    Rule("core::slice::iter::ChunksMut", Custom(_pieces)),
    Rule("core::slice::iter::ChunksExact", Custom(_pieces)),
    Rule("alloc::vec::into_iter::IntoIter<$T, $A?>", Custom(_vec)),
    Rule("core::array::iter::IntoIter", Custom(_array)),
    *(
        rule
        for name in ("Iter", "IterMut")
        for rule in (
            Rule(f"{_DEQUE}::**::{name}", Adaptor(("i1", "i2"), joined)),
            Rule(f"{_DEQUE}::**::{name}<$T>", Custom(_ring)),
            Rule(
                f"alloc::collections::linked_list::{name}",
                Chain("head", "next", "element", "len", name),
            ),
        )
    ),
    Rule("hashbrown::raw::**::RawIter<$T>", Custom(_raw_table)),
    *(Rule(f"{_TREE_MAP}::{name}", Custom(_tree)) for name in ("Iter", "IterMut", "IntoIter")),
    *(Rule(f"{_TREE_MAP}::{name}", Custom(_tree_range)) for name in ("Range", "RangeMut")),
    *(
        Rule(f"{module}::{name}", Adaptor((path,), adapt))
        for module, names, path, adapt in _OVER_OTHERS
        for name in names.split()
    ),
    Rule("core::str::iter::Chars", Custom(_chars)),
    Rule("core::str::iter::CharIndices", Custom(_char_indices)),
    *(
        Rule(f"core::str::iter::{name}", Custom(_split))
        for name in (
            "Lines",
            "RSplit",
            "RSplitN",
            "RSplitTerminator",
            "Split",
            "SplitInclusive",
            "SplitN",
            "SplitTerminator",
            "SplitWhitespace",
        )
    ),
    *(Rule(f"core::option::{name}", Custom(_option)) for name in ("IntoIter", "Iter", "IterMut")),
    *(Rule(f"core::result::{name}", Custom(_option)) for name in ("IntoIter", "Iter", "IterMut")),
    Rule("core::iter::sources::**::Once", Custom(_option)),
    Rule("core::iter::sources::**::Empty", Custom(_empty)),
)
