"""The tables of docs/expressions.md and the rules of docs/types.md, executed."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from crabtrap.errors import CrabtrapError
from crabtrap.expr import evaluate, plan_assignment
from crabtrap.expr.methods.method_list import render_methods, update_page
from crabtrap.expr.methods.std_methods import std_methods
from crabtrap.expr.scope import EmptyScope
from crabtrap.present import RenderOptions, render, std_presenter, value_tree
from crabtrap.present.output.text_tree import NodeKind
from crabtrap.present.rules.user_rules import SHAPES, load_rules, parse_rules
from tests.support.inferiors import WORKSPACE as INFERIORS
from tests.support.synthetic_types import World

DOCS = Path(__file__).parents[3] / "docs"
EXPRESSIONS = (DOCS / "expressions.md").read_text()
ROW = re.compile(r"^\| `((?:[^`|]|\\\|)+)` \| (.+?) \|$", re.MULTILINE)


class Example(EmptyScope):
    """The variables of the function that the page uses."""

    def __init__(self) -> None:
        world = self.world = World()
        i32, u32 = world.base("i32"), world.base("u32")
        point = world.struct("m::Point", [("x", i32), ("y", world.base("u64"))])
        data = struct.pack("<i4xQ", -3, 9)
        pairs = [None, struct.pack("<B3xI", 1, 10), None, struct.pack("<B3xI", 2, 20)]
        location = world.heap.put(data)
        self.values = {
            "v": world.vec_value("i32", [1, -2, 3]),
            "s": world.string_value("hello world"),
            "opt": world.value(world.option(u32), struct.pack("<II", 1, 7)),
            "none": world.value(world.option(u32), struct.pack("<II", 0, 0)),
            "m": world.value(world.hash_map(world.base("u8"), u32), world.hash_bytes(pairs, 8)),
            "p": world.value(point, data),
            "r": world.value(world.pointer(point), struct.pack("<Q", location)),
            "n": world.value(world.base("u8"), b"\xc8"),
            "color": world.value(world.c_enum("m::Color", [("Red", 0), ("Blue", 6)]), b"\6"),
        }

    def lookup(self, name):
        return self.values.get(name)

    def find_type(self, text):
        found = self.world.find_types(text)
        return self.world.get(found[0]) if found else None


def examples(start: str, end: str) -> list[tuple[str, str]]:
    part = EXPRESSIONS[EXPRESSIONS.index(start) : EXPRESSIONS.index(end)]
    return [(a.replace("\\|", "|"), b) for a, b in ROW.findall(part)]


@pytest.mark.parametrize(("text", "expected"), examples("## Values and", "## Assignment"))
def test_expressions(text, expected):
    scope, presenter = Example(), std_presenter()
    if expected.startswith("error: "):
        with pytest.raises(CrabtrapError, match=re.escape(expected.removeprefix("error: "))):
            evaluate(text, scope, presenter)
    else:
        shown = render(evaluate(text, scope, presenter), presenter, RenderOptions())
        assert shown == expected.strip("`")


@pytest.mark.parametrize(("text", "expected"), examples("## Assignment", "## What is not"))
def test_assignments(text, expected):
    scope, presenter = Example(), std_presenter()
    if expected.startswith("error: "):
        with pytest.raises(CrabtrapError, match=re.escape(expected.removeprefix("error: "))):
            plan_assignment(text, scope, presenter)
    else:
        writes = plan_assignment(text, scope, presenter).writes
        assert f"writes {sum(len(w.data) for w in writes)} byte" in expected


def test_the_list_of_methods_is_fresh():
    page = update_page(EXPRESSIONS, std_methods())
    assert page == EXPRESSIONS, "run `make docs`"


def test_the_list_of_methods_names_what_there_is_and_no_more():
    page = render_methods(std_methods())
    shown = dict(
        re.findall(r"^\*\*(.+?)\*\*\n\n```rust\n(.*?)```$", page, re.MULTILINE | re.DOTALL)
    )
    assert "fn into_sorted_vec(self) -> Vec<T>\n" in shown["`BinaryHeap<T>`"]
    assert "fn borrow_state(&self) -> &str  // crabtrap's own" in shown["`RefCell<T>`"]
    assert "fn lock(&self)" in shown["`Mutex<T>`"]
    assert "fn read(&self)" not in shown["`Mutex<T>`"]
    assert "fn scan<S, B>" in shown["All iterators"]
    assert "fn to_le_bytes(self) -> [u8; 4]" in shown["`i32`, `u32`"]
    assert "`PI`" in page


def test_the_list_of_methods_is_written_as_in_rust():
    page = render_methods(std_methods())
    own = (
        r"\b(?:Like|Thin|Counted|Zipped|Walk|Ends|Length|Searched|Escaped|Shown)<|BorrowOf|AsRefTo"
    )
    assert not re.search(own, page)
    signatures = re.findall(r"^fn .*$", page, re.MULTILINE)
    assert len(signatures) > 700
    assert all(
        re.match(r"fn \w+(<.*>)?\(.*\)( -> .+)?( where .+)?(  // .+)?$", each)
        for each in signatures
    )


def test_json_kinds_are_all_documented():
    part = EXPRESSIONS[EXPRESSIONS.index("## Values as JSON") :]
    for kind in NodeKind.__args__:
        assert f"`{kind}`" in part


def test_json_tree():
    scope, presenter = Example(), std_presenter()
    tree = value_tree(scope.values["m"], presenter)
    assert (tree["version"], tree["kind"], tree["length"]) == (1, "map", 2)
    first = tree["children"][0]
    assert (first["key"]["text"], first["text"], first["type"]) == ("1", "10", "u32")
    point = value_tree(scope.values["p"], presenter)
    assert [(c["field"], c["text"]) for c in point["children"]] == [("x", "-3"), ("y", "9")]
    assert point["name"] == "Point"


def test_rules_of_the_types_page():
    page = (DOCS / "types.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    shown = [rule for block in blocks for rule in parse_rules(block, "types.md")]
    loaded = load_rules(INFERIORS / "programs" / "app" / "app.toml")
    assert sorted(map(repr, shown)) == sorted(map(repr, loaded))


def test_all_shapes_are_on_the_types_page():
    page = (DOCS / "types.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", page, re.MULTILINE))
    assert rows.keys() == SHAPES.keys()
    for name, (keys, _) in SHAPES.items():
        assert set(re.findall(r"`(\w+)`", rows[name])) >= keys
