"""One of two shapes: what ``if``, ``match`` and ``unwrap_or`` give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.loops.loop_code import CannotLoopError, Code, Node, Stage
from crabtrap.expr.loops.shapes import Optional, Outer, Place, Scalar, Shape, Tuple, kept

if TYPE_CHECKING:
    from crabtrap.expr.loops.bodies import Bodies

Branch = tuple[list[Stage], Shape]
"""What a branch computes first, and what it gives."""


def joined(bodies: Bodies, condition: Node, then: Branch, otherwise: Branch) -> Shape:
    """One of two shapes; of the other branch nothing is computed."""
    code = bodies.code
    (first_block, first), (second_block, second) = then, otherwise
    if not first_block and not second_block and isinstance(first, Scalar | Outer | Place):
        return _chosen(bodies, condition, first, second)
    decided, nothing = code.keep(condition), code.constant(0)
    for _, register, node in first_block:
        code.block.append(("let", register, code.choice(decided, node, nothing)))
    for _, register, node in second_block:
        code.block.append(("let", register, code.choice(decided, nothing, node)))
    return kept(code, _chosen(bodies, decided, first, second))


def _chosen(bodies: Bodies, condition: Node, first: Shape, second: Shape) -> Shape:
    code = bodies.code
    match first, second:
        case Tuple(left), Tuple(right) if len(left) == len(right):
            pairs = zip(left, right, strict=True)
            return Tuple(tuple(_chosen(bodies, condition, a, b) for a, b in pairs))
        case Optional(), Optional():
            is_some = code.choice(condition, first.is_some, second.is_some)
            if first.inner is None or second.inner is None:
                return Optional(is_some, first.inner or second.inner)
            return Optional(is_some, _chosen(bodies, condition, first.inner, second.inner))
        case Place(), Place() if are_alike(first, second):
            return _place(code, condition, first, second)
        case _:
            a, b = bodies.as_scalar(first), bodies.as_scalar(second)
            if a.type != b.type:
                raise CannotLoopError
            return Scalar(code.choice(condition, a.node, b.node), a.type)


def _place(code: Code, condition: Node, first: Place, second: Place) -> Place:
    index = code.choice(condition, first.index, second.index)
    loaded = tuple(
        (offset, type_, code.choice(condition, node, other))
        for (offset, type_, node), (_, _, other) in zip(first.loaded, second.loaded, strict=True)
    )
    return Place(first.source, first.buffer, index, first.type, first.offset, None, loaded)


def are_alike(first: Place, second: Place) -> bool:
    """Whether two places differ in the numbers of their items alone."""
    same = first.source is second.source and first.buffer == second.buffer
    part = first.type is second.type and first.offset == second.offset
    fixed = first.inside is None and second.inside is None
    loaded = [each[:2] for each in first.loaded] == [each[:2] for each in second.loaded]
    return same and part and fixed and loaded
