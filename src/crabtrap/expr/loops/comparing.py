"""Equality and order of shapes, as derived ``PartialEq`` and ``PartialOrd`` define them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.loops import live_variants
from crabtrap.expr.loops.loop_code import NO_TYPE, CannotLoopError, Node
from crabtrap.expr.loops.shapes import Optional, Outer, Place, Scalar, Shape, Tuple
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing.terms import FLOATS
from crabtrap.present.view import RecordView

if TYPE_CHECKING:
    from crabtrap.expr.loops.bodies import Bodies

SIGN = "i8"
"""The type that an ``Ordering`` is computed with."""


def compared(
    bodies: Bodies, name: str, left: Shape, right: Shape, tree: Expression | None = None
) -> Scalar:
    """``eq``, ``ne``, ``lt``, ``le``, ``gt`` or ``ge`` of two shapes.

    Raises:
        CannotLoopError: They have parts that are no scalars.
    """
    left, right = opened(bodies, left), opened(bodies, right)
    code = bodies.code
    if name in ("eq", "ne"):
        node = _equal(bodies, left, right, tree)
        return Scalar(node if name == "eq" else code.negation(node), "bool")
    if isinstance(left, Tuple) or isinstance(right, Tuple) or isinstance(left, Optional):
        sign = order(bodies, left, right, tree)
        return Scalar(code.add(name, SIGN, sign.node, code.constant(0)), "bool")
    a, b = _scalars(bodies, left, right, tree)
    return Scalar(code.add(name, a.type, a.node, b.node), "bool")


def opened(bodies: Bodies, shape: Shape) -> Shape:
    """A tuple or an option in memory, or of the general evaluator, as a shape of its parts."""
    match shape:
        case Place(type=type_) if type_.strip().path.startswith("("):
            fields = type_.strip().fields
            return Tuple(tuple(bodies.part(shape, each.type, each.offset) for each in fields))
        case Place(type=type_) if live_variants.is_option(type_):
            return live_variants.option(bodies, shape)
        case Outer(value):
            view = bodies.evaluator.presenter.view(value)
            if isinstance(view, RecordView) and view.name in ("", "Some", "None"):
                parts = tuple(opened(bodies, Outer(inner)) for _, inner in view.fields)
                if not view.name:
                    return Tuple(parts)
                is_some = bodies.code.constant(view.name == "Some")
                return Optional(is_some, parts[0] if parts else None)
            return shape
        case _:
            return shape


def _scalars(
    bodies: Bodies, left: Shape, right: Shape, tree: Expression | None
) -> tuple[Scalar, Scalar]:
    a, b = bodies.as_scalar(left, tree), bodies.as_scalar(right, tree)
    bodies.check_types(a, b)
    return (Scalar(a.node, SIGN), Scalar(b.node, SIGN)) if a.type == "Ordering" else (a, b)


def _equal(bodies: Bodies, left: Shape, right: Shape, tree: Expression | None) -> Node:
    code = bodies.code
    left, right = opened(bodies, left), opened(bodies, right)
    match left, right:
        case Tuple(xs), Tuple(ys) if len(xs) == len(ys):
            node = code.constant(1)
            for x, y in zip(reversed(xs), reversed(ys), strict=True):
                node = code.choice(_equal(bodies, x, y, tree), node, code.constant(0))
            return node
        case Optional(), Optional():
            same = code.add("eq", "bool", left.is_some, right.is_some)
            if left.inner is None or right.inner is None:
                return same
            inner = _equal(bodies, left.inner, right.inner, tree)
            either = code.choice(left.is_some, inner, code.constant(1))
            return code.both(same, either)
        case Place(), Outer() if live_variants.is_unit_enum(left.type):
            return live_variants.is_number(bodies, left, right, tree)
        case Outer(), Place() if live_variants.is_unit_enum(right.type):
            return live_variants.is_number(bodies, right, left, tree)
        case _:
            a, b = _scalars(bodies, left, right, tree)
            return code.add("eq", a.type, a.node, b.node)


def order(bodies: Bodies, left: Shape, right: Shape, tree: Expression | None = None) -> Scalar:
    """``cmp`` of two shapes.

    Raises:
        CannotLoopError: They have parts that are no scalars, or floats, which have no order.
    """
    code = bodies.code
    left, right = opened(bodies, left), opened(bodies, right)
    match left, right:
        case Tuple(xs), Tuple(ys) if len(xs) == len(ys):
            node = code.constant(0)
            for x, y in zip(reversed(xs), reversed(ys), strict=True):
                first, register = order(bodies, x, y, tree).node, code.new_register()
                sign = code.read(register)
                node = code.add("let", NO_TYPE, register, first, code.choice(sign, sign, node))
            return Scalar(node, "Ordering")
        case Optional(), Optional():
            kinds = code.add("cmp", "bool", left.is_some, right.is_some)
            if left.inner is None or right.inner is None:
                return Scalar(kinds, "Ordering")
            inner = order(bodies, left.inner, right.inner, tree).node
            both = code.both(left.is_some, right.is_some)
            return Scalar(code.choice(both, inner, kinds), "Ordering")
        case _:
            a, b = _scalars(bodies, left, right, tree)
            if a.type in FLOATS:
                raise CannotLoopError
            return Scalar(code.add("cmp", a.type, a.node, b.node), "Ordering")
