"""Shapes for values that are packed, shared or hidden: right, and honest where damaged."""

from __future__ import annotations

import random
import struct
from dataclasses import replace

import pytest

from crabtrap.present import RenderOptions, render, std_presenter
from crabtrap.present.rules.formula import parse_formula
from crabtrap.present.rules.user_rules import RuleFileError, parse_rules
from tests.support.synthetic_types import World


@pytest.fixture
def world():
    return World()


def show(value, shape, more="", when=""):
    name = value.type.path
    rule = f"[[rule]]\ntype = {name!r}\n{when}\n{shape}\n{more}"
    return render(value, std_presenter(parse_rules(rule, "mine.toml")))


def test_functions_in_formulas(world):
    u64 = world.base("u64")
    far = world.heap.put(bytes(range(1, 17)))
    die = world.struct(
        "app::F<u64>", [("at", u64), ("few", world.array(u64, 2))], arguments=[("T", u64)]
    )
    value = world.value(die, struct.pack("<QQQ", far, 6, 1 << 40))
    for formula, expected in {
        "u8(at + 2)": 3,
        "u16(at)": 0x0201,
        "u32(at) >> 16": 0x0403,
        "u64(at + 8) >> 56": 16,
        "word(few, 1) >> 40": 1,
        "bit_length(few.0)": 3,
        "count_ones(few.0)": 2,
        "min(few.0, 4) * max(few.0, 4)": 24,
        "size_of(T) + align_of(T)": 16,
    }.items():
        shown = show(value, f"number = {{ value = {formula!r} }}")
        assert shown == str(expected), formula
    assert show(value, "wrapper = { name = 'F', notes = { few = 'exists(few)' } }") == "F(few)"
    assert show(value, "wrapper = { name = 'F', notes = { x = 'has_type(app::G)' } }") == "F()"
    assert show(value, "number = { value = 'u8(3)' }").startswith("<")
    assert show(value, "number = { value = 'word(few, 2)' }") == "<[u64; 2] has no word 2>"


@pytest.mark.parametrize(
    "text", ["size(x)", "u8(1, 2)", "min(1)", "exists(1)", "word(1, 2)", "u8(1", "a::b + 1", "u8()"]
)
def test_calls_that_are_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_formula(text)


def test_texts_with_a_tag(world):
    die = world.struct("app::Tag", [("tag", world.base("u64")), ("n", world.base("u64"))])
    far = world.heap.put(b"far away")
    rule = "text = { address = 'tag >> 1', length = 'n - 1' }"
    assert show(world.value(die, struct.pack("<QQ", far << 1 | 1, 9)), rule) == '"far away"'
    for tag, length in ((far << 1, 10_000), (4, 3), (1 << 63, 3), (far << 1, 0)):
        assert "implausible" in show(world.value(die, struct.pack("<QQ", tag, length)), rule)


def test_numbers_of_several_words(world):
    u32 = world.base("u32")
    digits = world.struct("app::Big", [("digits", world.vec(u32)), ("minus", world.base("bool"))])
    rule = "number = { digits = 'digits', negative = 'minus' }"

    def big(number: int, count: int, minus: int = 0) -> str:
        words = world.vec_bytes(number.to_bytes(4 * count, "little"), count)
        return show(world.value(digits, words + bytes([minus]) + bytes(7)), rule)

    assert big(10**20, 3) == str(10**20)
    assert big(10**20, 3, 1) == f"-{10**20}"
    assert big(0, 0) == "0"
    assert big(0xABC << 9000, 300) == f"0x{'abc' + '0' * 21}... (9012 bits)"
    scaled = world.struct("app::Scaled", [("units", world.base("i64")), ("places", u32)])
    rule = "number = { value = 'units', scale = 'places' }"
    for units, places, expected in (
        (-1234, 2, "-12.34"),
        (5, 3, "0.005"),
        (5, 0, "5"),
        (1, 1 << 31, "<Scaled — implausible: scale 2147483648>"),
    ):
        assert show(world.value(scaled, struct.pack("<qI4x", units, places)), rule) == expected


def test_bits_from_either_end(world):
    u8 = world.base("u8")
    die = world.struct("app::Bits", [("words", world.array(u8, 4)), ("n", u8)])
    value = world.value(die, bytes((0b1000_0001, 0b10, 0, 0, 10)))
    fields = "inline = 'words', length = 'n'"
    assert show(value, f"bits = {{ {fields} }}") == "[1, 0, 0, 0, 0, 0, 0, 1, 0, 1]"
    assert show(value, f"bits = {{ {fields}, set = true }}") == "{0, 7, 9}"
    assert show(value, f"bits = {{ {fields}, first = 7, set = true }}") == "{0, 2}"
    # In a word of two bytes the highest bit is in the second byte.
    high = f"bits = {{ {fields}, order = 'msb', word = 2, set = true }}"
    assert show(value, high) == "{6, 8}"
    assert "implausible" in show(value, "bits = { inline = 'words', length = 33 }")
    assert "implausible" in show(value, "bits = { address = 'n', length = 33 }")


def test_flags_are_named_and_unknown_bits_are_told(world):
    die = world.struct("app::Flags", [("bits", world.base("u8"))])
    rule = "flags = { bits = 'bits', names = { ALL = 7, A = 1, B = 2, NONE = 0 } }"
    for bits, expected in ((3, "A | B"), (7, "ALL"), (15, "ALL | 0x8"), (0, "NONE"), (8, "0x8")):
        assert show(world.value(die, bytes([bits])), rule) == expected


def test_arrays_of_two_dimensions(world):
    i16, usize = world.base("i16"), world.base("usize")
    fields = [("data", world.pointer(i16, "*const ")), ("shape", world.array(usize, 2))]
    die = world.struct("app::Grid", [*fields, ("steps", world.array(world.base("isize"), 2))])
    at = world.heap.put(struct.pack("<6h", *range(6)))

    def grid(start: int, shape: tuple[int, int], steps: tuple[int, int], rule: str) -> str:
        data = struct.pack("<QQQqq", start, *shape, *steps)
        return show(world.value(die, data), f"array = {{ data = 'data', {rule} }}")

    strided = "shape = 'shape', strides = 'steps'"
    lengths = "lengths = ['shape.0', 'shape.1']"
    assert grid(at, (2, 3), (3, 1), strided) == "2x3([[0, 1, 2], [3, 4, 5]])"
    assert grid(at, (3, 2), (1, 3), strided) == "3x2([[0, 3], [1, 4], [2, 5]])"
    assert grid(at + 10, (2, 3), (-3, -1), strided) == "2x3([[5, 4, 3], [2, 1, 0]])"
    assert grid(at, (2, 3), (0, 0), lengths) == "2x3([[0, 1, 2], [3, 4, 5]])"
    columns = f"{lengths}, order = 'columns'"
    assert grid(at, (2, 3), (0, 0), columns) == "2x3([[0, 2, 4], [1, 3, 5]])"
    assert grid(at, (0, 3), (3, 1), strided) == "0x3([])"
    for shape, steps in (
        ((2, 300_000), (3, 1)),
        ((2, 3), (1 << 40, 1)),
        ((1 << 40, 1 << 40), (0, 0)),
        ((2, 3), (-3, 1)),
    ):
        assert "implausible" in grid(at, shape, steps, strided)


def test_free_slots_of_an_arena(world):
    u32 = world.base("u32")
    slot = world.struct("app::Slot", [("value", u32), ("uses", u32)])
    die = world.struct("app::Arena", [("slots", world.vec(slot)), ("used", world.base("u64"))])
    rule = "arena = { slots = 'slots', value = 'value', occupied = 'uses % 2', length = 'used' }"

    def arena(used: int) -> str:
        slots = struct.pack("<6I", 10, 1, 11, 2, 12, 3)
        return show(world.value(die, world.vec_bytes(slots, 3) + struct.pack("<Q", used)), rule)

    assert arena(2) == "{0: 10, 2: 12}"
    assert arena(1) == "{0: 10} <more than 1 slots are in use>"
    assert arena(3) == "{0: 10, 2: 12} <only 2 of 3 slots are in use>"
    assert "implausible" in arena(4)


def test_a_tree_that_runs_in_a_circle_ends(world):
    rules = """
        [[rule]]
        type = "app::Ring"
        join = { parts = [{ node = "below" }, { item = "item" }] }
    """
    usize = world.base("usize")
    below = world.pointer(usize)
    ring = world.struct("app::Ring", [("item", usize), ("below", below)])
    world.rows[below] = replace(world.rows[below], name="&app::Ring", target=ring)
    at = world.heap.put(bytes(16))
    world.heap.blocks[at][:] = struct.pack("<QQ", 1, at)
    value = world.value(ring, struct.pack("<QQ", 7, at))
    shown = render(value, std_presenter(parse_rules(rules, "mine.toml")))
    assert "levels deep" in shown


def test_the_functions_of_a_hidden_type_must_agree(world):
    u8, u64 = world.base("u8"), world.base("u64")
    function = world.pointer(u8, "*const ")
    table = world.struct("app::Table", [("drop", function), ("show", function)])
    whole = world.struct("app::Whole<()>", [("table", world.pointer(table))])
    world.struct("app::Whole<u64>", [("table", world.pointer(table)), ("item", u64)])
    die = world.struct("app::Hidden", [("inner", world.pointer(whole, "*const "))])
    rule = """
        [rule.erased]
        pointer = "inner"
        table = "inner.table"
        functions = ["drop", "show"]
        whole = "app::Whole<{}>"
        inner = "item"
    """
    instances = world.program.instances
    instances[1] = instances[2] = (world.get(u64),)
    instances[3] = (world.get(u8),)

    def hidden(drop: int, shown: int) -> str:
        at = world.heap.put(struct.pack("<QQ", world.heap.put(struct.pack("<QQ", drop, shown)), 5))
        return show(world.value(die, struct.pack("<Q", at)), rule)

    assert hidden(1, 2) == "Hidden(5)"
    assert hidden(1, 9) == "Hidden(5)"
    assert "concrete type unknown: its functions are of u64 and u8" in hidden(1, 3)
    assert "no debug information for its functions" in hidden(8, 9)
    assert "type app::Whole<u8> is not described" in hidden(3, 3)


def test_what_does_not_hold_is_implausible(world):
    die = world.struct("app::Net", [("length", world.base("u8"))])
    rule, check = "format = { text = '/{length:03}' }", "check = 'length <= 32'"
    assert show(world.value(die, b"\x08"), rule, check) == "/008"
    broken = "<Net — implausible: length <= 32 does not hold>"
    assert show(world.value(die, b"\x21"), rule, check) == broken


def test_parts_of_a_text(world):
    usize = world.base("usize")
    bounds = world.vec(world.option(usize))
    die = world.struct(
        "app::Found", [("text", world.wide("&str", world.base("u8"))), ("at", bounds)]
    )
    rule = "slices = { text = 'text', bounds = 'at', less = 1 }"
    text = struct.pack("<QQ", world.heap.put(b"on 2024"), 7)

    def found(*ends: int | None) -> str:
        data = b"".join(struct.pack("<I4xQ", n is not None, n or 0) for n in ends)
        return show(world.value(die, text + world.vec_bytes(data, len(ends))), rule)

    assert found(4, 8, None, None) == '[Some("2024"), None]'
    assert found(4, 9) == "[] <3..8 is no part of 7 bytes>"
    assert found(5, 4) == "[] <4..3 is no part of 7 bytes>"
    assert found(5) == "<Found — implausible: 1 positions>"


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("sequence = { length = 'n' }", "exactly one of 'data' or 'inline' or 'after'"),
        ("text = { data = 'p', inline = 'b', length = 'n' }", "exactly one of"),
        ("join = { parts = [] }", "'parts' is a list of tables"),
        ("join = { parts = [{ leaf = 'x' }] }", "a part has exactly one of"),
        ("array = { data = 'p', order = 'z' }", "'order' is rows or columns"),
        ("flags = { bits = 'b', names = { A = 'x' } }", "'A' must be a number"),
        ("slices = { text = 't', bounds = 'b', less = 'x' }", "'less' is a number"),
        ("number = {}", "exactly one of 'value' or 'digits'"),
    ],
)
def test_rules_that_are_refused(shape, message):
    with pytest.raises(RuleFileError) as caught:
        parse_rules(f"[[rule]]\ntype = 'A'\n{shape}", "mine.toml")
    assert message in str(caught.value)


SHAPES = (
    "sequence = { inline = 'few', offset = 'a', length = 'b' }",
    "sequence = { inline = 'few', mask = 'a' }",
    "sequence = { item = '', data = 'p', length = 'a - b' }",
    "ring = { data = 'p', head = 'a', capacity = 'b', length = 'a - b' }",
    "text = { address = 'a << 1', length = 'b' }",
    "text = { inline = 'few', length = 'a - b' }",
    "bits = { address = 'a', first = 'b', length = 'a' }",
    "bits = { data = 'p', length = 'a', word = 8, order = 'msb', set = true }",
    "array = { data = 'p', lengths = ['a', 'b'] }",
    "array = { data = 'p', lengths = ['a - b', 'b'], order = 'columns' }",
    "array = { data = 'p', shape = 'few', strides = 'few' }",
    "number = { value = 'a << b % 64', scale = 'b' }",
    "number = { digits = 'few', negative = 'a', scale = 'b' }",
    "instant = { year = 'a', day = 'b', seconds = 'a', offset = 'b', local = true }",
    "number = { value = 'u64(a)' }",
)


@pytest.mark.parametrize("shape", SHAPES)
def test_damaged_values_are_shown_in_bounded_time(shape):
    world, rng = World(), random.Random(shape)
    u64 = world.base("u64")
    fields = [("a", u64), ("b", u64), ("p", world.pointer(u64, "*const "))]
    die = world.struct("app::Any", [*fields, ("few", world.array(u64, 2))])
    heap = world.heap.put(bytes(range(64)))
    numbers = (0, 1, 3, 63, heap, heap + 4, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
    presenter = std_presenter(parse_rules(f"[[rule]]\ntype = 'app::Any'\n{shape}", "mine.toml"))
    for _ in range(60):
        data = struct.pack("<5Q", *(rng.choice(numbers) for _ in range(5)))
        shown = render(world.value(die, data), presenter, RenderOptions(max_items=8))
        assert 0 < len(shown) < 20_000
