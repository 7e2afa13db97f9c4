"""Patterns of closures, ``let``, ``match`` and ``matches!``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.loops import comparing, live_variants
from crabtrap.expr.loops.loop_code import CannotLoopError, Node
from crabtrap.expr.loops.shapes import Optional, Place, Scalar, Shape, Tuple
from crabtrap.expr.syntax import nodes
from crabtrap.symbols.types import Type

if TYPE_CHECKING:
    from crabtrap.expr.loops.bodies import Bodies, Names


def match(  # noqa: C901, PLR0911, PLR0912 - one per class
    bodies: Bodies, shape: Shape, pattern: nodes.Pattern
) -> tuple[Node | None, Names]:
    """Whether a pattern fits, ``None`` where it always does, and what it binds.

    Raises:
        CannotLoopError: A loop does not have such patterns.
    """
    match pattern:
        case nodes.Wildcard():
            return None, {}
        case nodes.Reference(inner):
            return match(bodies, shape, inner)
        case nodes.Bind(name, inner):
            if inner is None and name[:1].isupper():
                return _variant(bodies, shape, name), {}
            fits, names = (None, {}) if inner is None else match(bodies, shape, inner)
            return fits, {**names, name: shape}
        case nodes.Equals(value):
            return comparing.compared(bodies, "eq", shape, bodies.value(value)).node, {}
        case nodes.Between():
            return _between(bodies, shape, pattern), {}
        case nodes.Constructor(path, None) if path is not None:
            return _variant(bodies, shape, path.segments[-1].name), {}
        case nodes.Constructor(None, items) if items is not None:
            return _all(bodies, _items(bodies, shape), items)
        case nodes.Constructor(path, items) if path is not None and items is not None:
            return _constructor(bodies, shape, path.segments[-1].name, items)
        case nodes.Fields(path, fields):
            return _fields(bodies, shape, path.segments[-1].name, dict(fields))
        case nodes.Either(options):
            return _either(bodies, shape, options), {}
        case nodes.SliceOf(items):
            return _slice(bodies, shape, items)
        case _:
            raise CannotLoopError


def _between(bodies: Bodies, shape: Shape, pattern: nodes.Between) -> Node:
    code = bodies.code
    scalar = bodies.as_scalar(shape)
    node = code.constant(1)
    if pattern.end is not None:
        name = "le" if pattern.inclusive else "lt"
        node = comparing.compared(bodies, name, scalar, bodies.value(pattern.end)).node
    if pattern.start is None:
        return node
    above = comparing.compared(bodies, "ge", scalar, bodies.value(pattern.start)).node
    return code.both(above, node)


def _either(bodies: Bodies, shape: Shape, options: tuple[nodes.Pattern, ...]) -> Node:
    code, node = bodies.code, bodies.code.constant(0)
    for option in reversed(options):
        fits, names = match(bodies, shape, option)
        if names:
            raise CannotLoopError
        node = code.constant(1) if fits is None else code.choice(fits, code.constant(1), node)
    return node


def _all(
    bodies: Bodies, shapes: tuple[Shape, ...], patterns: tuple[nodes.Pattern, ...]
) -> tuple[Node | None, Names]:
    rest = [at for at, each in enumerate(patterns) if isinstance(each, nodes.Rest)]
    if rest:
        after = len(patterns) - rest[0] - 1
        shapes = shapes[: rest[0]] + shapes[len(shapes) - after :]
        patterns = patterns[: rest[0]] + patterns[rest[0] + 1 :]
    if len(shapes) != len(patterns):
        raise CannotLoopError
    return _joined(bodies, tuple(zip(shapes, patterns, strict=True)))


def _joined(
    bodies: Bodies, pairs: tuple[tuple[Shape, nodes.Pattern], ...]
) -> tuple[Node | None, Names]:
    all_fit: Node | None = None
    names: Names = {}
    for shape, pattern in pairs:
        fits, found = match(bodies, shape, pattern)
        names |= found
        if fits is not None:
            all_fit = fits if all_fit is None else bodies.code.both(all_fit, fits)
    return all_fit, names


def _items(bodies: Bodies, shape: Shape) -> tuple[Shape, ...]:
    found = comparing.opened(bodies, shape)
    if isinstance(found, Tuple):
        return found.items
    raise CannotLoopError


def _variant(bodies: Bodies, shape: Shape, name: str) -> Node:
    """Whether a variant is live, whatever its fields; other names in capitals are refused."""
    if isinstance(shape, Optional):
        return _option(bodies, shape, name)
    if isinstance(shape, Scalar) and shape.type == "Ordering" and name in _ORDERINGS:
        sign = bodies.code.constant(_ORDERINGS[name])
        return bodies.code.add("eq", comparing.SIGN, shape.node, sign)
    if not isinstance(shape, Place):
        raise CannotLoopError
    kind = shape.type.strip()
    if kind.cases is not None:
        return live_variants.is_live(bodies, shape, live_variants.case_of(kind, name))
    if live_variants.is_unit_enum(kind) and name in dict(kind.row.enumerators):
        tag, size = live_variants.number_of(bodies, shape, None)
        number = dict(kind.row.enumerators)[name] & ((1 << 8 * size) - 1)
        return bodies.code.add("eq", f"u{8 * size}", tag, bodies.code.constant(number))
    raise CannotLoopError


_ORDERINGS = {"Less": -1, "Equal": 0, "Greater": 1}


def _option(bodies: Bodies, shape: Optional, name: str) -> Node:
    if name == "Some":
        return shape.is_some
    if name == "None":
        return bodies.code.negation(shape.is_some)
    raise CannotLoopError


def _constructor(
    bodies: Bodies, shape: Shape, name: str, patterns: tuple[nodes.Pattern, ...]
) -> tuple[Node | None, Names]:
    if isinstance(shape, Optional):
        if shape.inner is None or len(patterns) != 1:
            raise CannotLoopError
        fits, names = match(bodies, shape.inner, patterns[0])
        some = _option(bodies, shape, name)
        return (some if fits is None else bodies.code.both(some, fits)), names
    live, parts = _parts(bodies, shape, name)
    fits, names = _all(bodies, tuple(parts.values()), patterns)
    return _with(bodies, live, fits), names


def _fields(
    bodies: Bodies, shape: Shape, name: str, patterns: dict[str, nodes.Pattern]
) -> tuple[Node | None, Names]:
    live, parts = _parts(bodies, shape, name)
    if not patterns.keys() <= parts.keys():
        raise CannotLoopError
    pairs = tuple((parts[each], pattern) for each, pattern in patterns.items())
    fits, names = _joined(bodies, pairs)
    return _with(bodies, live, fits), names


def _with(bodies: Bodies, live: Node | None, fits: Node | None) -> Node | None:
    if live is None or fits is None:
        return fits if live is None else live
    return bodies.code.both(live, fits)


def _parts(bodies: Bodies, shape: Shape, name: str) -> tuple[Node | None, dict[str, Shape]]:
    """The fields of a struct or variant in memory, and whether it is live."""
    if not isinstance(shape, Place):
        raise CannotLoopError
    kind = shape.type.strip()
    if kind.cases is not None:
        case = live_variants.case_of(kind, name)
        return live_variants.is_live(bodies, shape, case), _places(
            bodies, shape, case.type, case.offset
        )
    if kind.kind != "struct" or kind.is_std:
        raise CannotLoopError
    return None, _places(bodies, shape, kind, 0)


def _places(bodies: Bodies, shape: Place, type_: Type, offset: int) -> dict[str, Shape]:
    if any(field.bit_size for field in type_.strip().fields):
        raise CannotLoopError
    return {
        field.name: bodies.part(shape, field.type, offset + field.offset)
        for field in type_.strip().fields
    }


def _slice(
    bodies: Bodies, shape: Shape, patterns: tuple[nodes.Pattern, ...]
) -> tuple[Node | None, Names]:
    """``[first, .., last]``: without a name for the rest."""
    code = bodies.code
    length, item = bodies.sequence(shape)
    rest = [at for at, each in enumerate(patterns) if isinstance(each, nodes.Rest)]
    at = rest[0] if rest else len(patterns)
    after = len(patterns) - at - 1 if rest else 0
    wanted = code.constant(at + after)
    have = code.constant_of(length)
    fits = None
    if have is None:
        fits = code.add("ge" if rest else "eq", "usize", length, wanted)
    elif have < at + after or (not rest and have != at + after):
        raise CannotLoopError
    shapes = [item(code.constant(index)) for index in range(at)]
    for index in range(after):
        back = code.constant(index - after)
        shapes.append(item(code.sum(length, back)))
    inner, names = _joined(
        bodies, tuple(zip(shapes, patterns[:at] + patterns[at + 1 :], strict=True))
    )
    return _with(bodies, fits, inner), names
