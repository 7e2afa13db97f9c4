"""Field paths: finding fields by name, through whatever a library wraps around them.

Libraries change what they wrap their data in between versions.  A rule therefore names
only the fields that carry meaning, and every step of a path peels newtypes and follows
pointers until it finds the name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from crabtrap.symbols.types import Field, Type
from crabtrap.values import Invalid, UnavailableError, Value

Path = str | tuple[str, ...]
"""A dotted field path, or alternatives, newest layout first: the first that exists is taken."""

T = TypeVar("T")

MAX_LAYERS = 32
"""Most wrappers and references looked through; no type that people write has as many."""


def each_layer(outermost: T, inner: Callable[[T], T | None]) -> Iterator[T]:
    """Yield ``outermost``, what ``inner`` finds in it, what it finds in that, and so on.

    Everything that looks through references and wrappers does it by this function:
    ``inner`` decides what counts as one, ``None`` ends the walk.  It also ends after
    ``MAX_LAYERS``, since damaged memory may hold pointers that lead in a circle.
    """
    layer: T | None = outermost
    for _ in range(MAX_LAYERS):
        if layer is None:
            return
        yield layer
        layer = inner(layer)


class LayoutError(UnavailableError):
    """A type lacks the fields that a rule names: it has another layout."""


def own_path(text: str) -> str:
    """Remove from a dotted path the ``self`` that means the value itself."""
    return "" if text == "self" else text.removeprefix("self.")


def alternatives(path: Path) -> tuple[str, ...]:
    """Return the alternatives of a path, best first."""
    return (path,) if isinstance(path, str) else path


def walk(start: T, path: str, step: Callable[[T, str], T | None]) -> T | None:
    """Follow a dotted path step by step; ``None`` where a step leads nowhere."""
    found: T | None = start
    for name in filter(None, path.split(".")):
        found = step(found, name)
        if found is None:
            return None
    return found


def find_part(value: Value, path: Path) -> Value | None:
    """Follow a path from a value; ``None`` where no alternative exists in this layout."""
    for alternative in alternatives(path):
        fixed = _fixed_part(value, alternative)
        if fixed is not None:
            return value.at(fixed.type, fixed.offset)
        found = walk(value, alternative, step)
        if found is not None:
            return found
    return None


def _fixed_part(value: Value, path: str) -> Field | None:
    """The field a path leads to in every value of the type, ``None`` where that depends.

    It depends on the value where a pointer or a variant is on the way.
    """
    if value.metadata is not None:
        return None
    shape = value.shape
    if path not in shape.parts:
        shape.parts[path] = _find_fixed(shape, path)
    return shape.parts[path]


def _find_fixed(shape: Type, path: str) -> Field | None:
    return walk(Field(path, shape, 0), path, _fixed_step)


def _fixed_step(inside: Field, name: str) -> Field | None:
    """A field by name through newtypes, with its offset from where the path begins."""
    for layer in each_layer(inside, _fixed_content):
        shape = layer.type.strip()
        if shape.cases is not None or shape.kind not in ("struct", "union"):
            return None
        field = shape.field(name)
        if field is not None:
            return None if field.bit_size else _at_offset(layer, field)
    return None


def _fixed_content(newtype: Field) -> Field | None:
    only = newtype.type.strip().only_field()
    return None if only is None or only.bit_size else _at_offset(newtype, only)


def _at_offset(outer: Field, field: Field) -> Field:
    return Field(outer.name, field.type, outer.offset + field.offset)


def part(value: Value, path: Path) -> Value:
    """Follow a path from a value.

    Raises:
        LayoutError: No alternative exists in this layout.
    """
    found = find_part(value, path)
    if found is None:
        wanted = path if isinstance(path, str) else " or ".join(path)
        raise LayoutError(f"{value.type.name} has no {wanted}: unknown layout")
    return found


def step(value: Value, name: str) -> Value | None:
    """Find the field, variant or array item ``name``, through newtypes and pointers."""
    for layer in each_layer(value, _content):
        field = layer.shape.field(name)
        if field is not None:
            return layer.at_field(field)
        if layer.shape.cases is not None:
            return _step_variant(layer, name)
        if layer.shape.kind == "array" and name.isdecimal():
            count = layer.shape.row.count
            return None if count is None or int(name) >= count else layer.index(int(name))
    return None


def _content(value: Value) -> Value | None:
    """What a pointer points to, or the one field of a newtype."""
    shape = value.shape
    if value.is_pointer:
        leads_on = shape.kind != "pointer" or shape.leads_to_value
        return value.deref() if leads_on else None
    only = shape.only_field()
    return None if only is None else value.at_field(only)


def _step_variant(value: Value, name: str) -> Value | None:
    case = value.case()
    if isinstance(case, Invalid):
        raise UnavailableError(case.reason)
    inside = value.at(case.type, case.offset)
    if case.name == name:
        return inside
    field = case.type.field(name)
    return inside.at_field(field) if field is not None else None


def variant_payload(value: Value, *names: str) -> Value | None:
    """Return the first field of an enum's live variant, ``None`` where it has none.

    Args:
        value: Of an enum with fields.
        names: Variants; where another one is live the result is ``None``.  Without
            names any variant will do.

    Raises:
        UnavailableError: No variant has this discriminant.
    """
    case, inside = value.variant()
    if not case.type.fields or (names and case.name not in names):
        return None
    return inside.at_field(case.type.fields[0])


def peel(value: Value) -> Value:
    """Return the value inside all newtypes around it."""
    inner, offset = value.shape.innermost
    return value if offset == 0 and inner is value.type else value.at(inner, offset)


def peel_to_type(value: Value, type_: Type) -> Value:
    """Return the first value of ``type_`` inside newtypes.

    Raises:
        LayoutError: It is not inside newtypes alone.
    """
    for layer in each_layer(value, newtype_content):
        if layer.type is type_ or layer.shape.same_as(type_):
            return layer
    raise LayoutError(f"no {type_.name} inside {value.type.name}")


def newtype_content(value: Value) -> Value | None:
    """Return the one field of a newtype, or the tail of an unsized struct."""
    shape = value.shape
    if value.metadata is not None and shape.fields:
        return value.at_field(shape.fields[-1])
    only = shape.only_field() or shape.field("value")
    return None if only is None else value.at_field(only)


def peel_to_pointer(value: Value) -> Value:
    """Return the thin or wide pointer inside newtypes such as ``NonNull``.

    Raises:
        LayoutError: There is none.
    """
    value = peel(value)
    if not value.is_pointer:
        raise LayoutError(f"{value.type.name} holds no pointer")
    return value
