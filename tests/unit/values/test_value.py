"""Values: nothing is read before it is asked for, and each failure has its reason."""

from __future__ import annotations

import struct

import pytest

from crabtrap.errors import MemoryFault, NotFoundError, RangeError, UsageError
from crabtrap.symbols.types import SyntheticRow
from crabtrap.values import (
    Absent,
    Bytes,
    ImplicitPointer,
    Invalid,
    NoProgramInfo,
    Part,
    Pieces,
    Register,
    UnavailableError,
    Value,
    ValueContext,
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


def test_an_absent_value_has_a_reason(world):
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


def test_wide_integers_are_not_truncated(world):
    data = bytes(range(16))
    assert world.bytes_value(world.base("u128"), data).scalar() == int.from_bytes(data, "little")
    low = world.bytes_value(world.base("i128"), b"\0" * 15 + b"\x80")
    assert low.scalar() == -(1 << 127)


def test_fields_elements_and_errors(world):
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


def test_an_implicit_pointer_is_followed_to_its_variable(world):
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


def test_values_of_no_session_are_scalars_fields_and_arrays_in_python(world: World) -> None:
    i32 = world.base("i32")
    point = world.value(world.struct("m::Point", [("x", i32)]), b"\7\0\0\0")
    assert (point["x"] == 7, int(point["x"]), f"{point['x']:#x}") == (True, 7, "0x7")
    with pytest.raises(KeyError):
        point["z"]
    array = world.value(world.array(i32, 2), bytes(8))
    assert (len(array), array == [0, 0], 1 in array, bool(array)) == (2, True, False, True)
    assert [*array] == [array[0], array[1]]
    with pytest.raises(TypeError):
        len(point)
    assert repr(array[0]) == "<Value i32: 0>"
    assert repr(point) == "<Value Point: ...>"
    gone = Value(world.get(i32), Absent("gone"), world.context)
    assert repr(gone) == "<Value i32: <gone>>"
    assert gone._repr_html_() == "<code>&lt;gone&gt;</code>"
    with pytest.raises(TypeError, match="unhashable"):
        hash(array)
