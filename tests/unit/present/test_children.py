"""Parts of values, a page at a time."""

import struct

import pytest

from crabtrap.present import std_presenter
from crabtrap.present.children import PAGE, Children, children
from crabtrap.present.content import content_address
from crabtrap.values import Absent, Value
from tests.support.synthetic_types import World

PRESENTER = std_presenter()


@pytest.fixture
def world() -> World:
    return World()


def shown(page: Children) -> list[tuple[str, int]]:
    return [(name, value.integer()) for name, value in page.items]


def test_items_come_in_pages(world: World) -> None:
    value = world.vec_value("i32", list(range(250)))
    first = children(value, PRESENTER)
    assert (first.kind, first.total, first.start, first.remaining) == ("indexed", 250, 0, 150)
    assert len(first.items) == PAGE
    assert first.more
    last = children(value, PRESENTER, 240, 300)
    assert shown(last) == [(f"[{index}]", index) for index in range(240, 250)]
    assert (last.more, last.remaining, last.start) == (False, 0, 240)
    beyond = children(value, PRESENTER, 900)
    assert (beyond.items, beyond.more, beyond.remaining) == ((), False, 0)


def test_entries_are_named_by_their_keys(world: World) -> None:
    pairs = [None, struct.pack("<B3xI", 1, 10), None, struct.pack("<B3xI", 2, 20)]
    type_ = world.hash_map(world.base("u8"), world.base("u32"))
    value = world.value(type_, world.hash_bytes(pairs, 8))
    page = children(value, PRESENTER)
    assert (page.kind, page.total) == ("entries", 2)
    assert sorted(shown(page)) == [("1", 10), ("2", 20)]
    (one,) = children(value, PRESENTER, 0, 1).items
    assert one in page.items


def test_fields_and_what_references_lead_to(world: World) -> None:
    i32 = world.base("i32")
    point = world.struct("m::Point", [("x", i32), ("y", i32)])
    value = world.value(point, struct.pack("<ii", 3, 4))
    assert value.address is not None
    page = children(value, PRESENTER)
    assert (page.kind, shown(page)) == ("named", [("x", 3), ("y", 4)])
    second = children(value, PRESENTER, 1)
    assert (shown(second), second.remaining) == ([("y", 4)], 0)
    reference = world.value(world.pointer(point), struct.pack("<Q", value.address))
    assert shown(children(reference, PRESENTER)) == [("x", 3), ("y", 4)]
    raw = world.value(world.pointer(point, "*const "), struct.pack("<Q", value.address))
    ((name, target),) = children(raw, PRESENTER).items
    assert (name, target.field("x").scalar()) == ("*", 3)


def test_values_without_parts(world: World) -> None:
    i32 = world.base("i32")
    null = world.value(world.pointer(i32, "*const "), bytes(8))
    for value in (world.value(i32, bytes(4)), world.string_value("text"), null):
        page = children(value, PRESENTER)
        assert (page.kind, page.items, page.total, page.more) == ("none", (), 0, False)
    gone = Value(world.get(i32), Absent("optimised out"), world.context)
    assert children(gone, PRESENTER).problem == "optimised out"


def test_garbage_lengths_cost_nothing(world: World) -> None:
    units = world.value(world.array(0, (1 << 62) - 1), b"")
    page = children(units, PRESENTER, 1 << 61, 1 << 62)
    assert (len(page.items), page.more, page.total) == (10_000, True, (1 << 62) - 1)
    wild = world.value(world.vec(world.base("i32")), world.vec_bytes(b"", 1 << 60))
    assert "implausible" in children(wild, PRESENTER).problem


def test_content_begins_where_readers_look(world: World) -> None:
    value = world.vec_value("i32", [1, 2, 3])
    [(_, first)] = children(value, PRESENTER, 0, 1).items
    assert first.address != value.address
    assert content_address(value, PRESENTER) == first.address
    number = world.value(world.base("u8"), b"\x07")
    assert content_address(number, PRESENTER) == number.address
    assert number.address is not None
    reference = world.value(world.pointer(world.base("u8")), struct.pack("<Q", number.address))
    assert content_address(reference, PRESENTER) == number.address
    raw = world.value(world.pointer(world.base("u8"), "*const "), struct.pack("<Q", 0x10))
    assert content_address(raw, PRESENTER) == 0x10
