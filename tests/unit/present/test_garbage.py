"""Five hundred corrupted values: each is shown as implausible, in bounded time."""

from __future__ import annotations

import random
import struct
import tracemalloc
from collections.abc import Iterator

import pytest

from crabtrap.present import RenderOptions, render, std_presenter
from crabtrap.values import PagedReader, Value
from tests.support.synthetic_types import MemberRow, World

PRESENTER = std_presenter()


_MARKED = {"Option": 0, "AtomicBool": 0, "C enum": 0, "char pair": 3}
"""Types that any bytes may be valid for, and the byte to make invalid in them."""


def interesting(rng: random.Random, heap: int) -> int:
    """A word such as memory holds before or after a value lives there."""
    return rng.choice(
        [
            rng.getrandbits(64) | 1 << 62,
            rng.getrandbits(64) | 1 << 48,
            0xAAAA_AAAA_AAAA_AAAA,
            (1 << 60) + rng.getrandbits(8),
            heap + (1 << 40),
            (1 << 64) - 1 - rng.getrandbits(4),
            0x5A5A_5A5A_5A5A_5A5A,
        ]
    )


def words(rng: random.Random, count: int, heap: int) -> bytes:
    return struct.pack(f"<{count}Q", *(interesting(rng, heap) for _ in range(count)))


def layouts(world: World) -> dict[str, tuple[int, int]]:
    """Types that consist of pointers, lengths, counts or tags, with their sizes in words."""
    usize, u8 = world.base("usize"), world.base("u8")
    inner = world.struct(
        "alloc::rc::RcInner<u64>",
        [("strong", usize), ("weak", usize), ("value", world.base("u64"))],
    )
    rc_pointer = world.struct(
        "core::ptr::non_null::NonNull<alloc::rc::RcInner<u64>>",
        [("pointer", world.pointer(inner, "*const "))],
    )
    rc = world.struct("alloc::rc::Rc<u64, alloc::alloc::Global>", [("ptr", rc_pointer)])
    atomic = world.struct("core::sync::atomic::AtomicBool", [("v", u8)], size=8)
    return {
        "Vec": (world.vec(world.base("u32")), 3),
        "Vec of Vec": (world.vec(world.vec(world.base("u32"))), 3),
        "String": (world.string(), 3),
        "&str": (world.wide("&str", u8), 2),
        "&[u64]": (world.wide("&[u64]", world.base("u64")), 2),
        "HashMap": (world.hash_map(world.base("u32"), world.base("u64")), 6),
        "&u64": (world.pointer(world.base("u64")), 1),
        "Rc": (rc, 1),
        "Option": (world.option(world.base("u32")), 1),
        "char pair": (world.array(world.base("char"), 2), 1),
        "AtomicBool": (atomic, 1),
        "C enum": (world.c_enum("m::Color", [("Red", 0), ("Blue", 6)], "u64"), 1),
    }


def corrupted(count: int) -> Iterator[tuple[str, Value]]:
    rng = random.Random(4711)
    world = World()
    types = layouts(world)
    heap = world.heap.put(bytes(4096))
    for number in range(count):
        name = list(types)[number % len(types)]
        die, size = types[name]
        data = bytearray(words(rng, size, heap))
        if name in _MARKED:
            data[_MARKED[name]] |= 0x40
        yield name, world.value(die, bytes(data))


def test_none_is_believed_and_little_is_read():
    options = RenderOptions(max_items=100)
    for name, value in corrupted(500):
        heap = value.context.reader
        before = heap.reads
        text = render(value, PRESENTER, options)
        assert "<" in text, f"{name} was believed: {text}"
        assert len(text) < 2000
        assert heap.reads - before < 20, f"{name}: {heap.reads - before} reads"


def test_memory_stays_bounded():
    tracemalloc.start()
    try:
        for _, value in corrupted(60):
            render(value, PRESENTER)
        assert tracemalloc.get_traced_memory()[1] < 50 << 20
    finally:
        tracemalloc.stop()


class Zeros:
    """Memory that is mapped everywhere and holds zeros, as a fresh huge mapping does."""

    def __init__(self) -> None:
        self.fetched = 0

    def read(self, address: int, size: int) -> bytes:
        self.fetched += size
        return bytes(size)


def elsewhere(value: Value, reader: object) -> Value:
    context = type(value.context)(reader, value.context.program)  # type: ignore[arg-type]
    return Value(value.type, value.location, context)


@pytest.mark.parametrize("length", [1 << 20, 1 << 30, 1 << 40])
def test_a_plausible_but_huge_vector_shows_a_page(length: int):
    world = World()
    value = world.bytes_value(
        world.vec(world.base("u64")), struct.pack("<QQQ", 0x10000, length, length)
    )
    zeros = Zeros()
    text = render(elsewhere(value, zeros), PRESENTER)
    assert text.endswith(f"... {length - 100} more]")
    assert zeros.fetched < 1 << 20


def test_invalid_text_and_tags_inside_are_marked_where_they_are():
    world = World()
    data = b"".join(world.string_bytes(text) for text in (b"good", b"b\xffd"))
    value = world.value(world.vec(world.string()), world.vec_bytes(data, 2))
    assert render(value, PRESENTER) == '["good", "b\\xffd" <invalid UTF-8 at byte 1>]'
    flags = world.value(world.vec(world.base("bool")), world.vec_bytes(b"\0\1\2", 3))
    assert render(flags, PRESENTER) == "[false, true, <invalid bool: 2>]"


def test_a_table_that_claims_more_than_it_has():
    world = World()
    die = world.hash_map(world.base("u8"), world.base("u8"))
    data = bytearray(world.hash_bytes([b"\1\2", None, None, None], 2))
    struct.pack_into("<Q", data, 40, 3)
    text = render(world.value(die, bytes(data)), PRESENTER)
    assert text == "{1: 2} <only 1 of 3 buckets are in use>"


def test_depth_of_a_long_chain_is_bounded():
    world = World()
    node = world.struct("m::Node", [("next", 0)], size=8)
    pointer = world.pointer(node)
    object.__setattr__(world.rows[node], "members", (MemberRow("next", pointer),))
    address = 0
    for _ in range(1000):
        address = world.heap.put(struct.pack("<Q", address))
    value = world.value(pointer, struct.pack("<Q", address))
    text = render(value, PRESENTER, RenderOptions(max_depth=10_000))
    assert "nested too deep" in text


def test_reading_is_paged_and_budgeted():
    zeros = Zeros()
    reader = PagedReader(zeros, limit=3 * 4096)
    for address in range(0, 4096, 8):
        reader.read(address, 8)
    assert zeros.fetched == 4096
    reader.read(4090, 12)
    assert zeros.fetched == 8192
    with pytest.raises(Exception, match="more than 12288 bytes"):
        reader.read(1 << 20, 1 << 20)
