"""Values of the program as Python sees them."""

import operator
import struct
from fractions import Fraction
from itertools import islice

import pytest

from crabtrap.errors import CrabtrapError, IndexRangeError, KeyMissingError
from crabtrap.present import std_presenter
from crabtrap.session.python_values import RustBehaviour
from crabtrap.values import Absent, UnavailableError, Value
from tests.support.synthetic_types import SyntheticProgram, World


@pytest.fixture
def world() -> World:
    return World(program=SyntheticProgram(RustBehaviour(std_presenter())))


def scalar(world: World, name: str, code: str, content: object) -> Value:
    return world.value(world.base(name), struct.pack(f"<{code}", content))


@pytest.fixture
def vector(world: World) -> Value:
    return world.vec_value("i32", [10, 20, 30, 40])


@pytest.fixture
def table(world: World) -> Value:
    pairs = [None, struct.pack("<B3xI", 1, 10), None, struct.pack("<B3xI", 2, 20)]
    type_ = world.hash_map(world.base("u8"), world.base("u32"))
    return world.value(type_, world.hash_bytes(pairs, 8))


def reference(world: World, value: Value, target: int) -> Value:
    assert value.address is not None
    return world.value(world.pointer(target), struct.pack("<Q", value.address))


def test_items_by_position(vector: Value) -> None:
    assert (int(vector[0]), int(vector[-1])) == (10, 40)
    assert len(vector) == 4
    assert [int(item) for item in vector] == [10, 20, 30, 40]
    for index in (4, -5):
        with pytest.raises(IndexRangeError, match=f"index {index} is out of range for length 4"):
            vector[index]
    with pytest.raises(IndexError):
        vector[vector[0]]
    with pytest.raises(CrabtrapError):
        vector[99]


def test_slices_are_lazy_sequences(world: World, vector: Value) -> None:
    begin = world.heap.reads
    len(vector)
    without_items = world.heap.reads - begin
    part = vector[1:3]
    assert world.heap.reads - begin == 2 * without_items
    assert part == [20, 30]
    assert (len(part), part[-1], str(part)) == (2, 30, "[20, 30]")
    assert vector[2:] == [30, 40]
    assert vector[:-1][1:] == [20, 30]
    assert vector[:99] == vector
    assert vector[3:1] == []
    assert vector[::-1] == [40, 30, 20, 10]
    assert vector[::2] == [10, 30]


def test_fields_by_name_through_references(world: World) -> None:
    point = world.struct("m::Point", [("x", world.base("i32")), ("y", world.base("u64"))])
    value = world.value(point, struct.pack("<i4xQ", -3, 9))
    assert value["x"] == -3
    assert reference(world, value, point)["y"] == 9
    with pytest.raises(KeyMissingError, match=r"^Point has no field z$") as caught:
        value["z"]
    assert (caught.value.hint, caught.value.name) == ("it has x, y", "z")
    with pytest.raises(KeyError):
        value["z"]
    for refused in (len, iter, int, operator.index, lambda v: v[0], lambda v: 1 in v):
        with pytest.raises(TypeError):
            refused(value)


def test_tuples_are_sequences_of_their_fields(world: World) -> None:
    value = world.value(world.tuple(world.base("i32"), world.base("bool")), b"\7\0\0\0\1\0\0\0")
    first, second = value
    assert (first, second) == (7, True)
    assert value == (7, True)
    assert value != (7, True, 1)
    assert value != (7,)
    assert (len(value), value[1], value["0"]) == (2, True, 7)


def test_maps_are_walked_by_key(table: Value) -> None:
    assert len(table) == 2
    assert table[2] == 20
    assert sorted(map(int, table)) == [1, 2]
    assert sorted((int(key), int(value)) for key, value in table.items()) == [(1, 10), (2, 20)]
    assert 1 in table
    assert 3 not in table
    assert "1" not in table
    assert table == {1: 10, 2: 20}
    assert table != {1: 10}
    assert table != {1: 10, 2: 21}
    assert table[next(iter(table))] in (10, 20)
    for key in (3, 300, "x", None):
        with pytest.raises(KeyMissingError, match="no such key in the map"):
            table[key]


def test_maps_are_not_looked_up_by_the_bytes_of_other_types(world: World) -> None:
    pairs = [struct.pack("<II", ord("a"), 5), None]
    table = world.value(
        world.hash_map(world.base("char"), world.base("u32")), world.hash_bytes(pairs, 8)
    )
    assert table["a"] == 5
    assert ord("a") not in table


def test_raw_pointers_are_their_addresses(world: World) -> None:
    for target in (0, world.base("i32")):
        type_ = world.pointer(target, "*const ")
        null, wild = world.value(type_, bytes(8)), world.value(type_, b"\x10" + bytes(7))
        assert (bool(null), bool(wild)) == (False, True)
        assert (int(wild), wild == 16, null == 0, wild == 0) == (16, True, True, False)


def test_texts(world: World) -> None:
    text = world.string_value("grüße")
    assert (str(text), len(text), f"{text:>7}") == ("grüße", 7, "  grüße")
    assert text == "grüße"
    assert text == "grüße".encode()
    assert text != "gruesse"
    assert "üß" in text
    assert text[0:2] == "gr"
    assert bool(text)
    assert not world.string_value("")
    assert text == world.string_value("grüße")
    for refused in (iter, lambda v: v[0], lambda v: v[::2], lambda v: 3 in v):
        with pytest.raises(TypeError):
            refused(text)


def test_numbers(world: World) -> None:
    value = scalar(world, "i32", "i", -42)
    assert (int(value), float(value), value == -42, value != 42) == (-42, -42.0, True, True)
    assert f"{value:x} {value:5} {value}" == "-2a   -42 -42"
    assert [*range(8)][scalar(world, "u8", "B", 3)] == 3
    assert not scalar(world, "i32", "i", 0)
    half = scalar(world, "f64", "d", 2.5)
    assert (float(half), int(half), f"{half:.2f}", half == 2.5) == (2.5, 2, "2.50", True)
    with pytest.raises(TypeError):
        operator.index(half)
    assert reference(world, value, world.base("i32")) == -42
    assert value == Fraction(-42)
    newtype = world.value(world.struct("m::Id", [("__0", world.base("u8"))]), b"\7")
    assert (int(newtype), newtype[0]) == (7, 7)


def test_bools_chars_and_enums(world: World) -> None:
    true, false = scalar(world, "bool", "?", True), scalar(world, "bool", "?", False)
    assert true
    assert not false
    assert (true == True, str(true), f"{false:>6}") == (True, "true", " false")  # noqa: E712
    char = world.value(world.base("char"), struct.pack("<I", ord("ß")))
    assert (str(char), char == "ß", bool(char)) == ("ß", True, True)
    colors = world.c_enum("m::Color", [("Red", 0), ("Blue", 6)])
    blue = world.value(colors, b"\6")
    assert (blue == "Blue", blue == 6, blue == "Red", str(blue)) == (True, True, False, "Blue")
    assert bool(world.value(colors, b"\0"))


def test_options_are_true_where_they_hold_something(world: World) -> None:
    option = world.option(world.base("u32"))
    some = world.value(option, struct.pack("<II", 1, 0))
    none = world.value(option, struct.pack("<II", 0, 0))
    assert some
    assert not none
    assert none == None  # noqa: E711 - what is tested
    assert some != None  # noqa: E711 - what is tested
    assert some[0] == 0
    assert none == "None"


def test_equality_between_values(world: World, vector: Value, table: Value) -> None:
    assert vector == world.vec_value("i64", [10, 20, 30, 40])
    assert vector != world.vec_value("i32", [10, 20, 30])
    assert vector == (10, 20, 30, 40)
    assert vector != [10, 20, 30, 40, 50]
    assert vector != "10"
    assert world.vec_value("u8", [1, 2]) == b"\1\2"
    assert bytes(world.vec_value("u8", [1, 2])) == b"\1\2"
    assert vector != table
    assert vector != object()
    assert 30 in vector
    assert 35 not in vector
    with pytest.raises(TypeError, match="unhashable"):
        hash(vector)


def test_what_cannot_be_read(world: World) -> None:
    gone = Value(world.get(world.base("i32")), Absent("optimised out"), world.context)
    assert repr(gone) == "<Value i32: <optimised out>>"
    assert str(gone) == "<optimised out>"
    for refused in (bool, int, len, iter, lambda v: v == 3, lambda v: v[0]):
        with pytest.raises(UnavailableError, match="optimised out"):
            refused(gone)
    wild = world.value(world.vec(world.base("i32")), world.vec_bytes(b"", 1 << 60))
    assert "implausible" in repr(wild)
    with pytest.raises(UnavailableError, match="implausible"):
        len(wild)


def test_huge_lengths_cost_nothing(world: World) -> None:
    units = world.value(world.array(0, (1 << 62) - 1), b"")
    assert len(units) == (1 << 62) - 1
    assert len(list(islice(units, 3))) == 3
    assert len(units[5:]) == (1 << 62) - 6
    assert units
    assert len(repr(units)) < 120


def test_repr_is_short(world: World) -> None:
    value = world.vec_value("i32", list(range(1000)))
    assert repr(value) == "<Value Vec<i32>: [0, 1, 2, 3, 4, 5, 6, 7, ... 992 more]>"


def test_html_is_escaped(world: World) -> None:
    shown = world.string_value("<b>&</b>")._repr_html_()
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in shown
    assert "<b>" not in shown
    tree = world.vec_value("i32", list(range(60)))._repr_html_()
    assert tree.count("<details") == 1
    assert tree.count("<div>") == 51
    assert "... 10 more" in tree
