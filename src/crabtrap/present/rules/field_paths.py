"""Finding fields by name through whatever a library wrapped around them.

Libraries wrap and unwrap their innards between versions.  A rule therefore names the
fields that carry meaning, and every step peels newtypes and follows pointers until it
finds the name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from crabtrap.symbols.types import Field, Type
from crabtrap.values import Invalid, UnavailableError, Value
from crabtrap.values.unsized import wide_kind

Path = str | tuple[str, ...]
"""A dotted field path, or alternatives of which the first that exists is taken."""

T = TypeVar("T")

_MAX_PEEL = 12


class LayoutError(UnavailableError):
    """A rule's fields are not in this type: another layout than the rule knows."""


def first(*paths: str) -> Path:
    """Alternatives, newest layout first; chosen by which fields exist."""
    return paths


def own_path(text: str) -> str:
    """A dotted path without the ``self`` that stands for the value itself."""
    return "" if text == "self" else text.removeprefix("self.")


def alternatives(path: Path) -> tuple[str, ...]:
    """The dotted paths that a path stands for, best first."""
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
    """Follow a path; ``None`` where no alternative exists in this layout."""
    for alternative in alternatives(path):
        fixed = _fixed_part(value, alternative)
        if fixed is not None:
            return value.at(fixed.type, fixed.offset)
        found = walk(value, alternative, step)
        if found is not None:
            return found
    return None


def _fixed_part(value: Value, path: str) -> Field | None:
    """Where a path leads in every value of the type: no pointer, no variant on the way."""
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
    shape, offset = inside.type.strip(), inside.offset
    for _ in range(_MAX_PEEL):
        if shape.cases is not None or shape.kind not in ("struct", "union"):
            return None
        field = shape.field(name) or shape.only_field()
        if field is None or field.bit_size:
            return None
        offset += field.offset
        if field.name == name:
            return Field(inside.name, field.type, offset)
        if wide_kind(shape) is not None:
            return None
        shape = field.type.strip()
    return None


def part(value: Value, path: Path) -> Value:
    """Follow a path.

    Raises:
        LayoutError: No alternative exists in this layout.
    """
    found = find_part(value, path)
    if found is None:
        wanted = path if isinstance(path, str) else " or ".join(path)
        raise LayoutError(f"{value.type.name} has no {wanted}: unknown layout")
    return found


def step(value: Value, name: str) -> Value | None:
    """The field or variant ``name``, through newtypes, variants and pointers."""
    for _ in range(_MAX_PEEL):
        shape = value.shape
        field = shape.field(name)
        if field is not None:
            return value.at_field(field)
        if shape.cases is not None:
            return _step_variant(value, name)
        if shape.kind in ("pointer", "reference") or wide_kind(shape) is not None:
            if shape.kind == "pointer" and not shape.leads_to_value:
                return None
            value = value.deref()
            continue
        only = shape.only_field()
        if only is None:
            return None
        value = value.at_field(only)
    return None


def _step_variant(value: Value, name: str) -> Value | None:
    case = value.case()
    if isinstance(case, Invalid):
        raise UnavailableError(case.reason)
    inside = value.at(case.type, case.offset)
    if case.name == name:
        return inside
    field = case.type.field(name)
    return inside.at_field(field) if field is not None else None


def peel(value: Value) -> Value:
    """The value inside all newtypes around it."""
    inner, offset = value.shape.innermost
    return value if offset == 0 and inner is value.type else value.at(inner, offset)


def peel_to_type(value: Value, type_: Type) -> Value:
    """The first value of ``type_`` inside newtypes.

    Raises:
        LayoutError: It is not inside newtypes alone.
    """
    for _ in range(_MAX_PEEL):
        if value.type is type_ or value.shape.same_as(type_):
            return value
        inner = inner_field(value)
        if inner is None:
            break
        value = value.at_field(inner)
    raise LayoutError(f"no {type_.name} inside {value.type.name}")


def inner_field(value: Value) -> Field | None:
    """The one field of a newtype, or the tail of an unsized struct of one field."""
    fields = value.shape.fields
    if value.metadata is not None and fields:
        return fields[-1]
    return value.shape.only_field() or value.shape.field("value")


def peel_to_pointer(value: Value) -> Value:
    """The thin or wide pointer inside newtypes such as ``NonNull`` and ``Unique``."""
    value = peel(value)
    if not value.is_pointer:
        raise LayoutError(f"{value.type.name} holds no pointer")
    return value


def find_type_inside(type_: Type, name: str) -> Type | None:
    """The type of field ``name`` inside newtypes of ``type_``, without a value."""
    for layer in type_.walk():
        field = layer.field(name)
        if field is not None:
            return field.type
    return None
