"""Values of a synthetic program as text."""

from __future__ import annotations

import struct

import pytest

from crabtrap.present import RenderOptions, render, std_presenter
from crabtrap.values import Absent, Bytes, Part, Pieces, Value
from tests.support.synthetic_types import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def show():
    presenter = std_presenter()

    def show(value: Value, **options) -> str:
        return render(value, presenter, RenderOptions(**options))

    return show


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("i32", b"\xfb\xff\xff\xff", "-5"),
        ("u8", b"\xc8", "200"),
        ("u128", b"\xfe" + b"\xff" * 15, str(2**128 - 2)),
        ("i128", b"\0" * 15 + b"\x80", str(-(2**127))),
        ("bool", b"\1", "true"),
        ("bool", b"\7", "<invalid bool: 7>"),
        ("char", "ß".encode("utf-32-le"), "'ß'"),
        ("char", b"'\0\0\0", "'\\''"),
        ("char", b"\0\xd8\0\0", "<invalid char: 0xd800>"),
        ("char", b"\xff\xff\xff\xff", "<invalid char: 0xffffffff>"),
        ("f64", struct.pack("<d", 2), "2.0"),
        ("f64", struct.pack("<d", 1e300), "1e300"),
        ("f32", struct.pack("<f", 0.1), "0.1"),
        ("f32", struct.pack("<f", 16777216), "16777216.0"),
        ("f64", struct.pack("<d", float("-inf")), "-inf"),
        ("()", b"", "()"),
    ],
)
def test_scalars(world, show, name, data, text):
    assert show(world.bytes_value(world.base(name), data)) == text


def test_vec_and_limits(world, show):
    assert show(world.vec_value("i32", [1, -2, 3])) == "[1, -2, 3]"
    assert show(world.vec_value("u8", [])) == "[]"
    assert show(world.vec_value("u16", range(10)), max_items=3) == "[0, 1, 2, ... 7 more]"
    assert show(world.vec_value("u8", [255, 1]), letter="x") == "[0xff, 0x1]"
    assert show(world.vec_value("u8", b"by\xff\n"), letter="s") == 'b"by\\xff\\n"'


def test_old_vec_layout_by_the_same_rule(show):
    world = World()
    die = world.old_vec(world.base("u16"))
    address = world.heap.put(b"\1\0\2\0")
    assert show(world.value(die, struct.pack("<QQQ", address, 2, 2))) == "[1, 2]"


def test_strings(world, show):
    assert show(world.string_value('a"b\n\x1bß')) == '"a\\"b\\n\\u{1b}ß"'
    assert show(world.string_value(b"ok\xff")) == '"ok\\xff" <invalid UTF-8 at byte 2>'
    assert show(world.string_value("x" * 20), max_text=4) == '"xxxx"... (4 of 20 bytes)'
    assert show(world.string_value("ßßß"), max_text=3) == '"ß"... (3 of 6 bytes)'
    text = world.wide("&str", world.base("u8"))
    data = struct.pack("<QQ", world.heap.put(b"hello"), 5)
    assert show(world.value(text, data)) == '"hello"'


def test_structs_and_tuples(world, show):
    point = world.struct("m::Point", [("x", world.base("i32")), ("y", world.base("f64"))])
    data = struct.pack("<i4xd", 1, 2.0)
    assert show(world.value(point, data)) == "Point { x: 1, y: 2.0 }"
    assert show(world.value(world.struct("m::Unit", []), b"")) == "Unit"
    assert (
        show(world.value(world.struct("m::Wrap", [("__0", world.base("u8"))]), b"\3")) == "Wrap(3)"
    )
    pair = world.tuple(world.base("u8"), world.base("bool"))
    assert show(world.value(pair, b"\3\0")) == "(3, false)"
    assert show(world.value(world.tuple(world.base("u8")), b"\3")) == "(3,)"
    reference = world.pointer(point)
    address = world.heap.put(data)
    assert show(world.value(reference, struct.pack("<Q", address))) == "&Point { x: 1, y: 2.0 }"
    raw = world.pointer(point, "*const ")
    shown = show(world.value(raw, struct.pack("<Q", address)))
    assert shown == f"{address:#x} as *const Point"


def test_enums(world, show):
    option = world.option(world.base("u32"))
    assert show(world.value(option, struct.pack("<II", 1, 7))) == "Some(7)"
    assert show(world.value(option, struct.pack("<II", 0, 7))) == "None"
    assert show(world.value(option, struct.pack("<II", 9, 7))) == "<invalid discriminant: 0x9>"
    color = world.c_enum("m::Color", [("Red", 0), ("Blue", 6)])
    assert show(world.value(color, b"\6")) == "Blue"
    assert show(world.value(color, b"\2")) == "<invalid Color: 2>"


def test_niche_beyond_32_bits(world, show):
    """``None`` of ``Option<String>`` is a capacity of 2^63: the tag is never cut."""
    string = world.string()
    option = world.enum(
        "core::option::Option<alloc::string::String>",
        24,
        ("u64", 8),
        [("None", ((1 << 63, 1 << 63),), ()), ("Some", (), [("__0", string, 0)])],
    )
    assert show(world.value(option, struct.pack("<QQQ", 0, 1 << 63, 0))) == "None"
    assert show(world.value(option, world.string_bytes("s"))) == 'Some("s")'


def test_128_bit_discriminant(world, show):
    enum = world.enum(
        "m::Wide",
        32,
        ("u128", 0),
        [("Low", ((0, 0),), ()), ("High", ((1 << 127, (1 << 128) - 1),), ())],
    )
    assert show(world.value(enum, (1 << 127 | 5).to_bytes(16, "little") + bytes(16))) == "High"


def test_hash_map(world, show):
    die = world.hash_map(world.base("u8"), world.base("u32"))
    buckets = [None, struct.pack("<B3xI", 1, 10), None, struct.pack("<B3xI", 2, 20)]
    value = world.value(die, world.hash_bytes(buckets, 8))
    assert show(value) == "{1: 10, 2: 20}"
    assert show(value, max_items=1) == "{1: 10, ... 1 more}"


def test_hash_map_in_bulk_is_the_same_as_one_by_one(world, show):
    die = world.hash_map(world.base("u8"), world.base("u32"))
    buckets = [struct.pack("<B3xI", i, i * 3) if i % 3 else None for i in range(256)]
    value = world.value(die, world.hash_bytes(buckets, 8))
    expected = ", ".join(f"{i}: {i * 3}" for i in range(256) if i % 3)
    assert show(value, max_items=None) == f"{{{expected}}}"
    assert show(value, max_items=60) == f"{{{', '.join(expected.split(', ')[:60])}, ... 110 more}}"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((0x10001, 5, 2), "not aligned"),
        ((0, 5, 2), "null data pointer"),
        ((0x10000, 1, 2), "longer than its capacity 1"),
        ((0x10000, 1 << 62, 1 << 61), "exceed"),
        ((0x7FFF_0000_0000, 1 << 20, 1 << 20), "not all mapped"),
        ((0x10000, 1 << 60, 1), "capacity"),
    ],
)
def test_garbage_vec_is_reported_not_read(world, show, words, reason):
    die = world.vec(world.base("u32"))
    raw = {"ptr": words[0], "cap": words[1], "len": words[2]}
    value = world.value(die, struct.pack("<QQQ", raw["ptr"], raw["cap"], raw["len"]))
    text = show(value)
    assert text.startswith(f"<Vec(len={words[2]} — implausible: ")
    assert reason in text


def test_absent_and_partly_absent(world, show):
    i32 = world.base("i32")
    point = world.struct("m::Pair", [("a", i32), ("b", i32)])
    gone = Value(world.get(point), Absent("optimised out"), world.context)
    assert show(gone) == "<optimised out>"
    half = Pieces((Part(Bytes(b"\1\0\0\0"), 4), Part(Absent("optimised out"), 4)))
    assert show(Value(world.get(point), half, world.context)) == "Pair { a: 1, b: <optimised out> }"
    text = world.wide("&str", world.base("u8"))
    half = Pieces((Part(Absent("optimised out"), 8), Part(Bytes(struct.pack("<Q", 5)), 8)))
    assert (
        show(Value(world.get(text), half, world.context))
        == "<&str of length 5, address optimised out>"
    )


def test_trait_object_shown_as_its_concrete_type(world, show):
    dog = world.struct("m::Dog", [("age", world.base("u8"))])
    trait = world.struct("dyn m::Animal", [], size=0)
    vtable = world.heap.put(struct.pack("<QQQ", 0, 1, 1))
    world.program.vtables[vtable] = world.get(dog)
    boxed = world.wide("alloc::boxed::Box<dyn m::Animal, alloc::alloc::Global>", trait, dyn=True)
    data = struct.pack("<QQ", world.heap.put(b"\3"), vtable)
    assert show(world.value(boxed, data)) == "Box(Dog { age: 3 })"
    unknown = struct.pack("<QQ", world.heap.put(b"\3"), vtable + 8)
    assert "concrete type unknown" in show(world.value(boxed, unknown))


def test_cycle_ends(world, show):
    node = world.struct("m::Node", [("next", 0)], size=8)
    pointer = world.pointer(node)
    row = world.rows[node]
    object.__setattr__(row, "members", (type(row.members[0])("next", pointer),))
    address = world.heap.put(bytes(8))
    world.heap.blocks[address][:] = struct.pack("<Q", address)
    text = show(world.value(pointer, struct.pack("<Q", address)), max_depth=50)
    assert "<cycle: back to the Node at" in text
    assert len(text) < 200


def test_depth_and_pretty(world, show):
    inner = world.struct("m::A", [("x", world.base("u8"))])
    outer = world.struct("m::B", [("a", inner), ("y", world.base("u8"))])
    value = world.value(outer, b"\1\2")
    assert show(value, max_depth=1) == "B { a: A { ... }, y: 2 }"
    assert (
        show(value, pretty=True, width=12) == "B {\n    a: A {\n        x: 1,\n    },\n    y: 2,\n}"
    )


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, "&B { a: A { x: 1, z: [2, 3, 4] }, y: 5 }"),
        (39, "&B { a: A { x: 1, z: [2, 3, 4] }, ... }"),
        (38, "&B { a: A { x: 1, ... }, y: 5 }"),
        (30, "&B { a: A { x: 1, ... }, ... }"),
        (29, "&B { a: A { ... }, ... }"),
        (23, "&B { ... }"),
        (5, "&B { ... }"),
    ],
)
def test_what_has_no_room_in_the_line_is_left_out(world, show, width: int, shown: str):
    items = world.array(world.base("u8"), 3)
    inner = world.struct("m::A", [("x", world.base("u8")), ("z", items)])
    outer = world.struct("m::B", [("a", inner), ("y", world.base("u8"))])
    address = world.heap.put(b"\1\2\3\4\5")
    value = world.value(world.pointer(outer), struct.pack("<Q", address))
    assert show(value, fit=True, width=width) == shown
