"""Places are narrowed without reading; values read what is asked and nothing else."""

from __future__ import annotations

import struct

import pytest

from crabtrap.address import Address
from crabtrap.errors import MemoryFault, NotFoundError, RangeError, UsageError
from crabtrap.symbols.types import SyntheticRow, Type, array_type
from crabtrap.values import (
    Absent,
    Bytes,
    BytesReader,
    ImplicitPointer,
    Invalid,
    Memory,
    NoProgramInfo,
    Part,
    Pieces,
    Register,
    UnavailableError,
    Value,
    ValueContext,
    narrow,
)
from tests.support.synthetic_types import MemberRow, World


@pytest.fixture
def world() -> World:
    return World()


class Frame:
    """A frame with two registers and one variable."""

    def __init__(self, variable: Value | None = None) -> None:
        self.registers = {0: b"\1\2\3\4\5\6\7\x08", 3: b"\xff" * 8}
        self.known = variable

    def register_bytes(self, number: int) -> bytes | None:
        return self.registers.get(number)

    def variable(self, die: int) -> Value | None:
        return self.known if die == 7 else None


def in_frame(world: World, die: int, location, frame: Frame) -> Value:
    return Value(world.get(die), location, ValueContext(world.heap, NoProgramInfo(), frame))


def test_nothing_is_read_until_asked(world):
    point = world.struct("m::P", [("x", world.base("u32")), ("y", world.base("u32"))])
    value = world.value(point, struct.pack("<II", 1, 2))
    reads = world.heap.reads
    part = value.field("y")
    assert world.heap.reads == reads
    assert part.scalar() == 2
    assert part.address == value.address + 4


@pytest.mark.parametrize(
    ("location", "offset", "size", "expected"),
    [
        (Memory(Address(100)), 8, 4, Memory(Address(108))),
        (Register(3), 2, 1, Register(3, 2)),
        (Register(3, 1), 2, 1, Register(3, 3)),
        (Bytes(b"abcdef"), 2, 3, Bytes(b"cde")),
        (Absent("gone"), 2, 3, Absent("gone")),
        (ImplicitPointer(7, 0), 0, 8, ImplicitPointer(7, 0)),
        (Pieces((Part(Bytes(b"ab"), 2), Part(Register(0), 8))), 2, 8, Register(0)),
        (Pieces((Part(Bytes(b"ab"), 2), Part(Register(0), 8))), 4, 2, Register(0, 2)),
        (Pieces((Part(Bytes(b"ab"), 2), Part(Bytes(b"cd"), 2))), 1, 2,
         Pieces((Part(Bytes(b"b"), 1), Part(Bytes(b"c"), 1)))),
        (Pieces((Part(Bytes(b"ab"), 2),)), 5, 2, Absent("optimised out")),
    ],
)  # fmt: skip
def test_narrowing(location, offset, size, expected):
    assert narrow(location, offset, size) == expected


def test_registers_and_pieces(world):
    u32, u64 = world.base("u32"), world.base("u64")
    frame = Frame()
    assert in_frame(world, u64, Register(0), frame).scalar() == 0x0807060504030201
    assert in_frame(world, u32, Register(0, 4), frame).scalar() == 0x08070605
    pieces = Pieces((Part(Bytes(b"\1\0"), 2), Part(Register(0, 1), 2)))
    assert in_frame(world, u32, pieces, frame).read_bytes() == b"\1\0\2\3"
    with pytest.raises(UnavailableError, match="overwritten"):
        in_frame(world, u64, Register(5), frame).scalar()
    shifted = Pieces((Part(Bytes(b"\x10\x20\x30\x40\x50"), 4, bit_offset=4),))
    assert in_frame(world, u32, shifted, frame).read_bytes() == b"\1\2\3\4"


def test_absence_carries_its_reason(world):
    u32 = world.base("u32")
    gone = world.bytes_value(u32, b"")
    with pytest.raises(UnavailableError, match="only 0 of 4 bytes"):
        gone.scalar()
    absent = Value(world.get(u32), Absent("not in scope yet"), world.context)
    assert absent.absent == "not in scope yet"
    with pytest.raises(UnavailableError, match="not in scope yet"):
        absent.scalar()
    half = Pieces((Part(Absent("optimised out"), 2), Part(Bytes(b"ab"), 2)))
    assert Value(world.get(u32), half, world.context).absent is None


def test_wide_integers_are_never_cut(world):
    data = bytes(range(16))
    assert world.bytes_value(world.base("u128"), data).scalar() == int.from_bytes(data, "little")
    low = world.bytes_value(world.base("i128"), b"\0" * 15 + b"\x80")
    assert low.scalar() == -(1 << 127)


def test_fields_items_and_errors(world):
    point = world.struct("m::P", [("x", world.base("u32")), ("y", world.base("u32"))])
    value = world.value(point, bytes(8))
    with pytest.raises(NotFoundError) as caught:
        value.field("z")
    assert caught.value.close == ("x", "y")
    array = world.value(world.array(world.base("u16"), 2), b"\1\0\2\0")
    assert array.index(1).scalar() == 2
    for index in (2, -1):
        with pytest.raises(RangeError):
            array.index(index)
    with pytest.raises(UsageError):
        value.index(0)


def test_bit_fields(world):
    byte = world.base("i8")
    die = world.add(
        SyntheticRow(
            "struct",
            "Bits",
            1,
            members=(
                MemberRow("low", world.base("u8"), 0, 0, 3),
                MemberRow("high", byte, 0, 3, 5),
            ),
        )
    )
    value = world.value(die, bytes([0b10110_101]))
    assert value.field("low").scalar() == 0b101
    assert value.field("high").scalar() == 0b10110 - 32


def test_pointers(world):
    u32 = world.base("u32")
    location = world.heap.put(b"\5\0\0\0")
    pointer = world.value(world.pointer(u32), struct.pack("<Q", location))
    assert pointer.deref().scalar() == 5
    null = world.value(world.pointer(u32, "*const "), bytes(8))
    with pytest.raises(UnavailableError, match="null pointer"):
        null.deref()
    wild = world.value(world.pointer(u32), struct.pack("<Q", 1 << 40))
    with pytest.raises(MemoryFault):
        wild.deref().scalar()
    with pytest.raises(UsageError, match="not a pointer"):
        world.value(u32, bytes(4)).deref()


def test_a_removed_pointer_still_leads_to_its_variable(world):
    u32 = world.base("u32")
    frame = Frame(world.bytes_value(u32, b"\x09\0\0\0"))
    pointer = in_frame(world, world.pointer(u32), ImplicitPointer(7, 0), frame)
    assert pointer.deref().scalar() == 9
    unknown = in_frame(world, world.pointer(u32), ImplicitPointer(8, 0), frame)
    with pytest.raises(UnavailableError, match="optimised out"):
        unknown.deref()
    with pytest.raises(UnavailableError, match="optimised away"):
        pointer.read_bytes()


def test_variants(world):
    option = world.option(world.base("u32"))
    case, inside = world.value(option, struct.pack("<II", 1, 7)).variant()
    assert (case.name, inside.field("0").scalar()) == ("Some", 7)
    bad = world.value(option, struct.pack("<II", 5, 7))
    assert bad.case() == Invalid("invalid discriminant: 0x5")
    with pytest.raises(UnavailableError):
        bad.fields()


def test_uninhabited_variants_need_no_discriminant(world):
    never = world.add(SyntheticRow("enum", "Infallible", 0, path="core::convert::Infallible"))
    die = world.enum(
        "core::result::Result<u8, core::convert::Infallible>",
        1,
        None,
        [("Ok", (), [("__0", world.base("u8"), 0)]), ("Err", (), [("__0", never, 0)])],
    )
    assert world.value(die, b"\3").variant()[0].name == "Ok"


def test_unsized_tail_lies_behind_the_other_fields(world):
    """Some compilers say that the tail of ``ArcInner<[T]>`` has offset 0."""
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


def test_bytes_reader_has_holes():
    reader = BytesReader({100: b"abc"})
    assert reader.read(101, 2) == b"bc"
    for address, size in ((99, 2), (102, 2)):
        with pytest.raises(MemoryFault):
            reader.read(address, size)


def test_a_type_that_is_an_alias_of_itself_ends():
    type_ = Type(SyntheticRow("typedef", "Loop", None))
    type_._target = type_
    assert type_.strip() is type_
    assert array_type(type_, 3).size is None
