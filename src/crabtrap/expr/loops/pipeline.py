"""The adaptors of a chain: what happens to each item before the end of the chain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crabtrap.expr.loops import comparing
from crabtrap.expr.loops.loop_code import INDEX, CannotLoopError, Node, Register
from crabtrap.expr.loops.shapes import Optional, Outer, Scalar, Shape, Tuple, kept
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.expr.loops.bodies import Bodies


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of the items that a chain goes over."""

    start: int
    step: int
    count: int

    def reversed(self) -> Numbers:
        """From the last to the first."""
        return Numbers(self.start + self.step * (self.count - 1), -self.step, self.count)

    def skipped(self, count: int) -> Numbers:
        """Without the first ones."""
        gone = min(count, self.count)
        return Numbers(self.start + self.step * gone, self.step, self.count - gone)

    def taken(self, count: int) -> Numbers:
        """The first ones."""
        return Numbers(self.start, self.step, min(count, self.count))

    def stepped(self, step: int) -> Numbers:
        """The first of every ``step``."""
        return Numbers(self.start, self.step * step, -(-self.count // step))


@dataclass(frozen=True, slots=True)
class Base:
    """What a chain begins with.

    Attributes:
        numbers: ``None`` where only the loop knows how many there are.
        item: Makes the item of a number.
        count: How many there are.
        is_open: There is no end: the count only says when to give up.
        only_if: Makes the test whether there is an item of a number; of hash tables.
        length: How many items there are, where that is known.
    """

    numbers: Numbers | None
    item: Callable[[Node], Shape]
    count: Node
    is_open: bool = False
    only_if: Callable[[Node], Node] | None = None
    length: int | None = None


class Pipeline:
    """Items on their way: what one is now, and which of them are still to come.

    As long as nothing was computed that may fail and none was dropped, an item is found by its
    number alone, and ``skip``, ``step_by`` and ``rev`` only choose other numbers.  After that
    they are stages: what Rust computes before it drops an item is computed here, too.

    Attributes:
        item: The present item, of pure nodes.
        length: How many items there will be, ``None`` where the loop finds that out.
        numbers: The numbers that are gone over; ``None`` where the loop counts to ``count``.
        is_reversed: They are gone over from the last to the first.
        state: Registers that are set when the chain begins, with what they are set to.
    """

    def __init__(self, bodies: Bodies, base: Base) -> None:
        self.bodies = bodies
        self.code = bodies.code
        self.position: Register = bodies.code.new_register()
        self.numbers = base.numbers
        self.count = base.count
        self.length = base.length
        self.is_reversed = False
        self.state: list[tuple[Register, int]] = []
        self._fallible = bodies.code.fallible
        self._is_random, self._is_reversible = base.numbers is not None, True
        if base.only_if is not None:
            self.only_if(base.only_if(bodies.code.read(self.position)))
            self._is_reversible, self.length = False, base.length
        self.item = base.item(bodies.code.read(self.position))

    # -- parts that ends use, too ----------------------------------------------------------------
    def stage(self, operation: str, node: Node) -> None:
        """Add a stage that decides about the item."""
        self.code.block.append((operation, 0, node))

    def new_state(self, first: int) -> Register:
        """A register that is set when the chain begins."""
        register = self.code.new_register(first)
        self.state.append((register, first))
        return register

    def assign(self, register: Register, node: Node) -> None:
        """Compute a node into a register for every item that comes here."""
        self.code.block.append(("let", register, node))

    def only_if(self, test: Node) -> None:
        """Drop the items for which a node is 0."""
        self.stage("filter", test)
        self._is_random = False
        self.length = None

    def counted(self) -> Node:
        """The number of items that have come here before this one."""
        code = self.code
        if self._is_pristine and self.numbers is not None:
            way = code.sum(code.read(self.position), code.constant(-self.numbers.start))
            if self.numbers.step == 1:
                return code.keep(way)
            step = code.constant(self.numbers.step)
            return code.keep(code.add("div", INDEX, way, step))
        self._is_random = self._is_reversible = False
        counter = self.new_state(-1)
        self.assign(counter, code.sum(code.read(counter), code.constant(1)))
        return code.read(counter)

    @property
    def _is_pristine(self) -> bool:
        return self._is_random and self.code.fallible == self._fallible

    # -- adaptors --------------------------------------------------------------------------------
    def adapt(self, tree: nodes.MethodCall) -> None:
        """Add an adaptor.

        Raises:
            CannotLoopError: A loop does not have it.
        """
        adaptor = _ADAPTORS.get(tree.name)
        if adaptor is None:
            raise CannotLoopError
        adaptor(self, *tree.arguments)

    def same(self) -> None:
        """Leave the items as they are."""

    def inspect(self, function: Expression) -> None:
        """The closure could only do something, which an expression cannot."""
        del function

    def map(self, function: Expression) -> None:
        """Let the item be what a closure makes of it."""
        self.item = kept(self.code, self.bodies.apply(function, self.item))

    def filter(self, function: Expression) -> None:
        """Keep the items that a closure is true for."""
        self.only_if(self.bodies.test(function, self.item))

    def _option(self, function: Expression | None) -> tuple[Node, Shape]:
        found = self.item if function is None else self.bodies.apply(function, self.item)
        option = comparing.opened(self.bodies, found)
        if not isinstance(option, Optional) or option.inner is None:
            raise CannotLoopError
        option = kept(self.code, option)
        assert isinstance(option, Optional)  # as it was
        assert option.inner is not None  # as it was
        return option.is_some, option.inner

    def filter_map(self, function: Expression | None = None) -> None:
        """Keep what is in the options that a closure gives."""
        is_some, inner = self._option(function)
        self.only_if(is_some)
        self.item = inner

    def map_while(self, function: Expression) -> None:
        """Go on as long as a closure gives ``Some``."""
        is_some, inner = self._option(function)
        self._ends_at(is_some)
        self.item = inner

    def take_while(self, function: Expression) -> None:
        """Go on as long as a closure is true."""
        self._ends_at(self.bodies.test(function, self.item))

    def _ends_at(self, test: Node) -> None:
        self.stage("while", test)
        self._is_random = self._is_reversible = False
        self.length = None

    def skip_while(self, function: Expression) -> None:
        """Drop the first items, as long as a closure is true."""
        code = self.code
        begun = self.new_state(0)
        with code.branch() as block:
            test = self.bodies.test(function, self.item)
        go_on = code.negation(code.after(block, test))
        self.assign(begun, code.choice(code.read(begun), code.constant(1), go_on))
        self.only_if(code.read(begun))
        self._is_reversible = False

    def take(self, tree: Expression) -> None:
        """Keep the first items; those after them are not looked at."""
        self.take_first(self._size(tree))

    def take_first(self, count: int) -> None:
        """Keep the first ``count`` items."""
        length = None if self.length is None else min(self.length, count)
        if self.numbers is not None and (self._is_pristine or count == 0):
            self.numbers = self.numbers.taken(count)
        elif self.length is None or count < self.length:
            if self.numbers is None and count == 0:
                raise CannotLoopError
            counter = self.counted()
            last = self.code.constant(count - 1)
            self.stage("last", self.code.add("ge", INDEX, counter, last))
            self._is_random = self._is_reversible = False
        self.length = length

    def skip(self, tree: Expression) -> None:
        """Drop the first items."""
        self.skip_first(self._size(tree))

    def skip_first(self, count: int) -> None:
        """Drop the first ``count`` items."""
        length = None if self.length is None else max(self.length - count, 0)
        if self._is_pristine and self.numbers is not None:
            self.numbers = self.numbers.skipped(count)
        elif count:
            first = self.code.constant(count)
            self.only_if(self.code.add("ge", INDEX, self.counted(), first))
            self._is_reversible = False
        self.length = length

    def step_by(self, tree: Expression) -> None:
        """Keep the first of every so many items."""
        step = self._size(tree)
        if step == 0:
            raise CannotLoopError  # the general evaluator says that this panics
        length = None if self.length is None else -(-self.length // step)
        if self._is_pristine and self.numbers is not None:
            self.numbers = self.numbers.stepped(step)
        else:
            rest = self.code.add("rem", INDEX, self.counted(), self.code.constant(step))
            self.only_if(self.code.add("eq", INDEX, rest, self.code.constant(0)))
            self._is_reversible = False
        self.length = length

    def rev(self) -> None:
        """Go over the items from the last to the first."""
        if not self._is_reversible:
            raise CannotLoopError
        self.is_reversed = not self.is_reversed
        if self.numbers is not None:
            self.numbers = self.numbers.reversed()

    def enumerate(self) -> None:
        """Pair each item with how many came before it."""
        was_pristine = self._is_pristine
        index = Scalar(self.counted(), "usize")
        if not was_pristine:
            self._is_reversible = False
        self.item = Tuple((index, self.item))

    def zip(self, tree: Expression) -> None:
        """Pair each item with one of another sequence."""
        from crabtrap.expr.loops import bases  # noqa: PLC0415 - bases are chains, too

        numbers, item = bases.table(self.bodies, tree)
        code = self.code
        pristine, length = self._is_pristine, self.length
        at = self.counted()
        if pristine and self.numbers is not None:
            self.numbers = self.numbers.taken(numbers.count)
        else:
            self.stage("while", code.add("lt", INDEX, at, code.constant(numbers.count)))
        self.length = None if length is None else min(length, numbers.count)
        number = code.sum(code.product(at, numbers.step), code.constant(numbers.start))
        other = item(code.keep(number))
        self.item = Tuple((self.item, other))

    def _size(self, tree: Expression) -> int:
        """An argument that is a number of items, and known before the loop begins."""
        found = self.bodies.value(tree)
        if not isinstance(found, Outer | Scalar):
            raise CannotLoopError
        number = self.code.constant_of(self.bodies.as_scalar(found).node)
        if number is None or number < 0:
            raise CannotLoopError
        return number


_ADAPTORS: dict[str, Callable[..., None]] = {
    "map": Pipeline.map,
    "filter": Pipeline.filter,
    "filter_map": Pipeline.filter_map,
    "flatten": Pipeline.filter_map,
    "map_while": Pipeline.map_while,
    "inspect": Pipeline.inspect,
    "take": Pipeline.take,
    "skip": Pipeline.skip,
    "take_while": Pipeline.take_while,
    "skip_while": Pipeline.skip_while,
    "step_by": Pipeline.step_by,
    "rev": Pipeline.rev,
    "enumerate": Pipeline.enumerate,
    "zip": Pipeline.zip,
    **dict.fromkeys(("copied", "cloned", "by_ref", "fuse"), Pipeline.same),
}
