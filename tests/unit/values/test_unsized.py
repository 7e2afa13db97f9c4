"""Tails of unsized structs, reached through wide pointers."""

from __future__ import annotations

import struct

import pytest

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
