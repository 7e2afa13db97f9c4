"""Rules for channels of packets, which std had before it adopted crossbeam's.

A channel begins as a ``Oneshot`` packet, and a second message or a second sender
upgrades it to a ``Stream`` or a ``Shared`` one.  Earlier messages stay in the old packet,
which only the receiver keeps; the last thing in that is the new receiver.
"""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.present.containers.walkers import contiguous
from crabtrap.present.field_paths import (
    LayoutError,
    find_part,
    part,
    peel,
    peel_to_pointer,
    variant_payload,
)
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Custom
from crabtrap.present.view import LazyItems, SequenceView, View, WrapperView
from crabtrap.values import UnavailableError, Value

_UPGRADED = frozenset({"Stream", "Shared"})
_FLAVORS = _UPGRADED | {"Oneshot", "Sync"}
_MAX_UPGRADES = 4


def _receiver(_match: Match, value: Value) -> View:
    flavor = _flavor(value)
    return SequenceView(LazyItems(lambda: _received(flavor)), "Receiver")


def _sender(_match: Match, value: Value) -> View:
    flavor = _flavor(value)
    queued = SequenceView(LazyItems(lambda: _received(flavor)), "Sender")
    if flavor.variant()[0].name not in _UPGRADED:
        return queued
    return WrapperView("", queued, ("what was sent before the last upgrade is with the receiver",))


def _sync_sender(match: Match, value: Value) -> View:
    packet = part(value, "inner.data")
    if find_part(packet, "lock") is None:
        raise LayoutError(f"{value.type.name} holds no packet")
    return SequenceView(LazyItems(lambda: _buffered(packet)), "Sender")


def _flavor(value: Value) -> Value:
    flavor = peel(part(value, "inner"))
    cases = flavor.shape.cases
    if cases is None or not _FLAVORS.issuperset(case.name for case in cases.cases):
        raise LayoutError(f"{value.type.name} has no packets")
    return flavor


def _received(flavor: Value, upgrades: int = 0) -> Iterator[Value]:
    """Yield the messages that a receiver of this flavor gets next, oldest first."""
    if upgrades > _MAX_UPGRADES:
        raise UnavailableError("channel — implausible: upgraded again and again")
    case, inside = flavor.variant()
    packet = part(inside, "data")
    if case.name == "Sync":
        yield from _buffered(packet)
        return
    newer: Value | None = None
    if case.name == "Oneshot":
        message = variant_payload(peel(part(packet, "data")), "Some")
        if message is not None:
            yield message
        newer = variant_payload(peel(part(packet, "upgrade")), "GoUp")
    else:
        for node in _nodes(part(packet, ("queue.consumer.tail", "queue.tail"))):
            message = variant_payload(part(node, "value"), "Some")
            if message is None:
                raise UnavailableError("channel — implausible: a message that is none")
            if case.name == "Stream":
                newer = variant_payload(message, "GoUp")
                message = variant_payload(message, "Data")
            if message is not None:
                yield message
    if newer is not None:
        yield from _received(_flavor(newer), upgrades + 1)


def _nodes(tail: Value) -> Iterator[Value]:
    """Yield the nodes of a queue after the one that was received last."""
    seen: set[int] = set()
    pointer = peel_to_pointer(tail)
    while address := pointer.pointer_address():
        if address in seen:
            raise UnavailableError(f"the queue runs in a circle after {len(seen)} messages")
        seen.add(address)
        pointer = peel_to_pointer(part(pointer.deref(), "next"))
        if pointer.pointer_address():
            yield pointer.deref()


def _buffered(packet: Value) -> Iterator[Value]:
    """Yield the messages of a bounded channel: a ring of options in a ``Vec``."""
    ring = part(packet, "lock.data.value.buf")
    vec = part(ring, "buf")
    start, count = part(ring, "start").integer(), part(ring, "size").integer()
    capacity = part(vec, "len").integer()
    slot = vec.shape.argument("T")
    if slot is None or max(start, count) > capacity:
        raise UnavailableError(f"channel — implausible: {count} messages in {capacity} slots")
    address = peel_to_pointer(part(vec, "buf.ptr")).pointer_address()
    slots = contiguous(vec, slot, address, capacity)
    for index in range(start, start + count):
        for option in slots.walk(index % capacity, index % capacity + 1):
            message = variant_payload(option, "Some")
            if message is not None:
                yield message


RULES = (
    Rule("std::sync::mpsc::Receiver", Custom(_receiver)),
    Rule("std::sync::mpsc::Sender", Custom(_sender)),
    Rule("std::sync::mpsc::SyncSender", Custom(_sync_sender)),
)
