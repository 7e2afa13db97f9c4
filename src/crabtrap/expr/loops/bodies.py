"""Expressions in closures, as nodes of a loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crabtrap.expr import indirection
from crabtrap.expr.loops import bases, branches, comparing, loop_patterns, methods
from crabtrap.expr.loops.item_sources import Source, find_source
from crabtrap.expr.loops.loop_code import NO_TYPE, CannotLoopError, Code, Node, Words
from crabtrap.expr.loops.shapes import (
    Outer,
    Place,
    Scalar,
    Shape,
    Slice,
    Tuple,
    kept,
    rebuilt,
    scalar_name,
    word_of,
)
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.height import children
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing.terms import INTEGERS
from crabtrap.symbols.types import PRIMITIVES, Type

if TYPE_CHECKING:
    from crabtrap.expr.evaluate import Evaluator

_OPERATORS = {
    **{"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "rem"},
    **{"<<": "shl", ">>": "shr", "&": "and", "|": "or", "^": "xor"},
}
_COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}

Names = dict[str, Shape]


class Bodies:
    """Makes nodes of expressions.

    Attributes:
        code: The program that they become part of.
        bound: The names that closures and blocks have bound, the innermost last.
    """

    def __init__(self, evaluator: Evaluator, code: Code) -> None:
        self.evaluator = evaluator
        self.code = code
        self.bound: list[Names] = []
        self._applied: tuple[nodes.Path, tuple[Shape, ...]] | None = None

    # -- functions -------------------------------------------------------------------------------
    def apply(self, function: Expression, *arguments: Shape) -> Shape:
        """Call a closure, or a method that a path names, of shapes of pure nodes."""
        if isinstance(function, nodes.Path):
            typed = self.evaluator.typing.calls.get(id(function))
            if typed is None or not arguments:
                raise CannotLoopError
            tree = nodes.MethodCall(function, typed.entry.name, (), (), function.span)
            before, self._applied = self._applied, (function, arguments)
            try:
                return methods.call(self, tree, typed, arguments[0], arguments[1:])
            finally:
                self._applied = before
        if not isinstance(function, nodes.Closure) or len(function.parameters) != len(arguments):
            raise CannotLoopError
        names: Names = {}
        for pattern, argument in zip(function.parameters, arguments, strict=True):
            fits, found = loop_patterns.match(self, argument, pattern)
            if fits is not None:
                raise CannotLoopError
            names |= found
        return self.within(names, lambda: self.value(function.body))

    def within(self, names: Names, make: Callable[[], Shape]) -> Shape:
        """Make a shape that knows more names."""
        self.bound.append(names)
        try:
            return make()
        finally:
            self.bound.pop()

    def test(self, function: Expression, *arguments: Shape) -> Node:
        """Call a closure that gives a ``bool``."""
        return self.as_scalar(self.apply(function, *arguments)).node

    # -- values ----------------------------------------------------------------------------------
    def scalar(self, tree: Expression) -> Scalar:
        """An expression as one node, with all that has to be computed before it."""
        with self.code.branch() as block:
            found = self.as_scalar(self.value(tree), tree)
        return Scalar(self.code.after(block, found.node), found.type)

    def value(  # noqa: C901, PLR0911, PLR0912 - one per class
        self, tree: Expression
    ) -> Shape:
        """An expression as a shape; what it computes first goes into the present block.

        Raises:
            CannotLoopError: No loop does it.
        """
        outer = self._outer(tree)
        if outer is not None:
            return outer
        match tree:
            case nodes.Path():
                return self._bound_name(tree)
            case nodes.Unary():
                return self._unary(tree)
            case nodes.Binary():
                return self._binary(tree)
            case nodes.Cast(operand, type_):
                return self._cast(operand, type_)
            case nodes.FieldAccess(base, name):
                return self.field(self.value(base), name)
            case nodes.Index(base, index):
                return self._index(tree, self.value(base), index)
            case nodes.MethodCall():
                return methods.method_call(self, tree)
            case nodes.Call():
                return methods.function_call(self, tree)
            case nodes.TupleOf(items):
                return Tuple(tuple(kept(self.code, self.value(item)) for item in items))
            case nodes.Block():
                return branches.block(self, tree)
            case nodes.If():
                return branches.choice(self, tree)
            case nodes.Match():
                return branches.match(self, tree)
            case nodes.Matches():
                return branches.matches(self, tree)
            case _:
                raise CannotLoopError

    def _outer(self, tree: Expression) -> Shape | None:
        """What does not depend on the item is computed once; ``None`` for what does."""
        if isinstance(tree, nodes.Literal | nodes.Path):
            if isinstance(tree, nodes.Path) and self._name(tree) is not None:
                return None
        elif isinstance(tree, nodes.Closure) or self._depends(tree):
            return None
        value = self.evaluator.value(tree)
        return Outer(value)

    def _depends(self, tree: object) -> bool:
        if isinstance(tree, nodes.Path) and self._name(tree) is not None:
            return True
        if isinstance(tree, nodes.Return | nodes.Try | nodes.Format):
            raise CannotLoopError
        bases.refuse_change(self.evaluator, tree)
        return any(map(self._depends, children(tree)))

    def _name(self, tree: nodes.Path) -> Shape | None:
        if tree.is_name:
            for names in reversed(self.bound):
                found = names.get(tree.segments[0].name)
                if found is not None:
                    return found
        return None

    def _bound_name(self, tree: nodes.Path) -> Shape:
        found = self._name(tree)
        assert found is not None  # others are outer values
        return found

    def as_scalar(self, shape: Shape, tree: Expression | None = None) -> Scalar:
        """The scalar that a shape is.

        Raises:
            CannotLoopError: It is none.
        """
        match shape:
            case Scalar():
                return shape
            case Place():
                return self.load(shape, tree)
            case Outer(value):
                found = indirection.scalar(value, self.evaluator.presenter)
                if found.type.row.name in ("{integer}", "{float}"):
                    raise CannotLoopError
                word, type_ = word_of(found)
                return Scalar(self.code.constant(word), type_)
            case _:
                raise CannotLoopError

    def load(self, place: Place, tree: Expression | None = None) -> Scalar:
        """Read a scalar; where its bytes are not valid, the expression around it fails."""
        type_ = scalar_name(place.type)
        if type_ is None:
            raise CannotLoopError
        for offset, name, node in place.loaded:
            if (offset, name) == (place.offset, type_):
                return Scalar(node, type_)
        if place.loaded:
            raise CannotLoopError  # an item that may be gone when it is looked at
        inside = -1 if place.inside is None else place.inside
        numbers = (place.buffer, place.source.stride, place.offset, place.index, inside)
        node = self.code.add("load", type_, *numbers)
        if tree is not None:
            self.may_fail(node, tree)
        return Scalar(node, type_)

    # -- failures --------------------------------------------------------------------------------
    def may_fail(self, node: Node, tree: Expression) -> Node:
        """Have the general evaluator raise its error where the node has no value."""
        names, applied = [dict(each) for each in self.bound], self._applied

        def fail(words: Words) -> None:
            evaluator = self.evaluator
            if applied is not None:
                function, arguments = applied
                evaluator.apply(function, tuple(rebuilt(each, words) for each in arguments))
                return
            for each in names:
                evaluator = evaluator.with_names(
                    {name: rebuilt(shape, words) for name, shape in each.items()}
                )
            evaluator.value(tree)

        self.code.failures[node] = fail
        return node

    # -- operators -------------------------------------------------------------------------------
    def _unary(self, tree: nodes.Unary) -> Shape:
        match tree.operator:
            case "*" | "&":
                return self.value(tree.operand)
            case "-":
                operand = self.scalar(tree.operand)
                node = self.code.add("neg", operand.type, operand.node)
                return Scalar(self.may_fail(node, tree), operand.type)
            case "!":
                operand = self.scalar(tree.operand)
                return Scalar(self.code.add("not", operand.type, operand.node), operand.type)
            case _:
                raise CannotLoopError

    def _binary(self, tree: nodes.Binary) -> Shape:
        code = self.code
        match tree.operator:
            case "&&":
                left, right = self.scalar(tree.left), self.scalar(tree.right)
                return Scalar(code.both(left.node, right.node), "bool")
            case "||":
                left, right = self.scalar(tree.left), self.scalar(tree.right)
                return Scalar(code.choice(left.node, code.constant(1), right.node), "bool")
            case "==" | "!=" | "<" | "<=" | ">" | ">=":
                name = _COMPARISONS[tree.operator]
                left = self.value(tree.left)
                with code.branch() as block:
                    right = self.value(tree.right)
                if block:
                    left = kept(code, left)  # it is computed before what the right side needs
                    code.block.extend(block)
                return comparing.compared(self, name, left, right, tree)
            case _:
                left, right = self.scalar(tree.left), self.scalar(tree.right)
                name = _OPERATORS[tree.operator]
                self.check_types(left, right, shift=name in ("shl", "shr"))
                node = code.add(name, left.type, left.node, right.node)
                return Scalar(self.may_fail(node, tree), left.type)

    def check_types(self, left: Scalar, right: Scalar, *, shift: bool = False) -> None:
        """Refuse operands of two types: the general evaluator says why."""
        same = _layout(left.type) == _layout(right.type)
        if not same and not (shift and right.type in INTEGERS):
            raise CannotLoopError

    def _cast(self, operand: Expression, type_: str) -> Shape:
        found = self.scalar(operand)
        if type_ not in PRIMITIVES or found.type not in PRIMITIVES:
            raise CannotLoopError
        return Scalar(self.code.add("cast", f"{found.type} as {type_}", found.node), type_)

    # -- parts -----------------------------------------------------------------------------------
    def field(self, base: Shape, name: str) -> Shape:
        """A field of a tuple, or of a struct in memory."""
        match base:
            case Tuple(items) if name.isdecimal() and int(name) < len(items):
                return items[int(name)]
            case Place(type=type_):
                shape = type_.strip()
                found = shape.field(name) if shape.kind == "struct" else None
                if found is None or shape.cases is not None or found.bit_size:
                    raise CannotLoopError
                return self.part(base, found.type, found.offset)
            case _:
                raise CannotLoopError

    def part(self, place: Place, type_: Type, offset: int) -> Place:
        """A part of a place, at a fixed offset in it."""
        return Place(
            place.source,
            place.buffer,
            place.index,
            type_,
            place.offset + offset,
            place.inside,
            place.loaded,
        )

    def _index(self, tree: nodes.Index, base: Shape, index_tree: Expression) -> Shape:
        index = self.scalar(index_tree)
        length, item = self.sequence(base)
        node = self.code.add("index", NO_TYPE, index.node, length)
        return item(self.code.keep(self.may_fail(node, tree)))

    def sequence(self, shape: Shape) -> tuple[Node, Callable[[Node], Shape]]:
        """The length of a slice or an array, and what finds its items.

        Raises:
            CannotLoopError: It is neither, or its items do not lie side by side.
        """
        code = self.code
        match shape:
            case Slice(source, buffer, start, length):
                return length, lambda at: Place(source, buffer, code.sum(start, at), source.type)
            case Place(type=type_) if type_.strip().kind == "array" and not shape.loaded:
                target, count = type_.strip().target, type_.strip().row.count
                size = None if target is None else target.strip().size
                if target is None or count is None or not size:
                    raise CannotLoopError
                before = code.constant(0) if shape.inside is None else shape.inside
                return code.constant(count), lambda at: Place(
                    shape.source,
                    shape.buffer,
                    shape.index,
                    target,
                    shape.offset,
                    code.sum(before, code.product(at, size)),
                )
            case Outer(value):
                _, view = self.evaluator.comparer.look_through(value)
                source = find_source(view)
                if source is None:
                    raise CannotLoopError
                table = self.table(source)
                return code.constant(source.length), lambda at: Place(
                    source, table, at, source.type
                )
            case _:
                raise CannotLoopError

    def table(self, source: Source) -> int:
        """Read all of a source; return the number of its buffer.

        Raises:
            CannotLoopError: There is too much of it.
        """
        have = sum(map(len, self.code.tables))
        if have + source.length * source.stride > bases.MOST_TABLE:
            raise CannotLoopError
        self.code.tables.append(source.read(0, source.length))
        return len(self.code.tables)


def _layout(type_: str) -> tuple[str, int | None] | str:
    """What two types must share to be one: ``usize`` and ``u64`` do."""
    known = PRIMITIVES.get(type_)
    return type_ if known is None else (known.row.encoding, known.size)
