"""Sequences of alloc and core, and iterators over them (what is left of them)."""

from __future__ import annotations

from crabtrap.present.access import LayoutError, find_part, first, part, peel_to_pointer
from crabtrap.present.plausible import check_buffer
from crabtrap.present.rule import Chain, Custom, Match, Ring, Rule, Sequence, Wrapper
from crabtrap.present.shapes import short_name
from crabtrap.present.view import SequenceView, View
from crabtrap.present.walkers import RingItems, contiguous
from crabtrap.symbols.types import Type
from crabtrap.values import UnavailableError, Value


def _slice_iterator(match: Match, value: Value) -> View:
    """What a pointer pair has left: ``ptr`` to ``end``, or ``end`` as a count for ZSTs."""
    start = peel_to_pointer(part(value, "ptr")).pointer_address()
    end = part(value, first("end_or_len", "end")).integer()
    return _between(value, match.argument("$T"), start, end)


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


def _into_iterator(match: Match, value: Value) -> View:
    start = peel_to_pointer(part(value, "ptr")).pointer_address()
    end = find_part(value, "end")
    if end is None:
        raise UnavailableError("unknown iterator layout")
    item = match.argument("$T")
    stop = end.integer()
    if not item.size:
        stop -= start  # std counts in the address itself
    return _between(value, item, start, stop)


def _deque_iterator(match: Match, value: Value) -> View:
    """The slots from ``tail`` to ``head`` of a ring, as iterators had it before two slices."""
    ring, item = part(value, "ring"), match.argument("$T")
    slots = find_part(ring, "data_ptr")
    if slots is None:
        raise LayoutError(f"{value.type.name} has no ring")
    capacity = part(ring, "length").integer()
    head, end = part(value, "tail").integer(), part(value, "head").integer()
    if max(head, end) > capacity:
        raise UnavailableError(f"Iter — implausible: slots {head} to {end} of {capacity}")
    check_buffer(
        value.context,
        "Iter",
        address=slots.pointer_address(),
        length=capacity,
        stride=item.size or 0,
        alignment=item.strip().alignment,
    )
    items = contiguous(value, item, slots.pointer_address(), capacity)
    return SequenceView(RingItems(items, head, (end - head) % (capacity or 1)), "Iter")


RULES = (
    Rule("alloc::vec::Vec<$T, $A?>", Sequence("$T", "len", "buf.ptr", capacity="buf.cap")),
    Rule(
        "alloc::collections::vec_deque::VecDeque<$T, $A?>",
        Ring("$T", "head", "buf.ptr", "buf.cap", length="len"),
    ),
    Rule(
        "alloc::collections::vec_deque::VecDeque<$T, $A?>",
        Ring("$T", "tail", "buf.ptr", "buf.cap", end="head"),
    ),
    Rule(
        "alloc::collections::linked_list::LinkedList<$T, $A?>",
        Chain("head", "next", "element", "len"),
    ),
    Rule("alloc::collections::binary_heap::BinaryHeap<$T, $A?>", Wrapper("data")),
    Rule("alloc::collections::vec_deque::iter::Iter<$T>", Custom(_deque_iterator)),
    Rule("core::slice::iter::Iter<$T>", Custom(_slice_iterator)),
    Rule("core::slice::iter::IterMut<$T>", Custom(_slice_iterator)),
    Rule("alloc::vec::into_iter::IntoIter<$T, $A?>", Custom(_into_iterator)),
)
