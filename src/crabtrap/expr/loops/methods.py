"""Methods of scalars, options, orderings and slices in the closures of a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.loops import comparing
from crabtrap.expr.loops.joining import joined
from crabtrap.expr.loops.loop_code import NO_TYPE, CannotLoopError, Node, Stage
from crabtrap.expr.loops.shapes import (
    Optional,
    Outer,
    Place,
    Scalar,
    Shape,
    Slice,
    Tuple,
    kept,
    kept_option,
)
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing.terms import FLOATS, INTEGERS, SIGNED
from crabtrap.expr.typing.typing_result import CallTyping

if TYPE_CHECKING:
    from crabtrap.expr.loops.bodies import Bodies


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SAME = _names(
    "abs signum isqrt pow rem_euclid div_euclid wrapping_add wrapping_sub wrapping_mul "
    "wrapping_neg wrapping_abs wrapping_pow wrapping_shl wrapping_shr saturating_add "
    "saturating_sub saturating_mul saturating_pow saturating_abs saturating_neg rotate_left "
    "rotate_right swap_bytes reverse_bits next_power_of_two next_multiple_of div_ceil min max "
    "clamp to_ascii_uppercase to_ascii_lowercase"
)
_COUNTS = _names(
    "count_ones count_zeros leading_zeros leading_ones trailing_zeros trailing_ones ilog2 ilog10"
)
_TESTS = _names(
    "is_positive is_negative is_power_of_two is_multiple_of is_nan is_infinite is_finite "
    "is_sign_negative is_sign_positive is_alphabetic is_alphanumeric is_numeric is_uppercase "
    "is_lowercase is_whitespace is_control is_ascii is_ascii_alphabetic is_ascii_alphanumeric "
    "is_ascii_control is_ascii_digit is_ascii_graphic is_ascii_hexdigit is_ascii_lowercase "
    "is_ascii_punctuation is_ascii_uppercase is_ascii_whitespace"
)
_CHECKED = _names("add sub mul div rem pow neg abs shl shr rem_euclid div_euclid")
_OF_FLOATS = _names(
    "abs signum sqrt cbrt floor ceil trunc round round_ties_even fract exp exp2 exp_m1 ln ln_1p "
    "log10 log2 log sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh atan2 hypot powf "
    "recip to_degrees to_radians min max copysign rem_euclid div_euclid mul_add"
)
_ITSELF = _names("clone to_owned copied cloned as_ref as_slice iter into_iter to_vec")
_RELATIONS = _names("eq ne lt le gt ge")
_SIGNS = {"is_lt": "lt", "is_le": "le", "is_gt": "gt", "is_ge": "ge", "is_eq": "eq", "is_ne": "ne"}


def method_call(bodies: Bodies, tree: nodes.MethodCall) -> Shape:
    """A method call as a shape.

    Raises:
        CannotLoopError: A loop does not have this method.
    """
    typed = bodies.evaluator.typing.calls.get(id(tree))
    if typed is None:
        raise CannotLoopError
    if typed.entry.owner_name == "Iter":
        from crabtrap.expr.loops import chains  # noqa: PLC0415 - it makes bodies itself

        return chains.inner_chain(bodies, tree)
    if typed.entry.owner_name.startswith("Range"):
        return _within_range(bodies, tree, typed)
    return call(bodies, tree, typed, bodies.value(tree.receiver), tree.arguments)


def function_call(bodies: Bodies, tree: nodes.Call) -> Shape:
    """``i32::max(a, b)`` or ``Some(x)`` as a shape."""
    typed = bodies.evaluator.typing.calls.get(id(tree))
    if typed is not None and typed.entry.signature.receiver:
        method = nodes.MethodCall(tree.function, typed.entry.name, (), (), tree.span)
        receiver = bodies.value(tree.arguments[0])
        return call(bodies, method, typed, receiver, tree.arguments[1:], site=tree)
    if isinstance(tree.function, nodes.Path) and tree.function.text == "Some":
        inner = kept(bodies.code, bodies.value(tree.arguments[0]))
        return Optional(bodies.code.constant(1), inner)
    raise CannotLoopError


Argument = Expression | Shape


def call(
    bodies: Bodies,
    tree: nodes.MethodCall,
    typed: CallTyping,
    receiver: Shape,
    arguments: tuple[Argument, ...],
    *,
    site: Expression | None = None,
) -> Shape:
    """Call a method of a shape; arguments are expressions, or shapes already."""
    if tree.name in _ITSELF and not arguments:
        return receiver
    if arguments:
        receiver = kept(bodies.code, receiver)  # it is computed before them
    found = _Call(bodies, tree.name, site or tree, typed, arguments)
    if tree.name in _RELATIONS and len(arguments) == 1:
        return comparing.compared(bodies, tree.name, receiver, found.shape(0), tree)
    if tree.name == "cmp" and len(arguments) == 1:
        return comparing.order(bodies, receiver, found.shape(0), tree)
    if tree.name in ("min", "max") and typed.entry.owner_name == "Self":
        return _extreme(bodies, tree, receiver, found.shape(0))
    opened = comparing.opened(bodies, receiver)
    match opened:
        case Optional():
            return found.on_option(kept_option(bodies.code, opened))
        case Slice() | Tuple():
            return found.on_slice(opened)
        case Place(type=type_) if type_.strip().kind == "array":
            return found.on_slice(opened)
        case Outer() if typed.entry.owner_name in ("slice", "Vec", "VecDeque"):
            return found.on_slice(opened)
        case _:
            return found.on_scalar(bodies.as_scalar(opened, tree))


def _extreme(bodies: Bodies, tree: nodes.MethodCall, left: Shape, right: Shape) -> Shape:
    """``Ord::max`` or ``min``: of equal ones the second is the greater."""
    relation = "gt" if tree.name == "max" else "le"
    first = comparing.compared(bodies, relation, left, right, tree).node
    return joined(bodies, first, ([], left), ([], right))


def _within_range(bodies: Bodies, tree: nodes.MethodCall, typed: CallTyping) -> Shape:
    """``(a..b).contains(&x)``."""
    bounds = tree.receiver
    if tree.name != "contains" or not isinstance(bounds, nodes.RangeOf):
        raise CannotLoopError
    del typed
    code = bodies.code
    item = bodies.value(tree.arguments[0])
    node = code.constant(1)
    if bounds.end is not None:
        name = "le" if bounds.inclusive else "lt"
        node = comparing.compared(bodies, name, item, bodies.scalar(bounds.end), tree).node
    if bounds.start is not None:
        start = bodies.scalar(bounds.start)
        above = comparing.compared(bodies, "ge", item, start, tree).node
        node = code.both(above, node)
    return Scalar(node, "bool")


class _Call:
    """A method call whose receiver is known."""

    def __init__(
        self,
        bodies: Bodies,
        name: str,
        tree: Expression,
        typed: CallTyping,
        arguments: tuple[Argument, ...],
    ) -> None:
        self.bodies = bodies
        self.code = bodies.code
        self.name = name
        self.tree = tree
        self.typed = typed
        self.arguments = arguments

    # -- arguments -------------------------------------------------------------------------------
    def shape(self, at: int) -> Shape:
        """An argument."""
        argument = self.arguments[at]
        if isinstance(argument, Scalar | Place | Tuple | Optional | Slice | Outer):
            return argument
        return kept(self.code, self.bodies.value(argument))

    def function(self, at: int = 0) -> Expression:
        """An argument that is a closure or names a function."""
        argument = self.arguments[at]
        if isinstance(argument, Scalar | Place | Tuple | Optional | Slice | Outer):
            raise CannotLoopError
        return argument

    def scalars(self) -> list[Scalar]:
        """All arguments, which are scalars."""
        return [self.bodies.as_scalar(self.shape(at)) for at in range(len(self.arguments))]

    def lazy(self, at: int, *given: Shape) -> tuple[list[Stage], Shape]:
        """A closure applied in a branch of its own."""
        with self.code.branch() as block:
            found = self.bodies.apply(self.function(at), *given)
        return block, found

    # -- scalars ---------------------------------------------------------------------------------
    def on_scalar(self, receiver: Scalar) -> Shape:
        """A method of a number, a ``bool``, a ``char`` or an ``Ordering``."""
        if receiver.type == "Ordering":
            return self._on_ordering(receiver)
        if receiver.type == "bool":
            return self._on_bool(receiver)
        if self.name.startswith("checked_"):
            return self._checked(receiver)
        if self.name in ("partial_cmp", "total_cmp"):
            return self._float_order(receiver)
        type_ = self._result_type(receiver.type)
        nodes_ = [receiver.node, *(each.node for each in self.scalars())]
        node = self.code.add(self.name, receiver.type, *nodes_)
        return Scalar(self.bodies.may_fail(node, self.tree), type_)

    def _result_type(self, type_: str) -> str:
        name = self.name
        if name in _TESTS:
            return "bool"
        if type_ in FLOATS:
            if name in _OF_FLOATS:
                return type_
        elif name in _SAME:
            return type_
        elif name in _COUNTS:
            return "u32"
        elif name in ("unsigned_abs", "abs_diff") and type_ in INTEGERS:
            return type_.replace("i", "u", 1) if type_ in SIGNED else type_
        elif name == "len_utf8":
            return "usize"
        raise CannotLoopError

    def _checked(self, receiver: Scalar) -> Shape:
        name = self.name.removeprefix("checked_")
        if name not in _CHECKED or receiver.type not in INTEGERS:
            raise CannotLoopError
        operands = [self.code.keep(receiver.node)]
        operands += [self.code.keep(each.node) for each in self.scalars()]
        if name in ("neg", "abs") and receiver.type not in SIGNED:
            raise CannotLoopError
        node = self.code.add(name, receiver.type, *operands)
        is_some = self.code.add("succeeds", NO_TYPE, node)
        return kept_option(self.code, Optional(is_some, Scalar(node, receiver.type)))

    def _float_order(self, receiver: Scalar) -> Shape:
        other = self.scalars()[0]
        self.bodies.check_types(receiver, other)
        if self.name == "total_cmp":
            node = self.code.add("total_cmp", receiver.type, receiver.node, other.node)
            return Scalar(node, "Ordering")
        if receiver.type not in FLOATS:
            node = self.code.add("cmp", receiver.type, receiver.node, other.node)
            return Optional(self.code.constant(1), Scalar(self.code.keep(node), "Ordering"))
        operands = self.code.keep(receiver.node), self.code.keep(other.node)
        node = self.code.add("partial_cmp", receiver.type, *operands)
        is_some = self.code.add("succeeds", NO_TYPE, node)
        return kept_option(self.code, Optional(is_some, Scalar(node, "Ordering")))

    def _on_ordering(self, receiver: Scalar) -> Shape:
        code = self.code
        if self.name in _SIGNS:
            node = code.add(_SIGNS[self.name], comparing.SIGN, receiver.node, code.constant(0))
            return Scalar(node, "bool")
        if self.name == "reverse":
            return Scalar(code.add("wrapping_neg", comparing.SIGN, receiver.node), "Ordering")
        if self.name in ("then", "then_with"):
            first = code.keep(receiver.node)
            if self.name == "then":
                second = self.bodies.as_scalar(self.shape(0)).node
            else:
                block, found = self.lazy(0)
                second = code.after(block, self.bodies.as_scalar(found).node)
            return Scalar(code.choice(first, first, second), "Ordering")
        raise CannotLoopError

    def _on_bool(self, receiver: Scalar) -> Shape:
        if self.name == "then_some":
            inner = self.shape(0)
            return kept_option(self.code, Optional(receiver.node, inner))
        if self.name == "then":
            decided = self.code.keep(receiver.node)
            block, found = self.lazy(0)
            inner = self._where(decided, block, found)
            return Optional(decided, inner)
        if self.name in ("min", "max"):
            other = self.scalars()[0]
            return Scalar(self.code.add(self.name, "bool", receiver.node, other.node), "bool")
        raise CannotLoopError

    def _where(self, condition: Node, block: list[Stage], shape: Shape) -> Shape:
        """Compute a shape here, where a condition holds; elsewhere its nodes are 0."""
        code = self.code
        nothing = code.constant(0)
        for _, register, node in block:
            code.block.append(("let", register, code.choice(condition, node, nothing)))
        found = kept_option(code, Optional(condition, shape)).inner
        assert found is not None  # as given
        return found

    # -- options ---------------------------------------------------------------------------------
    def on_option(self, receiver: Optional) -> Shape:  # noqa: C901, PLR0911, PLR0912 - one per name
        """A method of an ``Option``."""
        code, is_some = self.code, receiver.is_some
        if self.name in ("is_some", "is_none"):
            node = is_some if self.name == "is_some" else code.negation(is_some)
            return Scalar(node, "bool")
        if receiver.inner is None:
            raise CannotLoopError
        inner = receiver.inner
        match self.name:
            case "unwrap" | "expect":
                failure = self.bodies.may_fail(code.add("fail", NO_TYPE), self.tree)
                if not isinstance(inner, Scalar | Place):
                    raise CannotLoopError
                if isinstance(inner, Scalar):
                    return Scalar(code.choice(is_some, inner.node, failure), inner.type)
                code.put(code.choice(is_some, is_some, failure))
                return inner
            case "unwrap_or":
                return joined(self.bodies, is_some, ([], inner), ([], self.shape(0)))
            case "unwrap_or_else":
                return joined(self.bodies, is_some, ([], inner), self.lazy(0))
            case "map":
                return Optional(is_some, self._where(is_some, *self.lazy(0, inner)))
            case "and_then":
                block, found = self.lazy(0, inner)
                if not isinstance(found, Optional) or found.inner is None:
                    raise CannotLoopError
                self._where(is_some, block, Scalar(code.constant(0), "u8"))
                both = code.put(code.both(is_some, found.is_some))
                return kept_option(code, Optional(both, found.inner))
            case "filter":
                test = self._test(0, inner)
                return kept_option(code, Optional(code.both(is_some, test), inner))
            case "is_some_and":
                return Scalar(code.both(is_some, self._test(0, inner)), "bool")
            case "is_none_or":
                return Scalar(code.choice(is_some, self._test(0, inner), code.constant(1)), "bool")
            case "map_or":
                default = self.shape(0)
                return joined(self.bodies, is_some, self.lazy(1, inner), ([], default))
            case "map_or_else":
                return joined(self.bodies, is_some, self.lazy(1, inner), self.lazy(0))
            case _:
                raise CannotLoopError

    def _test(self, at: int, *given: Shape) -> Node:
        block, found = self.lazy(at, *given)
        return self.code.after(block, self.bodies.as_scalar(found).node)

    # -- slices ----------------------------------------------------------------------------------
    def on_slice(self, receiver: Shape) -> Shape:
        """A method of a slice or an array."""
        code = self.code
        length, item = self.bodies.sequence(receiver)
        match self.name:
            case "len":
                return Scalar(length, "usize")
            case "is_empty":
                return Scalar(code.add("eq", "usize", length, code.constant(0)), "bool")
            case "first":
                return Optional(self._has(length), item(code.constant(0)))
            case "last":
                return Optional(self._has(length), item(code.sum(length, code.constant(-1))))
            case "get":
                at = code.keep(self.bodies.as_scalar(self.shape(0)).node)
                inside = code.add("lt", "usize", at, length)
                return kept_option(code, Optional(inside, item(at)))
            case "contains":
                from crabtrap.expr.loops import chains  # noqa: PLC0415 - it makes bodies itself

                return chains.contains(self.bodies, receiver, self.shape(0))
            case _:
                raise CannotLoopError

    def _has(self, length: Node) -> Node:
        return self.code.add("gt", "usize", length, self.code.constant(0))
