"""Where arguments go, by the rules of the System V ABI, and the memory they take."""

from __future__ import annotations

import struct

import pytest

from crabtrap.errors import RangeError
from crabtrap.expr import EvaluationError
from crabtrap.present import std_presenter
from crabtrap.session.calls.convention import Argument, entry_stack, lay_out, ways_to_return
from crabtrap.session.calls.formatter import make_formatter
from crabtrap.session.calls.scratch import Scratch
from crabtrap.symbols.types import UNIT
from tests.support.synthetic_types import World

W = World()
TOP = 0x7FFF_0000
LOCATION = 0x1234


def argument(name: str, data: bytes) -> Argument:
    return Argument("x", W.get(W.base(name)), data)


def number(value: int, name: str = "u64") -> Argument:
    type_ = W.get(W.base(name))
    return Argument("x", type_, value.to_bytes(type_.size or 0, "little", signed=value < 0))


def laid_out(*arguments: Argument, result: int | None = None):
    return lay_out(arguments, Scratch(TOP), result, LOCATION)


def test_integers_take_six_registers_and_then_the_stack():
    layout = laid_out(*(number(index) for index in range(8)))
    names = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
    assert layout.registers == dict(zip(names, range(6), strict=True))
    assert layout.stack == [6, 7, LOCATION]


def test_floats_have_registers_of_their_own():
    layout = laid_out(
        number(1), argument("f64", struct.pack("<d", 2.0)), argument("f32", struct.pack("<f", 3.0))
    )
    assert layout.registers == {
        "rdi": 1,
        "rsi": LOCATION,
        "xmm0": struct.pack("<d", 2.0).ljust(16, b"\0"),
        "xmm1": struct.pack("<f", 3.0).ljust(16, b"\0"),
    }


def test_small_integers_are_extended_as_their_type_says():
    layout = laid_out(number(-1, "i8"), number(200, "u8"))
    assert (layout.registers["rdi"], layout.registers["rsi"]) == ((1 << 64) - 1, 200)


def test_a_result_in_memory_comes_first():
    assert laid_out(number(5), result=0x8000).registers["rdi"] == 0x8000


def test_what_takes_no_room_is_not_passed():
    unit = Argument("x", UNIT, b"")
    assert laid_out(unit, number(5)).registers["rdi"] == 5


def test_large_values_are_passed_by_address_of_a_copy():
    scratch = Scratch(TOP)
    data = bytes(range(24))
    large = Argument("x", W.get(W.array(W.base("u64"), 3)), data)
    layout = lay_out([large], scratch, None, LOCATION)
    assert scratch.writes == [(layout.registers["rdi"], data)]


def test_a_slice_may_lie_half_on_the_stack():
    slice_ = Argument("x", W.get(W.wide("&[u8]", W.base("u8"))), struct.pack("<QQ", 7, 8))
    layout = laid_out(*(number(0) for _ in range(5)), slice_)
    assert (layout.registers["r9"], layout.stack[0]) == (7, 8)


def test_a_double_word_is_aligned_on_the_stack_and_never_split():
    wide = number(1 << 64, "u128")
    layout = laid_out(*(number(0) for _ in range(7)), wide)
    assert layout.stack[:4] == [0, 0, 0, 1]
    with pytest.raises(EvaluationError, match="one register left"):
        laid_out(*(number(0) for _ in range(5)), wide)


@pytest.mark.parametrize("count", range(5, 12))
def test_the_stack_is_aligned_at_the_entry(count):
    scratch = Scratch(TOP - 13)
    layout = lay_out([number(index) for index in range(count)], scratch, None, LOCATION)
    sp = entry_stack(scratch, layout, 0xABC)
    assert (sp + 8) % 16 == 0
    data = next(data for address, data in scratch.writes if address == sp)
    words = struct.unpack(f"<{len(data) // 8}Q", data)
    assert words[: 1 + len(layout.stack)] == (0xABC, *layout.stack)
    assert sp + len(data) <= TOP - 13


def test_ways_to_return():
    array = {size: W.get(W.array(W.base("u8"), size)) for size in (8, 9, 16, 17)}
    assert ways_to_return(None) == ways_to_return(UNIT) == ("nothing",)
    assert ways_to_return(W.get(W.base("f64"))) == ("registers",)
    assert ways_to_return(array[8]) == ("registers",)
    assert ways_to_return(array[9]) == ways_to_return(array[16]) == ("memory", "registers")
    assert ways_to_return(array[17]) == ("memory",)


def test_scratch_memory_has_an_end():
    scratch = Scratch(TOP)
    assert scratch.put(b"abc", 16) % 16 == 0
    assert scratch.bottom < TOP
    with pytest.raises(RangeError, match="of the stack"):
        scratch.reserve(2 << 20)


@pytest.mark.parametrize(("pretty", "flags"), [(False, 0x6000_0020), (True, 0x6080_0020)])
def test_a_formatter_with_packed_options(pretty, flags):
    u16 = W.base("u16")
    options = W.struct(
        "core::fmt::FormattingOptions",
        [("flags", W.base("u32")), ("width", u16), ("precision", u16)],
    )
    buffer = W.wide("&mut dyn core::fmt::Write", W.base("u8"), dyn=True)
    formatter = W.struct("core::fmt::Formatter", [("buf", buffer), ("options", options)])
    data = make_formatter(W.get(formatter), 1, 2, std_presenter(), pretty=pretty)
    assert struct.unpack("<QQIHH", data) == (1, 2, flags, 0, 0)


@pytest.mark.parametrize(("pretty", "flags"), [(False, 0), (True, 4)])
def test_a_formatter_with_options_of_its_own(pretty, flags):
    world = World()
    u32, size = world.base("u32"), world.option(world.base("usize"))
    alignment = world.c_enum(
        "core::fmt::rt::v1::Alignment", [("Left", 0), ("Right", 1), ("Center", 2), ("Unknown", 3)]
    )
    buffer = world.wide("&mut dyn core::fmt::Write", world.base("u8"), dyn=True)
    fields = [
        ("width", size), ("precision", size), ("buf", buffer),
        ("flags", u32), ("fill", world.base("char")), ("align", alignment),
    ]  # fmt: skip
    formatter = world.get(world.struct("core::fmt::Formatter", fields))
    data = make_formatter(formatter, 1, 2, std_presenter(), pretty=pretty)
    at = {field.name: field.offset for field in formatter.fields}
    assert struct.unpack_from("<QQ", data, at["buf"]) == (1, 2)
    assert struct.unpack_from("<I", data, at["flags"]) == (flags,)
    assert struct.unpack_from("<IB", data, at["fill"]) == (0x20, 3)
    assert data[at["width"]] == data[at["precision"]] == 0


def test_a_formatter_of_another_kind_is_refused():
    strange = W.struct("core::fmt::Strange", [("sign", W.base("u32"))])
    with pytest.raises(EvaluationError, match="a field sign here, of unknown meaning"):
        make_formatter(W.get(strange), 1, 2, std_presenter(), pretty=False)
