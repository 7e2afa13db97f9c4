"""Values behind a thin pointer, with a table of functions that only their type has."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.present.field_paths import Path, find_part, part, peel_to_pointer
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import short_name
from crabtrap.present.view import View, WrapperView
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type
from crabtrap.values import Memory, UnavailableError, Value


@dataclass(frozen=True, slots=True)
class Erased:
    """A value whose type is known only by the functions in a table beside it.

    The functions are instances of generic functions for the value's type, as ``drop::<E>``
    is.  The linker and the optimiser may fold alike functions of several types into one,
    so all of them are asked, and they must agree.

    Attributes:
        pointer: Path to the pointer, whose target has another type than the value.
        table: Path to the table.
        functions: Names of its fields that are instances for the value's type.
        whole: The type of what is pointed to, where ``{}`` is the type of the value.
        inner: Path inside that to the value.
    """

    pointer: Path
    table: Path
    functions: tuple[str, ...]
    whole: str
    inner: Path
    name: str = ""

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Ask the functions for the type, and find the value."""
        pointer = peel_to_pointer(part(value, self.pointer))
        address = pointer.pointer_address()
        table = part(value, self.table)
        concrete = _agreed(value, table.deref() if table.is_pointer else table, self.functions)
        whole = self.whole.replace("{}", concrete.path)
        type_ = _type_called(value, concrete, whole)
        inner = part(pointer.elsewhere(type_, Memory(address)), self.inner)
        return WrapperView(self.name or short_name(value), inner, follows=True)


def _agreed(value: Value, table: Value, functions: tuple[str, ...]) -> Type:
    """The type that the functions of a table are for.

    Raises:
        UnavailableError: None of them tells, or two of them differ.
    """
    found: Type | None = None
    for type_ in _named_types(table, functions):
        if found is not None and not found.same_as(type_):
            raise UnavailableError(
                f"{short_name(value)}: concrete type unknown: its functions are of "
                f"{found.name} and {type_.name}"
            )
        found = type_
    if found is None:
        raise UnavailableError(
            f"{short_name(value)}: concrete type unknown: no debug information for its functions"
        )
    return found


def _named_types(table: Value, functions: tuple[str, ...]) -> Iterator[Type]:
    for name in functions:
        function = find_part(table, name)
        if function is None:
            continue
        address = peel_to_pointer(function).pointer_address()
        yield from table.context.program.function_arguments(address)[:1]


def _type_called(value: Value, concrete: Type, path: str) -> Type:
    tables = [table for table in (concrete.table, value.shape.table) if table is not None]
    for table in tables:
        for type_ in table.find(path):
            if type_.path == path and type_.kind != "opaque":
                return type_
    raise UnavailableError(f"{short_name(value)}: type {path} is not described")
