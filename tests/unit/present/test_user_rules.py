"""Rule files: what they can say, and how they are refused."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from crabtrap.present import render, std_presenter
from crabtrap.present.rules.user_rules import RuleFileError, parse_rules, shipped_rules
from tests.support.synthetic_types import World


@pytest.fixture
def world():
    return World()


def show(value, text=""):
    return render(value, std_presenter(parse_rules(text, "mine.toml")))


def test_a_stack_of_ones_own(world):
    u32 = world.base("u32")
    die = world.struct(
        "app::Stack<u32>",
        [("items", world.pointer(u32, "*mut ")), ("used", world.base("u16"))],
        arguments=[("T", u32)],
    )
    data = struct.pack("<QH6x", world.heap.put(struct.pack("<III", 7, 8, 9)), 3)
    assert show(world.value(die, data)).startswith("Stack { items: 0x")
    rule = """
        [[rule]]
        type = "app::Stack<$T>"
        sequence = { item = "$T", data = "items", length = "used" }
    """
    assert show(world.value(die, data), rule) == "[7, 8, 9]"


def test_conditions_choose_between_rules(world):
    u8 = world.base("u8")
    die = world.struct(
        "app::Short",
        [("len", u8), ("bytes", world.array(u8, 4)), ("heap", world.pointer(u8, "*const "))],
    )
    rule = """
        [[rule]]
        type = "app::Short"
        when = "len > 4"
        text = { data = "heap", length = "len" }
        [[rule]]
        type = "app::Short"
        sequence = { inline = "bytes", length = "len" }
    """
    far = world.heap.put(b"far away")
    assert show(world.value(die, struct.pack("<B4s3xQ", 2, b"ab", far)), rule) == "[97, 98]"
    assert show(world.value(die, struct.pack("<B4s3xQ", 8, b"ab", far)), rule) == '"far away"'


def test_other_shapes(world):
    u8, u32 = world.base("u8"), world.base("u32")
    cases = [
        (
            [("inner", u32), ("state", u8)],
            struct.pack("<IB3x", 5, 1),
            'wrapper = { inner = "inner", name = "Guard", notes = { state = "state" } }',
            "Guard(5, state: 1)",
        ),
        (
            [("a", u8), ("b", u8)],
            b"\1\2",
            'record = { name = "Q", fields = { first = "b" } }',
            "Q { first: 2 }",
        ),
        (
            [("id", world.array(u8, 4))],
            b"\1\2\3\xff",
            'hex = { data = "id", groups = [1, 3] }',
            "01-0203ff",
        ),
        (
            [("state", u8)],
            b"\1",
            'wrapper = { name = "L", notes = { locked = "state == 1", free = "state == 0" } }',
            "L(locked)",
        ),
        (
            [("value", u8), ("state", u8)],
            b"\7\x2a",
            'wrapper = { inner = "value", name = "L", notes = { uses = ["n", "state >> 1"] } }',
            "L(7, uses: 21)",
        ),
        (
            [("len", u8), ("bytes", world.array(u8, 4))],
            b"\2hi--",
            'text = { inline = "bytes", length = "len" }',
            '"hi"',
        ),
        (
            [("len", u8), ("bytes", world.array(u8, 4))],
            b"\5hi--",
            'text = { inline = "bytes", length = "len" }',
            "<Case6(len=5 — implausible: there is room for 4)>",
        ),
        (
            [("hour", u8), ("minute", u8)],
            bytes((23, 59)),
            'instant = { seconds = "hour * 3600 + minute * 60" }',
            "23:59:00",
        ),
        (
            [("hour", u8), ("minute", u8)],
            bytes((24, 0)),
            'instant = { seconds = "hour * 3600 + minute * 60" }',
            "<implausible time: 86400 s, 0 ns>",
        ),
        ([("secs", u8), ("nanos", u8)], b"\2\0", 'period = { seconds = "secs" }', "PT2S"),
    ]
    for number, (fields, data, shape, expected) in enumerate(cases):
        die = world.struct(f"app::Case{number}", fields)
        rule = f'[[rule]]\ntype = "app::Case{number}"\n{shape}'
        assert show(world.value(die, data), rule) == expected


def test_a_map_kept_in_a_vector(world):
    entry = world.struct("app::Entry", [("key", world.base("u8")), ("value", world.base("u32"))])
    die = world.struct("indexmap::map::core::IndexMapCore", [("entries", world.vec(entry))])
    index_map = world.struct(
        "indexmap::map::IndexMap<u8, u32>", [("core", die), ("x", world.base("u8"))]
    )
    data = b"".join(struct.pack("<B3xI", n, n * n) for n in (3, 1))
    value = world.value(index_map, world.vec_bytes(data, 2) + bytes(8))
    assert show(value) == "{3: 9, 1: 1}"


def test_fields_that_are_not_there_leave_the_value_as_it_is(world):
    die = world.struct("app::Other", [("x", world.base("u8"))])
    rule = '[[rule]]\ntype = "app::Other"\nwrapper = { inner = "missing" }'
    die = world.struct("app::Two", [("x", world.base("u8")), ("y", world.base("u8"))])
    rule = rule.replace("Other", "Two")
    assert show(world.value(die, b"\1\2"), rule) == "Two { x: 1, y: 2 }"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[rule", "mine.toml"),
        ("[rules]", "unknown table 'rules'"),
        ("rule = 3", "[[rule]]"),
        ("[[rule]]\nwrapper = { inner = 'x' }", "'type' must be a text"),
        ("[[rule]]\ntype = 'A'", "exactly one of"),
        ("[[rule]]\ntype = 'A'\nbag = {}", "exactly one of"),
        ("[[rule]]\ntype = 'A'\nwrapper = { outer = 'x' }", "no 'outer'; it has deref"),
        ("[[rule]]\ntype = 'A'\nwrapper = { inner = 3 }", "field path"),
        (
            "[[rule]]\ntype = 'A'\nwhen = 'x is 3'\nwrapper = { inner = 'x' }",
            "'is' is not expected in",
        ),
        ("[[rule]]\ntype = 'A'\ntext = { data = 'p', length = 'n', kind = 'x' }", "str, bytes"),
        (
            "[[rule]]\ntype = 'A'\nring = { item = '$T', head = 'h', data = 'd', capacity = 'c' }",
            "either 'length' or 'end'",
        ),
        ("[[rule]]\ntype = 'A'\nwrapper = {}", "'inner' value or 'notes'"),
        ("[[rule]]\ntype = 'A'\ninstant = { year = 'y' }", "'year' and 'day'"),
        ("[[rule]]\ntype = 'A'\nperiod = { nanos = 'n' }", "'seconds' must be arithmetic"),
        ("[[rule]]\ntype = 'A'\nhex = { data = 'p', groups = [0] }", "sizes in bytes"),
    ],
)
def test_files_that_are_refused(text, message):
    with pytest.raises(RuleFileError) as caught:
        parse_rules(text, "mine.toml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("mine.toml:")


def test_errors_name_the_line():
    good = "# mine\n[[rule]]\ntype = 'A'\nhex = { data = 'p' }\n"
    for text, line in (
        (f"{good}\n  [[ rule ]]\ntype = 3", 6),
        (f"{good}type 'B'", 5),
        (f"{good}[[rule]]\ntype = 'B'\nwhen = 'x >'\nhex = {{ data = 'p' }}", 5),
    ):
        with pytest.raises(RuleFileError) as caught:
            parse_rules(text, "mine.toml")
        assert caught.value.line == line
        assert str(caught.value).startswith(f"mine.toml:{line}: ")


def test_rules_written_without_headers_have_no_line():
    with pytest.raises(RuleFileError) as caught:
        parse_rules("rule = [{ type = 3 }]", "mine.toml")
    assert caught.value.line is None


def test_shipped_rules_are_readable():
    folder = Path(shipped_rules.__code__.co_filename).parents[1] / "crates"
    crates = [path.stem for path in folder.iterdir()]
    assert "indexmap" in crates
    for crate in crates:
        for rule in shipped_rules(crate):
            assert rule.pattern.lstrip("&").removeprefix("mut ").startswith(f"{crate}::")
    assert shipped_rules("no_such_crate") == ()
    assert shipped_rules("../std") == ()
