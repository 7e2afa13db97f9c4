"""Rules for threads, channels, condition variables and thread-local storage."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.present.containers.walkers import peel_uninit
from crabtrap.present.field_paths import (
    find_part,
    part,
    peel,
    peel_to_pointer,
    peel_to_type,
    variant_payload,
)
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Custom, Wrapper, short_name
from crabtrap.present.view import (
    LazyItems,
    LiteralView,
    RecordView,
    SequenceView,
    View,
    WrapperView,
)
from crabtrap.values import UnavailableError, Value
from crabtrap.values.decode import enumerator_name

_LAP = 32
"""Positions in a list channel per block; the last one has no message."""
_MARK_BITS = 1
"""Number of low bits in a list channel's positions that are flags."""


def variant_name(value: Value) -> str:
    """Return the name of the live variant, of an enum with or without fields."""
    if value.shape.cases is not None:
        return value.variant()[0].name
    name = enumerator_name(value.shape, value.read_bytes())
    if name is None:
        raise UnavailableError(f"invalid {value.type.name}")
    return name


def _thread_local(match: Match, value: Value) -> View:
    """A slot of ``thread_local!``, in each of the layouts std has had."""
    field = value.shape.field("val") or value.shape.field("value")
    if field is not None:
        state = variant_name(peel(part(value, "state")))
        if state in ("Initial", "Alive"):
            return WrapperView("", peel_to_type(value.at_field(field), match.argument("$T")))
        return WrapperView("thread_local", None, (_slot_state(state),))
    slot = peel(part(value, ("state", "inner")))
    alive = variant_payload(slot, "Alive", "Some")
    if alive is not None:
        return WrapperView("", alive)
    return WrapperView("thread_local", None, (_slot_state(variant_name(slot)),))


def _slot_state(name: str) -> str:
    return "destroyed" if name == "Destroyed" else "uninitialised"


def _condvar(_match: Match, value: Value) -> View:
    return LiteralView(short_name(value))


_INNER = ("inner.pointer.ptr.pointer.data", "inner.ptr.pointer.data")
_OTHER = ("0.pointer.ptr.pointer.data", "0.__pointer.ptr.pointer.data")


def _thread(_match: Match, value: Value) -> View:
    """A ``Thread`` is an ``Arc``; around std 1.84 the main one was a variant without a name."""
    inner = find_part(value, _INNER)
    if inner is None:
        case, inside = peel(value).variant()
        if case.name == "Main":
            return RecordView("Thread", (("id", part(inside, "0.0")),))
        inner = part(inside, _OTHER)
    fields = [("id", part(inner, "id"))]
    name = find_part(inner, "name")
    if name is not None:
        fields.append(("name", name))
    return RecordView("Thread", tuple(fields))


def _join_handle(_match: Match, value: Value) -> View:
    return WrapperView("JoinHandle", part(value, "thread"))


def _channel_end(_match: Match, value: Value) -> View:
    """A sender or receiver: the queued messages, oldest first."""
    case, inside = part(value, "flavor").variant()
    counter = peel_to_pointer(part(inside, "counter")).deref()
    channel = part(counter, "chan")
    if case.name == "List":
        return SequenceView(_list_channel(channel), short_name(value))
    if case.name == "Array":
        return SequenceView(_array_channel(channel), short_name(value))
    return WrapperView(short_name(value), None, ("rendezvous",))


def _outer_end(_match: Match, value: Value) -> View:
    return WrapperView("", part(value, "inner"))


def _position(channel: Value, end: str) -> int:
    position = part(channel, (f"{end}.value.index", end))
    return position.integer()


def _list_channel(channel: Value) -> LazyItems:
    head = _position(channel, "head") >> _MARK_BITS
    tail = _position(channel, "tail") >> _MARK_BITS
    head += head % _LAP == _LAP - 1
    tail += tail % _LAP == _LAP - 1
    length = (tail - tail // _LAP) - (head - head // _LAP)
    if not 0 <= length < 1 << 40:
        raise UnavailableError(f"channel — implausible: head {head}, tail {tail}")
    return LazyItems(lambda: _walk_blocks(channel, head, tail), length)


def _walk_blocks(channel: Value, head: int, tail: int) -> Iterator[Value]:
    pointer = peel_to_pointer(part(channel, "head.value.block"))
    while head < tail and pointer.pointer_address():
        block = pointer.deref()
        if head % _LAP < _LAP - 1:
            yield peel_uninit(part(part(block, "slots").index(head % _LAP), "msg.value"))
        else:
            pointer = peel_to_pointer(part(block, "next"))
        head += 1


def _array_channel(channel: Value) -> LazyItems:
    capacity = part(channel, "cap").integer()
    mark = part(channel, "mark_bit").integer()
    buffer = part(channel, "buffer").deref()
    head, tail = (_position(channel, end) & (mark - 1) for end in ("head", "tail"))
    same_lap = _position(channel, "head") == _position(channel, "tail") & ~mark
    length = tail - head if tail > head else 0 if same_lap else capacity - head + tail
    if max(head, tail, length) > capacity:
        raise UnavailableError(f"channel — implausible: head {head}, tail {tail}")

    def begin() -> Iterator[Value]:
        for index in range(head, head + length):
            yield peel_uninit(part(buffer.index(index % capacity), "msg.value"))

    return LazyItems(begin, length)


RULES = (
    Rule("std::**::thread_local::**::Storage<$T, $D?>", Custom(_thread_local)),
    Rule("std::thread::local::fast::Key<$T>", Custom(_thread_local)),
    Rule("std::sync::**::Condvar", Custom(_condvar)),
    Rule("std::thread::**::ThreadNameString", Wrapper("inner")),
    Rule("std::thread::**::Thread", Custom(_thread)),
    Rule("std::thread::**::JoinHandle", Custom(_join_handle)),
    Rule("std::sync::**::mpmc::Sender", Custom(_channel_end)),
    Rule("std::sync::**::mpmc::Receiver", Custom(_channel_end)),
    *(
        Rule(f"std::sync::**::mpsc::{n}", Custom(_outer_end))
        for n in ("Sender", "SyncSender", "Receiver")
    ),
)
