"""Compiled conditions give what ``evaluate`` gives, or are refused with a reason."""

from __future__ import annotations

import struct

import pytest

from crabtrap.errors import CrabtrapError
from crabtrap.expr.agent.changes import WatchedPiece, changed
from crabtrap.expr.agent.compiler import compile_condition, compile_site_condition, explain
from crabtrap.expr.agent.storage import probe_storage
from crabtrap.expr.agent.typed_parts import in_any
from crabtrap.expr.evaluate import evaluate
from crabtrap.expr.scope import EmptyScope
from crabtrap.present import STD_RULES, RuleBook, std_presenter
from crabtrap.present.rules.user_rules import parse_rules
from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import NotCompilableError, join
from crabtrap.values import Value
from tests.support.agent_machine import AgentMachine, Fault
from tests.support.synthetic_types import World

BOOK = RuleBook(STD_RULES)
PRESENTER = std_presenter()


class Names(EmptyScope):
    """Names of values in memory, for ``evaluate``."""

    def __init__(self) -> None:
        world = self.world = World()
        u32, i32, u8 = world.base("u32"), world.base("i32"), world.base("u8")
        point = world.struct("m::Point", [("x", i32), ("y", world.base("u64"))])
        text = world.wide("&str", u8)
        niche = world.enum(
            "core::option::Option<alloc::string::String>",
            24,
            ("u64", 8),
            [("None", ((1 << 63, 1 << 63),), ()), ("Some", (), [("__0", world.string(), 0)])],
        )
        data = struct.pack("<i4xQ", -3, 1 << 63)
        self.values: dict[str, Value] = {
            "i": world.value(i32, struct.pack("<i", -5)),
            "u": world.value(u8, b"\xc8"),
            "big": world.value(world.base("u64"), struct.pack("<Q", (1 << 64) - 2)),
            "long": world.value(world.base("i64"), struct.pack("<q", -7)),
            "t": world.value(world.base("bool"), b"\1"),
            "bad": world.value(world.base("bool"), b"\7"),
            "c": world.value(world.base("char"), struct.pack("<I", ord("ß"))),
            "f": world.value(world.base("f64"), struct.pack("<d", 1.5)),
            "p": world.value(point, data),
            "r": world.value(world.pointer(point), struct.pack("<Q", world.heap.put(data))),
            "null": world.value(world.pointer(point, "*const "), bytes(8)),
            "some": world.value(world.option(u32), struct.pack("<II", 1, 7)),
            "none": world.value(world.option(u32), struct.pack("<II", 0, 7)),
            "no": world.value(niche, struct.pack("<QQQ", 0, 1 << 63, 0)),
            "yes": world.value(niche, world.string_bytes("yes")),
            "s": world.string_value("hello world"),
            "e": world.string_value(""),
            "st": world.value(text, struct.pack("<QQ", world.heap.put(b"static"), 6)),
            "v": world.vec_value("i32", [1, -2, 3]),
            "color": world.value(world.c_enum("m::Color", [("Red", 0), ("Blue", 6)]), b"\6"),
            "arr": world.value(world.array(u8, 3), b"\1\2\3"),
        }

    def lookup(self, name):
        return self.values.get(name)

    def find_type(self, text):
        found = self.world.find_types(text)
        return self.world.get(found[0]) if found else None


class Compiled(Names):
    """The same names for the compiler: types and addresses."""

    def lookup(self, name):
        value = self.values.get(name)
        if value is None:
            return None
        return value.type, asm.InMemory((asm.constant(value.address),))


CONDITIONS = [
    "i == -5",
    "i < 0 && u > 100",
    "i + 1 == -4",
    "i * 2 < -9",
    "u == 200",
    "u + 56u8 == 0",
    "u - 200 == 0",
    "200 < u",
    "u >= 200",
    "-i == 5",
    "i % 3 == -2",
    "i / 2 == -2",
    "big > 18446744073709551613",
    "big - 1 == 18446744073709551613",
    "big + 1 > 0",
    "big + 5 > 0",
    "long < 0",
    "t",
    "!t",
    "bad",
    "t == true",
    "c == 'ß'",
    "c > 'a'",
    "p.x == -3",
    "p.y == 9223372036854775808",
    "r.x == -3",
    "(*r).x < 0 || i > 0",
    "null.is_null()",
    "r.y > 5",
    "some.is_some()",
    "some.is_none()",
    "none.is_none()",
    "none is Some(_)",
    "some is Some(n)",
    "matches!(some, Some(7))",
    "matches!(some, Some(n) if n > 7)",
    "matches!(some, Some(1..=7))",
    "matches!(none, Some(7))",
    "some.unwrap() == 7",
    "none.unwrap() == 7",
    "no.is_none()",
    "no.is_some()",
    "yes.is_some()",
    'matches!(yes, Some(s) if s == "yes")',
    'matches!(no, Some(s) if s == "yes")',
    's == "hello world"',
    's == "hello worle"',
    '"hello" == s',
    's != "x"',
    "s.len() == 11",
    "e.is_empty()",
    'e == ""',
    'st == "static"',
    'st == "dynamic"',
    "st.len() > 5",
    "v.len() == 3",
    "v[0] == 1",
    "v[1] == -2",
    "v[5] == 1",
    "arr[2] == 3",
    "arr.len() == 3",
    "color is Blue",
    "color is Red",
    "matches!(color, Color::Blue)",
    "i & 1 == 1",
    "u ^ 0xff == 55",
    "!u == 55",
    "u as i8 == -56",
    "i as u32 > 5",
    "i as u8 == 251",
    "t && (u > 5 || i > 0) && !(i == 3)",
]


@pytest.fixture(scope="module")
def names():
    return Names()


@pytest.mark.parametrize("text", CONDITIONS)
def test_compiled_is_evaluated(names, text):
    compiled = Compiled.__new__(Compiled)
    compiled.__dict__ = names.__dict__
    code = asm.assemble(asm.join(compile_condition(text, compiled, BOOK), asm.END))
    machine = AgentMachine(names.world.heap.read)
    try:
        expected = evaluate(text, names, PRESENTER).scalar()
    except CrabtrapError:
        with pytest.raises(Fault):
            machine.run(code)
    else:
        assert machine.run(code) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("f > 1.0", "float"),
        ("f == f", "float"),
        ("v.iter().any(|x| x > 1)", "evaluated by the engine"),
        ("missing == 1", "not a variable"),
        ("i", "not a bool"),
        ('s < "x"', "ordered by the engine"),
        ("long + 1 == 0", "overflow"),
        ("big == long", "compared by the engine"),
        ('s.contains("x")', "evaluated by the engine"),
        (f's == "{"x" * 100}"', "over 64 bytes"),
        ("t == 1", "bool"),
        ("some is Other", "no variant"),
    ],
)
def test_what_is_left_to_the_engine_and_why(text, reason):
    assert reason in explain(text, Compiled(), BOOK)


def test_a_register_of_some_has_a_value():
    wanted = 0x7FFF_0000_1238
    code = asm.any_register_is((5, 4), wanted)  # rdi and rsi by DWARF, which are 5 and 4 there, too
    for number, expected in ((None, 0), (5, 1), (4, 1), (3, 0)):
        registers = tuple(wanted if each == number else 7 for each in range(16))
        assert AgentMachine(lambda *_: b"", registers).run(code) == expected


def test_site_counts_hits_and_ignores_some():
    scope = Compiled()
    machine = AgentMachine(scope.world.heap.read)
    code = compile_site_condition("u == 200", 4, 2, scope, BOOK)
    assert [machine.run(code) for _ in range(4)] == [0, 0, 1, 1]
    assert machine.counters == {4: 4}
    false = compile_site_condition("u == 1", 5, 0, scope, BOOK)
    assert machine.run(false) == 0
    assert machine.counters == {4: 4}
    always = compile_site_condition(None, 6, 1, scope, BOOK)
    assert [machine.run(always) for _ in range(2)] == [0, 1]


class FakePiece:
    size, bit_offset, data, die, offset, reason = 0, 0, b"", 0, 0, "gone"

    def __init__(self, kind, address=0, register=0, data=b"", size=0):
        self.kind, self.address, self.register = kind, address, register
        self.data, self.size = data, size


def run_storage(storage, registers, memory=None, size=4):
    code = asm.assemble(asm.join(asm.load(storage, size, signed=True), asm.END))
    return AgentMachine(memory or (lambda a, n: a.to_bytes(8, "little")[:n]), registers).run(code)


def test_locations_found_by_probing():
    registers = tuple(range(100, 117))
    relative = probe_storage(lambda r: [FakePiece("memory", r[7] + 24)], 4)
    assert run_storage(relative, registers) == 107 + 24
    below = probe_storage(lambda r: [FakePiece("memory", r[6] - 24)], 4)
    assert run_storage(below, registers) == 106 - 24
    absolute = probe_storage(lambda r: [FakePiece("memory", 0x4000)], 4)
    assert run_storage(absolute, registers) == 0x4000
    # DWARF register 1 is rdx, which target descriptions number 3.
    assert (
        run_storage(probe_storage(lambda r: [FakePiece("register", register=1)], 4), registers)
        == 103
    )
    assert (
        run_storage(probe_storage(lambda r: [FakePiece("bytes", data=b"\xfe\xff\xff\xff")], 4), ())
        == -2
    )


def test_locations_that_cannot_be_known_beforehand():
    for piece in (
        lambda r: [FakePiece("absent")],
        lambda r: [FakePiece("memory", r[1] + r[2])],
        lambda r: [FakePiece("memory", r[1] * 2)],
        lambda r: [FakePiece("bytes", data=r[0].to_bytes(8, "little"))],
    ):
        assert isinstance(probe_storage(piece, 8), asm.Nowhere)


def test_wide_pointer_in_two_registers():
    def pieces(_registers):
        return [FakePiece("register", register=number, size=8) for number in (0, 2)]

    storage = probe_storage(pieces, 16)
    registers = (1000, 0, 7, *range(14))
    length = asm.load(asm.narrow(storage, 8, 8), 8, signed=False)
    machine = AgentMachine(lambda a, n: b"", registers)
    # DWARF register 2 is rcx, number 2 in target descriptions as well.
    assert machine.run(asm.assemble(asm.join(length, asm.END))) == 7


@pytest.mark.parametrize(
    "rules",
    [
        """
        [[rule]]
        type = "app::Short"
        when = "used <= 4"
        text = { inline = "bytes", length = "used" }
        [[rule]]
        type = "app::Short"
        text = { data = "heap", length = "used" }
        """,
        """
        [[rule]]
        type = "app::Short"
        sequence = { data = "state.Heap.0", length = "used" }
        [[rule]]
        type = "app::Short"
        text = { data = "heap", length = "used" }
        """,
        '[[rule]]\ntype = "app::Short"\ntext = { inline = "bytes", length = "used" }',
    ],
)
def test_what_depends_on_the_value_is_for_the_engine(rules):
    names = Compiled()
    world = names.world
    u8 = world.base("u8")
    pointer = world.pointer(u8, "*const ")
    state = world.enum(
        "app::State",
        16,
        ("u8", 0),
        [("Heap", ((0, 0),), [("__0", pointer, 8)]), ("Inline", ((1, 1),), ())],
    )
    die = world.struct(
        "app::Short",
        [("used", u8), ("bytes", world.array(u8, 4)), ("heap", pointer), ("state", state)],
    )
    names.values["short"] = world.value(die, bytes(32))
    book = RuleBook((*parse_rules(rules, "mine.toml"), *STD_RULES))
    for condition in ('short == "abc"', "short[0] == 1"):
        with pytest.raises(NotCompilableError):
            compile_condition(condition, names, book)


# -- changes of watched bytes ------------------------------------------------------------


def test_a_change_is_seen_once_and_what_was_before_is_kept() -> None:
    memory = {0x1000: 5, 0x2000: 7}
    machine = AgentMachine(lambda address, size: memory[address].to_bytes(size, "little"))
    pieces = (WatchedPiece(0x1000, 8, 20, 21), WatchedPiece(0x2000, 1, 22, 23))
    code = asm.assemble(join(changed(pieces), asm.END))
    machine.counters.update({20: 5, 21: 0, 22: 7, 23: 0})
    assert machine.run(code) == 0
    memory[0x2000] = 8
    assert [machine.run(code), machine.run(code)] == [1, 0]
    assert (machine.counters[21], machine.counters[23]) == (5, 7)
    memory[0x1000] = (1 << 64) - 1
    assert machine.run(code) == 1
    assert (machine.counters[21], machine.counters[23]) == (5, 8)


def test_a_site_counts_no_hit_where_nothing_has_changed() -> None:
    world = Compiled()
    machine = AgentMachine(lambda address, size: bytes(size))
    code = compile_site_condition(None, 3, 0, world, BOOK, changed((WatchedPiece(8, 4, 20, 21),)))
    assert (machine.run(code), machine.counters.get(3, 0)) == (0, 0)
    machine.counters[20] = 1
    assert (machine.run(code), machine.counters[3]) == (1, 1)


@pytest.mark.parametrize("number", [0, 2, 3, 4, 9, 10, 255])
def test_whether_a_number_is_in_one_of_many_ranges_loads_it_once(number: int):
    ranges = ((3, 3), (5, 9), (255, 255))
    reads: list[int] = []

    def read(address: int, size: int) -> bytes:
        reads.append(address)
        return number.to_bytes(size, "little")

    load = asm.load(asm.InMemory((asm.constant(0x1000),)), 1, signed=False)
    code = asm.assemble(join(in_any(load, ranges), asm.END))
    found = AgentMachine(read).run(code)
    assert found == any(low <= number <= high for low, high in ranges)
    assert reads == [0x1000]
