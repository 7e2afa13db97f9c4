"""Tails of unsized structs, reached through wide pointers."""

from __future__ import annotations

import struct

import pytest

from crabtrap.values.unsized import size_of
from tests.support.synthetic_types import MemberRow, World


@pytest.fixture
def world() -> World:
    return World()


def test_unsized_tail_is_after_the_other_fields(world):
    """The debug information of some compilers gives the tail of ``ArcInner<[T]>`` offset 0."""
    usize, item = world.base("usize"), world.struct("m::I", [("a", world.base("u32"))])
    inner = world.struct("ArcInner<[m::I]>", [("strong", usize), ("weak", usize)])
    row = world.rows[inner]
    object.__setattr__(row, "members", (*row.members, MemberRow("data", item, 0)))
    pointer = world.wide("*const ArcInner<[m::I]>", inner)
    location = world.heap.put(struct.pack("<QQII", 1, 1, 7, 8))
    value = world.value(pointer, struct.pack("<QQ", location, 2)).deref()
    data = value.field("data")
    assert data.type.name == "[I]"
    assert [data.index(n).field("a").scalar() for n in range(2)] == [7, 8]


def test_trait_object_tail_is_aligned_by_its_vtable(world):
    usize = world.base("usize")
    trait = world.struct("dyn m::T", [], size=0)
    inner = world.struct("RcInner<dyn m::T>", [("strong", usize), ("value", trait)], size=8)
    big = world.struct("m::Big", [("v", world.base("u64"))])
    vtable = world.heap.put(struct.pack("<QQQ", 0, 32, 32))
    world.program.vtables[vtable] = world.get(big)
    location = world.heap.put(struct.pack("<Q24xQ", 1, 77), align=32)
    pointer = world.wide("*const RcInner<dyn m::T>", inner, dyn=True)
    value = world.value(pointer, struct.pack("<QQ", location, vtable)).deref()
    assert value.field("value").field("v").scalar() == 77


def test_every_level_is_aligned_by_the_vtable(world):
    trait = world.struct("dyn m::T", [], size=0)
    flagged = world.struct("Flagged<dyn m::T>", [("flag", world.base("u8")), ("rest", trait)])
    outer = world.struct("Outer<dyn m::T>", [("id", world.base("u16")), ("inner", flagged)], size=4)
    big = world.struct("m::Big", [("v", world.base("u64"))])
    vtable = world.heap.put(struct.pack("<QQQ", 0, 8, 8))
    world.program.vtables[vtable] = world.get(big)
    location = world.heap.put(struct.pack("<H6xB7xQ", 4, 2, 77))
    pointer = world.wide("*const Outer<dyn m::T>", outer, dyn=True)
    value = world.value(pointer, struct.pack("<QQ", location, vtable)).deref()
    assert value.field("id").scalar() == 4
    assert value.field("inner").field("flag").scalar() == 2
    assert value.field("inner").field("rest").field("v").scalar() == 77
    assert size_of(value) == 24


def test_a_tail_of_structs_is_no_struct_that_ends_in_a_slice(world):
    item = world.struct("m::Item", [("a", world.base("u8")), ("b", world.base("u8"))])
    owner = world.struct("m::Owner", [("count", world.base("u8")), ("items", item)], size=1)
    location = world.heap.put(bytes([9, 1, 2, 3, 4]))
    pointer = world.wide("&m::Owner", owner)
    value = world.value(pointer, struct.pack("<QQ", location, 2)).deref()
    assert [value.field("items").index(n).field("b").scalar() for n in range(2)] == [2, 4]
