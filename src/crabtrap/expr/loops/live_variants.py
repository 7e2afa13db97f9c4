"""Which variant of an enum in memory is live, and what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.loops.loop_code import NO_TYPE, CannotLoopError, Node, to_word
from crabtrap.expr.loops.shapes import Optional, Outer, Place
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.symbols.types import PRIMITIVES, Case, Type
from crabtrap.values.decode import is_uninhabited

if TYPE_CHECKING:
    from crabtrap.expr.loops.bodies import Bodies


def is_option(type_: Type) -> bool:
    """Whether this is std's ``Option``."""
    shape = type_.strip()
    return shape.cases is not None and shape.path.startswith("core::option::Option<")


def is_unit_enum(type_: Type) -> bool:
    """Whether no variant of an enum has fields."""
    return type_.strip().kind == "enum" and type_.strip().cases is None


def option(bodies: Bodies, place: Place) -> Optional:
    """An ``Option`` in memory."""
    case = case_of(place.type, "Some")
    payload = case.type.fields[0]
    inside = bodies.part(place, payload.type, case.offset + payload.offset)
    return Optional(is_live(bodies, place, case), inside)


def case_of(type_: Type, name: str) -> Case:
    """A variant by its name.

    Raises:
        CannotLoopError: There is none.
    """
    case = type_.strip().case(name)
    if case is None:
        raise CannotLoopError
    return case


def is_live(bodies: Bodies, place: Place, case: Case, tree: Expression | None = None) -> Node:
    """Whether a variant is live; it fails where none is."""
    code, cases = bodies.code, place.type.strip().cases
    assert cases is not None  # the caller has a variant of it
    if cases.discriminant is None:
        possible = [each for each in cases.cases if not is_uninhabited(each.type)]
        if possible != [case]:
            raise CannotLoopError
        return code.constant(1)
    field = cases.discriminant
    tag = _load(bodies, place, field.type, field.offset)
    defaults = [each for each in cases.cases if not each.discriminants]
    known = tuple(pair for each in cases.cases for pair in each.discriminants)
    size = field.type.strip().size or 0
    if not case.discriminants:
        return code.negation(_within(bodies, tag, known, size))
    live = _within(bodies, tag, case.discriminants, size)
    if defaults or _covers(known, size):
        return live
    return code.choice(_within(bodies, tag, known, size), live, _failure(bodies, tree))


def _covers(ranges: tuple[tuple[int, int], ...], size: int) -> bool:
    return sum(high - low + 1 for low, high in ranges) >= 1 << 8 * size


def _within(bodies: Bodies, tag: Node, ranges: tuple[tuple[int, int], ...], size: int) -> Node:
    code, type_ = bodies.code, f"u{8 * size}"
    node = code.constant(0)
    for low, high in ranges:
        if low == high:
            test = code.add("eq", type_, tag, code.constant(to_word(low)))
        else:
            above = code.add("ge", type_, tag, code.constant(to_word(low)))
            below = code.add("le", type_, tag, code.constant(to_word(high)))
            test = code.both(above, below)
        node = code.choice(test, code.constant(1), node)
    return node


def _failure(bodies: Bodies, tree: Expression | None) -> Node:
    failure = bodies.code.add("fail", NO_TYPE)
    return failure if tree is None else bodies.may_fail(failure, tree)


def _load(bodies: Bodies, place: Place, type_: Type, offset: int) -> Node:
    name = f"u{8 * (type_.strip().size or 0)}"
    if name not in PRIMITIVES or place.loaded:
        raise CannotLoopError
    inside = -1 if place.inside is None else place.inside
    at = place.offset + offset
    return bodies.code.add("load", name, place.buffer, place.source.stride, at, place.index, inside)


def number_of(bodies: Bodies, place: Place, tree: Expression | None) -> tuple[Node, int]:
    """The discriminant of an enum without fields, and its size; it fails where it is invalid."""
    code, shape = bodies.code, place.type.strip()
    size = shape.size or 0
    numbers = tuple({number & ((1 << 8 * size) - 1) for _, number in shape.row.enumerators})
    tag = _load(bodies, place, shape, 0)
    valid = _within(bodies, tag, tuple((each, each) for each in numbers), size)
    return code.choice(valid, tag, _failure(bodies, tree)), size


def is_number(bodies: Bodies, place: Place, wanted: Outer, tree: Expression | None) -> Node:
    """Whether an enum without fields in memory equals one that is known."""
    value = wanted.value
    if not is_unit_enum(value.type) or not value.type.same_as(place.type):
        raise CannotLoopError
    tag, size = number_of(bodies, place, tree)
    number = int.from_bytes(value.read_bytes(), "little")
    return bodies.code.add("eq", f"u{8 * size}", tag, bodies.code.constant(to_word(number)))
