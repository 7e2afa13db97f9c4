"""Captured variables: what a closure or coroutine has of the variables around it.

Since edition 2021 a closure captures *places*: ``self.hits`` of ``self``, or ``*word`` of
``word: &str``.  rustc describes each place as a variable called ``self__hits`` or ``word``
with the type of the place, of which an unsized one cannot be a variable's.  What tells more:
the field of the environment that holds the place or a reference to it (``_ref__word: &str``),
and the variable of that name and line in the function around.  Where both are there, the
variable is put together again, with what was not captured missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.inspect.environments import BY_REFERENCE, is_closure_name
from crabtrap.records import dataclass
from crabtrap.symbols.brackets import angle_groups
from crabtrap.symbols.types import Field, Type
from crabtrap.values.unsized import ADDRESS_FIELD, pointee_name, wide_kind
from crabtrap.values.value import Value
from crabtrap.values.value_location import (
    Absent,
    Bytes,
    Memory,
    Part,
    Pieces,
    PointerTo,
    narrow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.variables import ScopedVariable
    from crabtrap.symbols.code_rows import Function
    from crabtrap.values.value_location import ValueLocation

NOT_CAPTURED = Absent("not captured")

_MAX_POINTERS = 8
_POINTER_SIZE = 8


@dataclass(frozen=True, slots=True)
class Capture:
    """A captured variable, with the parts of it that were captured.

    Attributes:
        line: 1-based line of its declaration, 0 where unknown.
        in_environment: Whether a field of the environment is known to hold it.
    """

    name: str
    value: Value
    line: int
    in_environment: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    """One captured place.

    Attributes:
        name: The variable's name and those of fields, joined by ``__``.
        type: Type of the field of the environment: of the place, or of a reference to it.
        by_reference: The environment holds a reference to the place.
        place: Location of the place itself.
        pointer: Location of the reference to it.
    """

    name: str
    line: int
    path: str | None
    type: Type
    by_reference: bool
    place: ValueLocation
    pointer: ValueLocation


@dataclass(frozen=True, slots=True)
class _Part:
    """A captured place, seen from a part of the variable: ``fields`` still lead to it."""

    fields: tuple[str, ...]
    place: _Place


def find_captures(frame: Frame, entries: Iterable[ScopedVariable]) -> tuple[Capture, ...]:
    """Return the captured variables of a closure's or coroutine's frame, each once.

    Args:
        frame: A frame of the closure.
        entries: The variables that describe captured places.
    """
    environment = frame.captured_fields
    around: tuple[_Around, ...] | None = None
    parts: dict[str, list[_Part]] = {}
    types: dict[str, tuple[Type, int]] = {}
    plain: dict[str, Capture] = {}
    for entry in entries:
        place = _place(frame, entry, environment)
        if place is None:
            value = frame.value_of(entry.variable)
            line = entry.variable.declaration_line
            plain[entry.name] = Capture(entry.name, value, line, not environment)
            continue
        around = _variables_around(frame) if around is None else around
        root, fields, type_ = _root(place, around)
        parts.setdefault(root, []).append(_Part(fields, place))
        types.setdefault(root, (type_, place.line))
    whole = {name: _whole(frame, name, parts[name], *types[name]) for name in parts}
    return tuple((plain | whole).values())


def _whole(frame: Frame, name: str, parts: list[_Part], type_: Type, line: int) -> Capture:
    location = _location(frame, type_, parts)
    return Capture(name, Value(type_, location, frame.context), line)


# -- the places ---------------------------------------------------------------------------------
def _place(frame: Frame, entry: ScopedVariable, environment: dict[str, Field]) -> _Place | None:
    name = entry.name
    field = environment.get(BY_REFERENCE + name) or environment.get(name)
    if field is None:
        return None
    by_reference = field.name != name
    variable = entry.variable
    location, slot = frame.location_and_pointer(variable)
    return _Place(
        name,
        variable.declaration_line,
        variable.declaration_path,
        field.type,
        by_reference,
        location,
        _pointer_bits(field.type, location, slot if by_reference else None),
    )


def _pointer_bits(type_: Type, place: ValueLocation, slot: int | None) -> ValueLocation:
    """Location of the reference in the environment: in memory, or as far as it is known."""
    if slot is not None:
        return Memory(Address(slot))
    if not isinstance(place, Memory):
        return Absent("optimised out")
    address = Bytes(place.address.to_bytes(_POINTER_SIZE, "little"))
    if wide_kind(type_.strip()) is None:
        return address
    missing = Part(Absent("optimised out"), _POINTER_SIZE)
    return Pieces((Part(address, _POINTER_SIZE), missing))


# -- the variables around -----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Around:
    name: str
    line: int
    path: str | None
    type: Type


def _variables_around(frame: Frame) -> tuple[_Around, ...]:
    """The variables of the functions that the closure is written in."""
    code, module = frame.code, frame.loaded_module
    if code is None or module is None:
        return ()
    found: dict[tuple[str, int, str], _Around] = {}
    for function in _functions_around(frame, code):
        in_closure = is_closure_name(function.name)
        for variable in module.image.variables(function.die):
            is_captured = in_closure and variable.kind == "local" and variable.depth == 0
            if variable.type is not None and not is_captured:
                type_ = module.types.variable_type(variable.type, variable.alignment)
                around = _Around(
                    variable.name, variable.declaration_line, variable.declaration_path, type_
                )
                found[around.name, around.line, type_.path] = around
    return tuple(found.values())


def _functions_around(frame: Frame, code: Function) -> Iterator[Function]:
    module = frame.loaded_module
    assert module is not None  # so says the caller
    arguments = generic_arguments(code.name)
    path = code.path
    while "::{" in path:
        path = path[: path.rindex("::{")]
        found = module.find_functions(path) or module.find_inlined(path)
        wanted = _without_arguments(path)
        functions = [each for each in found if _without_arguments(each.path) == wanted]
        same = [f for f in functions if generic_arguments(f.name) == arguments]
        yield from same or functions


def _without_arguments(path: str) -> str:
    return path.removesuffix(generic_arguments(path))


def generic_arguments(path: str) -> str:
    """The generic arguments at the end of a function's path: ``<u8>``, else ``""``.

    Example:
        >>> generic_arguments("demo::pick::{closure#0}<u8, i32>")
        '<u8, i32>'
    """
    if not path.endswith(">"):
        return ""
    groups = [start for start, end in angle_groups(path) if end == len(path)]
    return path[groups[0] :] if groups else ""


def _root(place: _Place, around: tuple[_Around, ...]) -> tuple[str, tuple[str, ...], Type]:
    """The variable that a place belongs to: its name, the fields to the place, its type.

    Where no single variable around fits, the place is a variable by itself.
    """
    found = [
        (known.name, fields, known.type)
        for known in around
        if (known.line, known.path) == (place.line, place.path)
        and place.name.startswith(known.name)
        for fields in _fields_between(known.type, place.name.removeprefix(known.name))
        if _leads_to(known.type, fields, place)
    ]
    if len({(name, fields, type_.path) for name, fields, type_ in found}) == 1:
        return found[0]
    return place.name, (), _own_type(place)


def _own_type(place: _Place) -> Type:
    """The type of the captured place; of an unsized one, that of the reference to it."""
    if not place.by_reference or wide_kind(place.type.strip()) is not None:
        return place.type
    return place.type.strip().target or place.type


def _fields_between(type_: Type, rest: str) -> Iterator[tuple[str, ...]]:
    """The ways to read ``__a__b`` as fields of a type, through pointers."""
    if not rest:
        yield ()
        return
    for field in _fields_behind(type_):
        before = f"__{field.name}"
        if rest == before or rest.startswith(f"{before}__"):
            for others in _fields_between(field.type, rest.removeprefix(before)):
                yield (field.name, *others)


def _fields_behind(type_: Type) -> tuple[Field, ...]:
    *_, last = _pointers(type_)
    shape = last.strip()
    if shape.cases is not None and len(shape.cases.cases) == 1:
        return shape.cases.cases[0].type.fields
    return shape.fields


def _pointers(type_: Type) -> Iterator[Type]:
    """A type, what it points to, and so on."""
    for _ in range(_MAX_POINTERS):
        yield type_
        target = pointee(type_)
        if target is None:
            return
        type_ = target


def pointee(type_: Type) -> Type | None:
    """What a thin or wide pointer type points to, ``None`` for any other type."""
    shape = type_.strip()
    wide = wide_kind(shape)
    if wide is not None:
        field = shape.field(ADDRESS_FIELD[wide])
        return None if field is None else field.type.strip().target
    return shape.target if shape.kind in ("pointer", "reference") else None


def _leads_to(type_: Type, fields: tuple[str, ...], place: _Place) -> bool:
    """Whether these fields of a variable of this type have the captured place's type."""
    for name in fields:
        field = next((each for each in _fields_behind(type_) if each.name == name), None)
        if field is None:
            return False
        type_ = field.type
    seen = tuple(_pointers(type_))
    return any(_is_stored_as(each, place) or _is_same(each, place.type) for each in seen)


def _is_stored_as(type_: Type, place: _Place) -> bool:
    """Whether a place of this type is what the environment holds, or has a reference to."""
    if not place.by_reference:
        return _is_same(type_, place.type)
    target = pointee(place.type)
    return target is not None and wide_kind(place.type.strip()) is None and _is_same(type_, target)


def _is_same(one: Type, other: Type) -> bool:
    """Whether two types are the same, or pointers that differ in their kind alone."""
    if one.same_as(other):
        return True
    a, b = one.strip(), other.strip()
    if pointee(a) is None or pointee(b) is None or wide_kind(a) != wide_kind(b):
        return False
    return pointee_name(a) == pointee_name(b) != ""


# -- putting a variable together ----------------------------------------------------------------
def _location(frame: Frame, type_: Type, parts: list[_Part]) -> ValueLocation:
    whole = next((part.place for part in parts if not part.fields), None)
    if whole is not None:
        found = _whole_location(type_, whole)
        if found is not None:
            return found
    target = pointee(type_)
    if target is not None:
        return PointerTo(_location(frame, target, parts))
    if whole is not None:
        return Absent("captured in an unknown way")
    return _struct_location(frame, type_.strip(), parts)


def _whole_location(type_: Type, place: _Place) -> ValueLocation | None:
    """Where a value of this type is that was captured; ``None`` where a pointer is left out."""
    if _is_stored_as(type_, place):
        return place.place
    return place.pointer if place.by_reference and _is_same(type_, place.type) else None


def _struct_location(frame: Frame, shape: Type, parts: list[_Part]) -> ValueLocation:
    gone = [part.place.place for part in parts if isinstance(part.place.place, Absent)]
    if len(gone) == len(parts):
        return gone[0]
    offset = 0
    if shape.cases is not None:
        offset, shape = shape.cases.cases[0].offset, shape.cases.cases[0].type
    pieces: list[Part] = []
    end = 0
    for field in sorted(shape.fields, key=lambda field: field.offset):
        size = field.type.strip().size or 0
        inside = [_Part(p.fields[1:], p.place) for p in parts if p.fields[0] == field.name]
        if not inside or not size:
            continue
        start = offset + field.offset
        pieces += _gap(start - end)
        pieces += _as_parts(_location(frame, field.type, inside), size)
        end = start + size
    pieces += _gap((shape.size or 0) - end)
    return Pieces(tuple(pieces))


def _gap(size: int) -> list[Part]:
    return [Part(NOT_CAPTURED, size)] if size > 0 else []


def _as_parts(location: ValueLocation, size: int) -> tuple[Part, ...]:
    match narrow(location, 0, size):
        case Pieces(parts):
            return parts
        case simple:
            return (Part(simple, size),)  # type: ignore[arg-type]  # no capture is synthetic
