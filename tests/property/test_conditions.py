"""A condition means the same to the guard and to the engine, whatever is in memory.

Random conditions over integers of all widths, floats, chars, bools, enums and options, whose
bytes are random too: extremes, and bytes that are no value of the type.  What compiles gives
what evaluating gives, and faults where evaluating fails.
"""

from __future__ import annotations

import random
import struct
from collections import Counter

from crabtrap.errors import CrabtrapError
from crabtrap.expr.agent.compiler import compile_condition
from crabtrap.expr.evaluate import evaluate
from crabtrap.expr.scope import EmptyScope
from crabtrap.expr.scope_names import NoMethods, ScopeNames
from crabtrap.expr.syntax.parser import parse
from crabtrap.expr.typing.checker import check
from crabtrap.expr.typing.terms import BOOL
from crabtrap.present import STD_RULES, RuleBook, std_presenter
from crabtrap.symbols.types import Type
from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import NotCompilableError, Storage
from crabtrap.values import Value
from tests.support.agent_machine import AgentMachine, Fault
from tests.support.synthetic_types import World

BOOK = RuleBook(STD_RULES)
PRESENTER = std_presenter()
SEEDS = 40
CONDITIONS = 25
"""Of each seed."""

WIDTHS = {"8": 1, "16": 2, "32": 4, "64": 8}
INTEGERS = [sign + width for sign in "iu" for width in WIDTHS]


class Variables(EmptyScope):
    """Two variables of each type, with random bytes, for ``evaluate``."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        world = self.world = World()
        kinds: dict[str, tuple[int, int]] = {
            name: (world.base(name), WIDTHS[name[1:]]) for name in INTEGERS
        }
        kinds |= {name: (world.base(name), size) for name, size in (("bool", 1), ("char", 4))}
        kinds |= {name: (world.base(name), size) for name, size in (("f32", 4), ("f64", 8))}
        kinds["color"] = (world.c_enum("m::Color", [("Red", 0), ("Green", 1), ("Blue", 200)]), 1)
        self.values: dict[str, Value] = {}
        for name, (type_, size) in kinds.items():
            for variable in (f"{name}_a", f"{name}_b"):
                self.values[variable] = world.value(type_, self._bytes(name, size))
        for name in ("u8", "i32"):
            size = WIDTHS[name[1:]]
            tag = self.random.choice((0, 1, 1, 1, 2)).to_bytes(size, "little")
            payload = self._bytes(name, size)
            self.values[f"some_{name}"] = world.value(world.option(world.base(name)), tag + payload)

    def _bytes(self, name: str, size: int) -> bytes:
        pick = self.random.choice
        match name:
            case "bool":
                return bytes([pick((0, 1, 1, 0, 2, 255))])
            case "char":
                return struct.pack("<I", pick((97, 98, 0xDF, 0x10FFFF, 0xD800, 0x110000)))
            case "color":
                return bytes([pick((0, 1, 200, 200, 3))])
            case "f32":
                return struct.pack("<f", pick((0.0, -0.0, 1.5, float("nan"), float("inf"))))
            case "f64":
                return struct.pack("<d", pick((0.0, -0.0, 1.5, float("nan"), 1e300)))
            case _:
                extremes = (0, 1, 2, 1 << (8 * size - 1), (1 << (8 * size - 1)) - 1)
                last = (1 << 8 * size) - 1
                number = pick((*extremes, last, last - 1, self.random.randrange(last)))
                return number.to_bytes(size, "little")

    def lookup(self, name: str) -> Value | None:
        return self.values.get(name)

    def find_type(self, text: str) -> Type | None:
        found = self.world.find_types(text)
        return self.world.get(found[0]) if found else None


class Stored(Variables):
    """The same variables for the compiler: types and addresses."""

    def __init__(self, variables: Variables) -> None:
        self.__dict__ = variables.__dict__

    def lookup(self, name: str) -> tuple[Type, Storage] | None:  # type: ignore[override]  # another protocol
        value = self.values.get(name)
        return None if value is None else (value.type, asm.InMemory((asm.constant(value.address),)))


class Writer:
    """Writes conditions that mostly can be typed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def truth(self, depth: int = 3) -> str:
        pick = self._chance.choice
        if depth == 0 or self._chance.random() < 0.1:
            return pick(("bool_a", "bool_b", "true", self._comparison(0)))
        match self._chance.randrange(8):
            case 0:
                return f"({self.truth(depth - 1)} {pick(('&&', '||'))} {self.truth(depth - 1)})"
            case 1:
                return f"!{self.truth(depth - 1)}" if self._chance.random() < 0.5 else "!bool_a"
            case 2:
                return f"({self.truth(depth - 1)} {pick('&|^')} {self.truth(depth - 1)})"
            case 3:
                return f"some_{pick(('u8', 'i32'))}.{pick(('is_some', 'is_none'))}()"
            case 4:
                return self._pattern()
            case _:
                return self._comparison(depth - 1)

    def _pattern(self) -> str:
        pick = self._chance.choice
        bound = pick(("Some(n) if n > 7", "Some(0)", "Some(3..=200)", "Some(_)", "None"))
        return pick(
            (
                f"matches!(some_u8, {bound})",
                "matches!(some_i32, Some(n) if n < 0)",
                "matches!(color_a, Color::Blue)",
                "matches!(char_a, 'a'..='z')",
                "matches!(char_a, 'b')",
            )
        )

    def _comparison(self, depth: int) -> str:
        operator = self._chance.choice(("==", "!=", "<", "<=", ">", ">="))
        kind = self._chance.choice((*INTEGERS, *INTEGERS, "char", "f32", "f64", "bool"))
        if kind in INTEGERS:
            return f"({self._number(kind, depth)} {operator} {self._number(kind, depth)})"
        literal = {"char": "'b'", "f32": "1.5", "f64": "0.0", "bool": "true"}[kind]
        return f"({kind}_a {operator} {self._chance.choice((f'{kind}_b', literal))})"

    def _number(self, kind: str, depth: int) -> str:
        pick, chance = self._chance.choice, self._chance.random
        if depth <= 0 or chance() < 0.3:
            return pick((f"{kind}_a", f"{kind}_b", self._literal(kind)))
        match self._chance.randrange(5):
            case 0:
                return f"({pick(INTEGERS)}_{pick('ab')} as {kind})"
            case 1:
                return f"(-{self._number(kind, depth - 1)})" if kind[0] == "i" else f"(!{kind}_a)"
            case 2:
                return f"some_{kind}.unwrap()" if kind in ("u8", "i32") else f"{kind}_b"
            case _:
                left, right = self._number(kind, depth - 1), self._number(kind, depth - 1)
                return f"({left} {pick('+-*/%&|^')} {right})"

    def _literal(self, kind: str) -> str:
        bits = 8 * WIDTHS[kind[1:]]
        high = (1 << (bits - (kind[0] == "i"))) - 1
        number = self._chance.choice((0, 1, 2, 3, 7, 100, high, high - 1))
        return f"{number}{self._chance.choice(('', '', kind))}"


def judge(text: str, variables: Variables) -> str:
    """What becomes of a condition: how the two judge it, or why they cannot be compared."""
    tree = parse(text)
    try:
        typing = check(tree, ScopeNames(variables, BOOK, NoMethods(), None))
    except CrabtrapError:
        return "not typed"
    assert typing.of(tree) == BOOL, text
    try:
        code = asm.assemble(asm.join(compile_condition(text, Stored(variables), BOOK), asm.END))
    except NotCompilableError:
        return "left to the engine"
    try:
        wanted: object = bool(evaluate(text, variables, PRESENTER).scalar())
    except CrabtrapError as error:
        wanted = f"fails: {error}"
    try:
        found: object = bool(AgentMachine(variables.world.heap.read).run(code))
    except Fault as fault:
        found = f"fails: {fault}"
    failed = isinstance(wanted, str) and isinstance(found, str)
    return "same" if failed or wanted == found else f"engine {wanted}, guard {found}"


def test_conditions_mean_the_same_to_guard_and_engine() -> None:
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for seed in range(SEEDS):
        variables = Variables(seed)
        writer = Writer(variables.random)
        for _ in range(CONDITIONS):
            text = writer.truth()
            outcome = judge(text, variables)
            counts[outcome] += 1
            if outcome not in ("same", "left to the engine", "not typed"):
                wrong.append(f"seed {seed}: {text}\n    {outcome}")
    assert not wrong, "\n".join(wrong[:20])
    assert counts["same"] > SEEDS * CONDITIONS // 4, counts
