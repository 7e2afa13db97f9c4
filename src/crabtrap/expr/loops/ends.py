"""The ends of chains: what becomes of the items that are left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crabtrap.expr import operators
from crabtrap.expr.loops import comparing, joining
from crabtrap.expr.loops.loop_code import (
    Assigned,
    CannotLoopError,
    Emit,
    Fold,
    Node,
    Register,
    Words,
)
from crabtrap.expr.loops.pipeline import Pipeline
from crabtrap.expr.loops.shapes import (
    Optional,
    Outer,
    Place,
    Scalar,
    Shape,
    Tuple,
    kept,
    mapped,
    nodes_of,
    scalar_name,
    scalar_value,
)
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing.terms import FLOATS, INTEGERS

if TYPE_CHECKING:
    from crabtrap.expr.loops.bodies import Bodies

End = tuple[Emit | Fold, Shape]
"""What the core is to do at the end, and the result when the loop is done."""

_MOST_LEAVES = 16
"""Most scalars of an item that are kept to be looked at later."""


def end_of(pipeline: Pipeline, tree: nodes.MethodCall, result: str) -> End:
    """The end of a chain; ``result`` is the name of its type.

    Raises:
        CannotLoopError: A loop does not have it.
    """
    make = _ENDS.get(tree.name)
    if make is None:
        raise CannotLoopError
    return make(_Ending(pipeline, tree, result), *tree.arguments)


def emitted(pipeline: Pipeline) -> End:
    """An end that gives all items."""
    return list(nodes_of(pipeline.item)), pipeline.item


def found(pipeline: Pipeline, *, wanted: bool = True) -> End:
    """Whether an item came to the end."""
    code = pipeline.code
    pipeline.stage("last", code.constant(1))
    seen = pipeline.new_state(0)
    node = code.read(seen)
    return (seen, [], None, []), Scalar(node if wanted else code.negation(node), "bool")


class _Ending:
    """The end of one chain under construction."""

    def __init__(self, pipeline: Pipeline, tree: nodes.MethodCall, result: str) -> None:
        self.pipeline = pipeline
        self.bodies: Bodies = pipeline.bodies
        self.code = pipeline.code
        self.tree = tree
        self.result = result

    # -- the first item --------------------------------------------------------------------------
    def first(self) -> tuple[Fold, Node, Shape]:
        """Keep the first item that comes here; return whether one came, too."""
        self.pipeline.stage("last", self.code.constant(1))
        item = self.pipeline.item
        fold, seen, keep = self.keep(item)
        return fold, seen, keep

    def keep(self, item: Shape, condition: Node | None = None) -> tuple[Fold, Node, Shape]:
        """Keep an item, and a later one where the condition is 1."""
        seen = self.pipeline.new_state(0)
        assigned, found = self.registers(item)
        return (seen, assigned, condition, assigned), self.code.read(seen), found

    def registers(self, shape: Shape) -> tuple[Assigned, Shape]:
        """Registers for the nodes of a shape, and the shape that reads them."""
        assigned: Assigned = []

        def change(node: Node) -> Node:
            register = self.code.new_register()
            assigned.append((register, node))
            return self.code.read(register)

        return assigned, mapped(shape, change)

    def optional(self) -> End:
        """``next()``."""
        fold, seen, item = self.first()
        return fold, Optional(seen, item)

    def any(self, function: Expression) -> End:
        """Whether the closure is true for one."""
        self.pipeline.only_if(self.bodies.test(function, self.pipeline.item))
        return found(self.pipeline)

    def all(self, function: Expression) -> End:
        """Whether the closure is true for each."""
        test = self.bodies.test(function, self.pipeline.item)
        self.pipeline.only_if(self.code.negation(test))
        return found(self.pipeline, wanted=False)

    def find(self, function: Expression) -> End:
        """The first one that the closure is true for."""
        self.pipeline.filter(function)
        return self.optional()

    def rfind(self, function: Expression) -> End:
        """The last one that the closure is true for."""
        self.pipeline.rev()
        return self.find(function)

    def find_map(self, function: Expression) -> End:
        """The first ``Some`` that the closure gives."""
        self.pipeline.filter_map(function)
        return self.optional()

    def position(self, function: Expression) -> End:
        """The number of the first one that the closure is true for."""
        index = Scalar(self.pipeline.counted(), "usize")
        self.pipeline.only_if(self.bodies.test(function, self.pipeline.item))
        self.pipeline.item = index
        return self.optional()

    def rposition(self, function: Expression) -> End:
        """The number, from the front, of the last one that the closure is true for."""
        index = Scalar(self.pipeline.counted(), "usize")
        self.pipeline.rev()
        self.pipeline.only_if(self.bodies.test(function, self.pipeline.item))
        self.pipeline.item = index
        return self.optional()

    def next_back(self) -> End:
        """The last one, from the back."""
        self.pipeline.rev()
        return self.optional()

    def nth(self, tree: Expression) -> End:
        """The one after so many others."""
        self.pipeline.skip(tree)
        return self.optional()

    def nth_back(self, tree: Expression) -> End:
        """The one before so many others."""
        self.pipeline.rev()
        return self.nth(tree)

    def last(self) -> End:
        """The last one, after all others."""
        fold, seen, item = self.keep(self.pipeline.item)
        return fold, Optional(seen, item)

    # -- numbers ---------------------------------------------------------------------------------
    def count(self) -> End:
        """How many there are."""
        if self.pipeline.length is not None and not self.code.block:
            raise CannotLoopError  # that is known without a walk over them
        total = self.pipeline.new_state(0)
        node = self.code.sum(self.code.read(total), self.code.constant(1))
        return self.folded([(total, node)]), Scalar(self.code.read(total), "usize")

    def folded(self, assigned: Assigned) -> Fold:
        """Assign registers at every item."""
        seen = self.pipeline.new_state(1)
        return seen, assigned, None, assigned

    def sum(self) -> End:
        """The sum of all."""
        return self._total("add", "+", 0, -0.0)

    def product(self) -> End:
        """The product of all."""
        return self._total("mul", "*", 1, 1.0)

    def _total(self, name: str, operator: str, nothing: int, none: float) -> End:
        code = self.code
        item = self.bodies.as_scalar(self.pipeline.item)
        if item.type not in INTEGERS | FLOATS or self.result not in INTEGERS | FLOATS:
            raise CannotLoopError
        item = Scalar(code.keep(item.node), item.type)
        seen, total = self.pipeline.new_state(0), code.new_register()
        so_far = code.read(total)
        node = code.add(name, item.type, so_far, item.node)

        def fail(words: Words) -> None:
            values = (scalar_value(words(each), item.type) for each in (so_far, item.node))
            operators.arithmetic("+" if operator == "+" else "*", *values)

        code.failures[node] = fail
        word = _float_word(none) if item.type in FLOATS else nothing
        result = code.choice(code.read(seen), so_far, code.constant(word))
        fold = (seen, [(total, item.node)], None, [(total, node)])
        return fold, Scalar(result, item.type)

    # -- extremes --------------------------------------------------------------------------------
    def _extreme(self, relation: str, key: Expression | None) -> End:
        code = self.code
        item = self.pipeline.item
        if key is None:
            item = preloaded(self.bodies, item)
            keyed = item
        else:
            keyed = preloaded(self.bodies, kept(code, self.bodies.apply(key, item)))
        seen = self.pipeline.new_state(0)
        items, best = self.registers(item)
        keys, best_key = (items, best) if key is None else self.registers(keyed)
        both = items if key is None else [*items, *keys]
        sign = comparing.order(self.bodies, keyed, best_key, self.tree).node
        better = code.add(relation, comparing.SIGN, sign, code.constant(0))
        return (seen, both, better, both), Optional(code.read(seen), best)

    def min(self, key: Expression | None = None) -> End:
        """The first of the least."""
        return self._extreme("lt", key)

    def max(self, key: Expression | None = None) -> End:
        """The last of the greatest."""
        return self._extreme("ge", key)

    def _compared(self, relation: str, function: Expression) -> End:
        code = self.code
        item = preloaded(self.bodies, self.pipeline.item)
        seen = self.pipeline.new_state(0)
        assigned, best = self.registers(item)
        with code.branch() as block:
            sign = self.bodies.as_scalar(self.bodies.apply(function, best, item))
        if sign.type != "Ordering":
            raise CannotLoopError
        better = code.add(relation, comparing.SIGN, sign.node, code.constant(0))
        return (seen, assigned, code.after(block, better), assigned), Optional(
            code.read(seen), best
        )

    def min_by(self, function: Expression) -> End:
        """The first of the least, as the closure compares."""
        return self._compared("gt", function)

    def max_by(self, function: Expression) -> End:
        """The last of the greatest, as the closure compares."""
        return self._compared("le", function)

    # -- folds -----------------------------------------------------------------------------------
    def fold(self, first: Expression, function: Expression) -> End:
        """What the closure makes of a value and all items."""
        start = _opened(self.bodies, self.bodies.value(first))
        assigned, total = self.registers(start)
        for register, node in assigned:
            word = self.code.constant_of(node)
            if word is None:
                raise CannotLoopError
            self.code.registers[register] = word
            self.pipeline.state.append((register, word))
        found = kept(self.code, self.bodies.apply(function, total, self.pipeline.item))
        return self.folded(self._assigned(assigned, total, found)), total

    def rfold(self, first: Expression, function: Expression) -> End:
        """The same from the back."""
        self.pipeline.rev()
        return self.fold(first, function)

    def reduce(self, function: Expression) -> End:
        """What the closure makes of all items."""
        code = self.code
        item = preloaded(self.bodies, self.pipeline.item)
        seen = self.pipeline.new_state(0)
        assigned, total = self.registers(item)
        with code.branch() as block:
            found = self.bodies.apply(function, total, item)
        if block:  # it must not be computed at the first item
            raise CannotLoopError
        following = self._assigned(assigned, total, found)
        return (seen, assigned, None, following), Optional(code.read(seen), total)

    def _assigned(self, assigned: Assigned, total: Shape, found: Shape) -> Assigned:
        """The next values of registers, from a shape that is like the one in them."""
        found = _like(self.bodies, total, found)
        values = list(nodes_of(found))
        if len(values) != len(assigned):
            raise CannotLoopError
        return [(register, node) for (register, _), node in zip(assigned, values, strict=True)]

    # -- order -----------------------------------------------------------------------------------
    def _sorted(self, make: Callable[[Shape, Shape], Node], shape: Shape) -> End:
        """Whether no two neighbours are in the wrong order."""
        code, pipeline = self.code, self.pipeline
        seen: Register = pipeline.new_state(0)
        assigned, before = self.registers(shape)
        with code.branch() as block:
            test = make(before, shape)
        wrong = code.both(code.read(seen), code.negation(code.after(block, test)))
        verdict = code.put(wrong)
        pipeline.assign(seen, code.constant(1))
        for register, node in assigned:
            pipeline.assign(register, node)
        pipeline.only_if(verdict)
        return found(self.pipeline, wanted=False)

    def is_sorted(self) -> End:
        """Whether each is not greater than the next."""
        shape = preloaded(self.bodies, self.pipeline.item)
        return self._sorted(self._not_greater, shape)

    def _not_greater(self, before: Shape, item: Shape) -> Node:
        return comparing.compared(self.bodies, "le", before, item, self.tree).node

    def is_sorted_by_key(self, function: Expression) -> End:
        """Whether the keys are sorted."""
        key = kept(self.code, self.bodies.apply(function, self.pipeline.item))
        return self._sorted(self._not_greater, preloaded(self.bodies, key))

    def is_sorted_by(self, function: Expression) -> End:
        """Whether the closure is true for all neighbours."""
        shape = preloaded(self.bodies, self.pipeline.item)
        return self._sorted(lambda a, b: self.bodies.test(function, a, b), shape)


def _float_word(number: float) -> int:
    import struct  # noqa: PLC0415 - rarely needed

    return int.from_bytes(struct.pack("<d", number), "little")


def _opened(bodies: Bodies, shape: Shape) -> Shape:
    """A value that is known before the loop, as a shape of constants."""
    opened = comparing.opened(bodies, shape)
    match opened:
        case Tuple(items):
            return Tuple(tuple(_opened(bodies, item) for item in items))
        case Outer():
            return bodies.as_scalar(opened)
        case Scalar():
            return opened
        case _:
            raise CannotLoopError


def _like(bodies: Bodies, wanted: Shape, found: Shape) -> Shape:
    """A shape as one that has the same parts as another.

    Raises:
        CannotLoopError: It has others.
    """
    match wanted, found:
        case Tuple(xs), _:
            opened = comparing.opened(bodies, found)
            if not isinstance(opened, Tuple) or len(opened.items) != len(xs):
                raise CannotLoopError
            return Tuple(tuple(_like(bodies, x, y) for x, y in zip(xs, opened.items, strict=True)))
        case Scalar(_, type_), _:
            scalar = bodies.as_scalar(found)
            if scalar.type != type_:
                raise CannotLoopError
            return scalar
        case Place(), Place():
            if joining.are_alike(wanted, found):
                return found
            raise CannotLoopError
        case _:
            raise CannotLoopError


def preloaded(bodies: Bodies, shape: Shape) -> Shape:
    """A shape whose scalars in memory were read: it is looked at when other items are there."""
    match shape:
        case Place():
            leaves = tuple(_leaves(shape))
            if not leaves or shape.loaded or len(leaves) > _MOST_LEAVES:
                raise CannotLoopError
            loaded = tuple(
                (leaf.offset, type_, bodies.code.put(bodies.load(leaf).node))
                for leaf, type_ in leaves
            )
            return Place(
                shape.source,
                shape.buffer,
                shape.index,
                shape.type,
                shape.offset,
                shape.inside,
                loaded,
            )
        case Tuple(items):
            return Tuple(tuple(preloaded(bodies, item) for item in items))
        case Scalar() | Outer():
            return shape
        case _:
            raise CannotLoopError


def _leaves(place: Place) -> list[tuple[Place, str]]:
    """The numbers in a place, with their types; what is no number cannot be looked at later."""
    type_ = scalar_name(place.type)
    if type_ is not None:
        return [(place, type_)] if type_ in INTEGERS | FLOATS else []
    shape = place.type.strip()
    if shape.kind != "struct" or shape.cases is not None:
        return []
    found: list[tuple[Place, str]] = []
    for field in shape.fields:
        inner = Place(
            place.source,
            place.buffer,
            place.index,
            field.type,
            place.offset + field.offset,
            place.inside,
        )
        found += _leaves(inner)
    return found


_ENDS: dict[str, Callable[..., End]] = {
    "any": _Ending.any,
    "all": _Ending.all,
    "find": _Ending.find,
    "rfind": _Ending.rfind,
    "find_map": _Ending.find_map,
    "position": _Ending.position,
    "rposition": _Ending.rposition,
    "next": _Ending.optional,
    "next_back": _Ending.next_back,
    "nth": _Ending.nth,
    "nth_back": _Ending.nth_back,
    "last": _Ending.last,
    "count": _Ending.count,
    "sum": _Ending.sum,
    "product": _Ending.product,
    "min": _Ending.min,
    "max": _Ending.max,
    "min_by_key": _Ending.min,
    "max_by_key": _Ending.max,
    "min_by": _Ending.min_by,
    "max_by": _Ending.max_by,
    "fold": _Ending.fold,
    "rfold": _Ending.rfold,
    "reduce": _Ending.reduce,
    "is_sorted": _Ending.is_sorted,
    "is_sorted_by_key": _Ending.is_sorted_by_key,
    "is_sorted_by": _Ending.is_sorted_by,
}
