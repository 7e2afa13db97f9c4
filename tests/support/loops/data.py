"""A program's variables in synthetic memory, and their evaluation in both ways."""

from __future__ import annotations

import json
import random
import re
import struct
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from unittest import mock

from crabtrap.errors import CrabtrapError
from crabtrap.expr.evaluate import evaluate
from crabtrap.expr.loops import running
from crabtrap.expr.scope import EmptyScope, EvaluationError
from crabtrap.present import RenderOptions, std_presenter
from crabtrap.present.output.json_tree import Json, value_tree
from crabtrap.symbols.types import Type
from crabtrap.values import Value
from tests.support.synthetic_types import World

COUNT = 41
"""Items of each variable: enough for several pieces, and no multiple of anything."""

_PRESENTER = std_presenter()
_ALL = RenderOptions(seconds=1e9)
"""However slow the machine is, a value is shown to the end."""
_ADDRESS = re.compile(r'"address": "\w+", ')
_CODES = {
    **{"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i"},
    **{"u64": "Q", "i64": "q", "usize": "Q", "isize": "q", "f32": "f", "f64": "d"},
}
_FLOATS = (0.0, -0.0, 1.5, -2.25, 1e30, float("inf"), float("-inf"), float("nan"))

Answer = tuple[str, Json | None]
"""A value as JSON, or an error: its class, words, span and hint."""


class Data(EmptyScope):
    """Variables of many types, filled from a seed."""

    def __init__(self, seed: int) -> None:
        self.world = World()
        self.context = self.world.context
        self.random = random.Random(seed)
        self.types: dict[str, str] = {}
        self._variables: dict[str, Value] = {}
        self._numbers()
        self._structs()
        self._containers()

    def lookup(self, name: str) -> Value | None:
        """Find a variable."""
        return self._variables.get(name)

    def find_type(self, text: str) -> Type | None:
        """Find a type by its name."""
        found = self.world.find_types(text)
        return self.world.get(found[0]) if found else None

    def _add(self, name: str, item: str, die: int, items: Sequence[bytes]) -> None:
        data = b"".join(items)
        value = self.world.value(self.world.vec(die), self.world.vec_bytes(data, len(items)))
        self._variables[name], self.types[name] = value, item

    def _number(self, type_: str) -> int | float:
        if type_[0] == "f":
            return self.random.choice(_FLOATS)
        bits = 64 if type_[1:] == "size" else int(type_[1:])
        least = 0 if type_[0] == "u" else -(1 << (bits - 1))
        greatest = least + (1 << bits) - 1
        if self.random.random() < 0.04:
            return self.random.choice((least, greatest, greatest - 1))
        return self.random.randrange(max(least, -9), 30)

    def _bytes(self, type_: str) -> bytes:
        if type_ == "bool":
            return bytes([self.random.random() < 0.5])
        if type_ == "char":
            return struct.pack("<I", ord(self.random.choice("aZ0 é\n一𝕏")))
        number = self._number(type_)
        if type_ in _CODES:
            return struct.pack(f"<{_CODES[type_]}", number)
        return int(number).to_bytes(16, "little", signed=type_ == "i128")

    def _numbers(self) -> None:
        for type_ in (*_CODES, "u128", "i128", "bool", "char"):
            items = [self._bytes(type_) for _ in range(COUNT)]
            self._add(f"{type_}s", type_, self.world.base(type_), items)
        rising = [struct.pack("<i", at * 3 - 20) for at in range(COUNT)]
        self._add("rising", "i32", self.world.base("i32"), rising)
        self._add("broken", "bool", self.world.base("bool"), [b"\1"] * 20 + [b"\7"] + [b"\0"] * 9)
        self._add("empty", "u32", self.world.base("u32"), [])

    def _structs(self) -> None:
        world, count = self.world, range(COUNT)
        u32, i16, u64 = world.base("u32"), world.base("i16"), world.base("u64")
        pair = world.tuple(u32, i16)
        pairs = [self._bytes("u32") + self._bytes("i16") + b"\0\0" for _ in count]
        self._add("pairs", "(u32, i16)", pair, pairs)
        point = world.struct(
            "app::Point", [("x", world.base("i32")), ("on", world.base("bool")), ("y", u64)]
        )
        points = [
            self._bytes("i32") + self._bytes("bool") + bytes(3) + self._bytes("u64") for _ in count
        ]
        self._add("points", "Point", point, points)
        option = world.option(u32)
        options = [
            struct.pack("<I", some) + self._bytes("u32")
            for some in self.random.choices((0, 1), k=COUNT)
        ]
        self._add("options", "Option<u32>", option, options)
        rows = [b"".join(self._bytes("u8") for _ in range(4)) for _ in count]
        self._add("rows", "[u8; 4]", world.array(world.base("u8"), 4), rows)
        colour = world.c_enum("app::Colour", [("Red", 0), ("Green", 1), ("Blue", 6)])
        colours = [bytes([self.random.choice((0, 1, 6))]) for _ in count]
        self._add("colours", "Colour", colour, colours)

    def _containers(self) -> None:
        world = self.world
        u32, u64 = world.base("u32"), world.base("u64")
        buckets = [
            struct.pack("<IIQ", at, 0, self.random.randrange(99)) if at % 3 else None
            for at in range(64)
        ]
        map_ = world.hash_map(u32, u64)
        self._variables["map"] = world.value(map_, world.hash_bytes(buckets, 16))
        self.types["map"] = "map"
        raw = world.rows[world.vec(u32)].members[0].type
        ring = world.struct(
            "alloc::collections::vec_deque::VecDeque<u32, alloc::alloc::Global>",
            [("head", world.base("usize")), ("len", world.base("usize")), ("buf", raw)],
            arguments=[("T", u32), ("A", 0)],
        )
        slots = world.heap.put(b"".join(self._bytes("u32") for _ in range(COUNT + 4)))
        words = struct.pack("<QQQQ", 30, COUNT, slots, COUNT + 4)
        self._variables["ring"], self.types["ring"] = world.value(ring, words), "u32"


def answer(data: Data, text: str) -> Answer:
    """Evaluate an expression, and walk over all of what it gives."""
    try:
        return "value", _without_addresses(
            value_tree(evaluate(text, data, _PRESENTER), _PRESENTER, _ALL)
        )
    except EvaluationError as error:
        return f"{type(error).__name__}: {error} at {error.span}, {error.hint}", None
    except CrabtrapError as error:
        return f"{type(error).__name__}: {error}", None


def _without_addresses(tree: Json) -> Json:
    """A tree as it would be if all of it was computed: ``x.min(3)`` may be ``x`` itself."""

    text = json.dumps(tree)
    return json.loads(_ADDRESS.sub("", text))


@contextmanager
def only_general() -> Generator[None]:
    """Let the general evaluator do everything."""
    with mock.patch.object(running, "FEWEST", 1 << 62):
        yield


@contextmanager
def only_loops() -> Generator[None]:
    """Let loops do whatever they can, in pieces as small as can be."""
    sizes = {"FEWEST": 0, "_STEPS": 7, "_FIRST_PIECE": 24, "_LONGEST_PIECE": 100, "_ROOM": 3}
    with ExitStack() as stack:
        for name, size in sizes.items():
            stack.enter_context(mock.patch.object(running, name, size))
        yield


def both(data: Data, text: str) -> tuple[Answer, Answer]:
    """Evaluate an expression by the general evaluator, and by loops where they can."""
    with only_general():
        general = answer(data, text)
    with only_loops():
        return general, answer(data, text)


class Count:
    """How many loops were run."""

    def __init__(self) -> None:
        self.loops = 0

    @contextmanager
    def counting(self) -> Generator[None]:
        """Count the loops that are run meanwhile."""
        original = running._core.Loop  # pyright: ignore[reportPrivateUsage] - to look at it

        def make(*arguments: object) -> object:
            self.loops += 1
            return original(*arguments)  # type: ignore[arg-type]

        with mock.patch.object(running, "_core", mock.Mock(Loop=make)):
            yield
