"""The program of a loop under construction: nodes, registers, tables and chains.

``_core.Loop`` takes it; what each node means stands in ``rust/core/src/loops/program.rs``.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

Node = int
Register = int
Assigned = list[tuple[Register, Node]]
Stage = tuple[str, Register, Node]
Emit = list[Node]
Fold = tuple[Register, Assigned, Node | None, Assigned]
Chain = tuple[Register, list[Stage], Emit | Fold]

Words = Callable[[Node], int]
"""The value of a node when a loop has stopped."""

NO_TYPE = ""
INDEX = "i128"
"""The type of numbers of items while they are computed with: nothing overflows it."""

_FALLIBLE = frozenset(
    (
        "add",
        "sub",
        "mul",
        "div",
        "rem",
        "neg",
        "abs",
        "pow",
        "shl",
        "shr",
        "div_euclid",
        "rem_euclid",
        "isqrt",
        "ilog2",
        "ilog10",
        "next_power_of_two",
        "next_multiple_of",
        "div_ceil",
        "clamp",
        "partial_cmp",
        "index",
        "fail",
    )
)
"""What may have no value; of floats only ``partial_cmp``."""


class CannotLoopError(Exception):
    """A chain has something that no loop does; the general evaluator does it."""


class Code:
    """Nodes of expressions, the registers they use, and the chains.

    Attributes:
        block: What is computed at this place of the program, in order: stages of a chain, or
            what an expression computes before its value.
        failures: Raises what the general evaluator raises where a node has no value.
        fallible: How many nodes there are that may have no value.
    """

    def __init__(self) -> None:
        self.nodes: list[tuple[str, str, list[int]]] = []
        self.registers: list[int] = []
        self.tables: list[bytes] = []
        self.chains: list[Chain] = [(0, [], [])]
        self.block: list[Stage] = []
        self.failures: dict[Node, Callable[[Words], None]] = {}
        self.fallible = 0

    def add(self, operation: str, type_: str, *numbers: int) -> Node:
        """Add a node."""
        unchecked = type_ in ("bool", "char") and operation == "load"
        if unchecked or (operation in _FALLIBLE and type_ not in ("f32", "f64")):
            self.fallible += 1
        self.fallible += operation == "partial_cmp"
        self.nodes.append((operation, type_, list(numbers)))
        return len(self.nodes) - 1

    def constant(self, number: int) -> Node:
        """A node that is always the same word."""
        return self.add("const", NO_TYPE, to_word(number))

    def constant_of(self, node: Node) -> int | None:
        """The word that a node always is, ``None`` where it varies."""
        operation, _, numbers = self.nodes[node]
        return numbers[0] if operation == "const" else None

    def new_register(self, first: int = 0) -> Register:
        """A register of its own, with what is in it at first."""
        self.registers.append(to_word(first))
        return len(self.registers) - 1

    def read(self, register: Register) -> Node:
        """The present value of a register."""
        return self.add("register", NO_TYPE, register)

    def sum(self, left: Node, right: Node) -> Node:
        """The sum of two numbers of items."""
        a, b = self.constant_of(left), self.constant_of(right)
        if a is not None and b is not None:
            return self.constant(a + b)
        if b == 0 or a == 0:
            return left if b == 0 else right
        return self.add("wrapping_add", INDEX, left, right)

    def product(self, node: Node, factor: int) -> Node:
        """The product of a number of items and a constant."""
        known = self.constant_of(node)
        if known is not None:
            return self.constant(known * factor)
        if factor == 1:
            return node
        return self.add("wrapping_mul", INDEX, node, self.constant(factor))

    def choice(self, condition: Node, then: Node, otherwise: Node) -> Node:
        """One of two nodes, the other one not computed."""
        if then == otherwise:
            return then
        return self.add("if", NO_TYPE, condition, then, otherwise)

    def both(self, left: Node, right: Node) -> Node:
        """``left && right``."""
        return self.choice(left, right, self.constant(0))

    def negation(self, node: Node) -> Node:
        """``!node``."""
        return self.add("not", "bool", node)

    def is_pure(self, node: Node) -> bool:
        """Whether a node may be computed again or never, and it makes no difference."""
        return self.nodes[node][0] in ("const", "register", "load")

    def keep(self, node: Node) -> Node:
        """Compute a node at this place, once; return what reads its value."""
        return node if self.is_pure(node) else self.put(node)

    def put(self, node: Node) -> Node:
        """Compute a node at this place into a register of its own."""
        register = self.new_register()
        self.block.append(("let", register, node))
        return self.read(register)

    @contextmanager
    def branch(self) -> Generator[list[Stage]]:
        """Collect what is computed, where it is not always reached."""
        outer, self.block = self.block, []
        try:
            yield self.block
        finally:
            self.block = outer

    def after(self, block: list[Stage], node: Node) -> Node:
        """A node that first computes what was collected."""
        for _, register, value in reversed(block):
            node = self.add("let", NO_TYPE, register, value, node)
        return node


def to_word(number: int) -> int:
    """The word of a number: those of 128 bits without a sign are taken as their bits."""
    return number if number < 1 << 127 else number - (1 << 128)
