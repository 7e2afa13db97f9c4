"""Blocks, ``if``, ``match`` and ``matches!`` in the closures of a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.loops import loop_patterns
from crabtrap.expr.loops.joining import joined
from crabtrap.expr.loops.loop_code import CannotLoopError, Node
from crabtrap.expr.loops.shapes import UNIT, Scalar, Shape, kept
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression

if TYPE_CHECKING:
    from crabtrap.expr.loops.bodies import Bodies, Names


def block(bodies: Bodies, tree: nodes.Block) -> Shape:
    """``{ let a = ..; b }``."""
    depth = len(bodies.bound)
    try:
        for statement in tree.statements:
            if not isinstance(statement, nodes.Let):
                raise CannotLoopError
            value = kept(bodies.code, bodies.value(statement.value))
            fits, names = loop_patterns.match(bodies, value, statement.pattern)
            if fits is not None:
                raise CannotLoopError
            bodies.bound.append(names)
        return UNIT if tree.result is None else bodies.value(tree.result)
    finally:
        del bodies.bound[depth:]


def choice(bodies: Bodies, tree: nodes.If) -> Shape:
    """``if``, with all its conditions."""
    if tree.otherwise is None:
        raise CannotLoopError
    code, depth = bodies.code, len(bodies.bound)
    condition: Node | None = None
    try:
        for each in tree.conditions:
            with code.branch() as before:
                found, names = _condition(bodies, each)
            found = code.after(before, found)
            condition = found if condition is None else code.both(condition, found)
            bodies.bound.append(names)
        with code.branch() as then:
            first = bodies.value(tree.then)
    finally:
        del bodies.bound[depth:]
    with code.branch() as otherwise:
        second = bodies.value(tree.otherwise)
    assert condition is not None  # the parser demands one
    return joined(bodies, condition, (then, first), (otherwise, second))


def _condition(bodies: Bodies, tree: nodes.Let | Expression) -> tuple[Node, Names]:
    if not isinstance(tree, nodes.Let):
        return bodies.scalar(tree).node, {}
    value = kept(bodies.code, bodies.value(tree.value))
    fits, names = loop_patterns.match(bodies, value, tree.pattern)
    return bodies.code.constant(1) if fits is None else fits, names


def match(bodies: Bodies, tree: nodes.Match) -> Shape:
    """``match``."""
    operand = kept(bodies.code, bodies.value(tree.operand))
    return _arms(bodies, operand, tree.arms)


def _arms(bodies: Bodies, operand: Shape, arms: tuple[nodes.Arm, ...]) -> Shape:
    if not arms:
        raise CannotLoopError
    code, (arm, *rest) = bodies.code, arms
    fits, names = loop_patterns.match(bodies, operand, arm.pattern)
    bodies.bound.append(names)
    try:
        condition = _guarded(bodies, fits, _guard(arm))
        with code.branch() as then:
            first = bodies.value(arm.body)
    finally:
        bodies.bound.pop()
    if condition is None or not rest:  # the check of types has seen that the arms suffice
        code.block.extend(then)
        return first
    with code.branch() as others:
        second = _arms(bodies, operand, tuple(rest))
    return joined(bodies, condition, (then, first), (others, second))


def _guard(arm: nodes.Arm) -> Expression | None:
    """The guard of an arm, if it is a single condition."""
    match arm.guards:
        case ():
            return None
        case (guard,) if not isinstance(guard, nodes.Let):
            return guard
        case _:
            raise CannotLoopError


def _guarded(bodies: Bodies, fits: Node | None, guard: Expression | None) -> Node | None:
    if guard is None:
        return fits
    found = bodies.scalar(guard).node
    return found if fits is None else bodies.code.both(fits, found)


def matches(bodies: Bodies, tree: nodes.Matches) -> Shape:
    """``matches!``."""
    value = kept(bodies.code, bodies.value(tree.operand))
    fits, names = loop_patterns.match(bodies, value, tree.pattern)
    found = bodies.within(names, lambda: _verdict(bodies, fits, tree.guard))
    assert isinstance(found, Scalar)  # as made
    return found


def _verdict(bodies: Bodies, fits: Node | None, guard: Expression | None) -> Scalar:
    found = _guarded(bodies, fits, guard)
    return Scalar(bodies.code.constant(1) if found is None else found, "bool")
