"""Finding values behind the pointers that libraries wrap, and lists linked by such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.present.field_paths import each_layer, find_part, part
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.values import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.address import Address
    from crabtrap.present.field_paths import Path
    from crabtrap.values import Value

MOST_NODES = 10_000
"""The most nodes of a list that are walked; a longer one is damaged, or too long to be told."""
_COUNTED = frozenset(("alloc::sync::ArcInner", "alloc::rc::RcInner", "alloc::rc::RcBox"))
_COUNTED_FIELDS = ("data", "value")


def pointer_in(value: Value) -> Value | None:
    """The pointer inside newtypes and options; ``None`` for ``None`` and for null.

    Raises:
        UnavailableError: There is none, or it cannot be read.
    """

    def inner(layer: Value) -> Value | None:
        if layer.is_pointer:
            return None
        if layer.shape.cases is not None:
            case, inside = layer.variant()
            return inside.at_field(case.type.fields[0]) if case.type.fields else None
        only = layer.shape.only_field()
        return None if only is None else layer.at_field(only)

    *_, last = each_layer(value, inner)
    if last.is_pointer:
        return last if last.pointer_address() else None
    if last.shape.cases is not None:
        return None
    raise UnavailableError(f"{value.type.name} holds no pointer")


def pointed(value: Value) -> Value:
    """What a pointer inside newtypes leads to; a value that holds none is returned itself.

    The counts of an ``Arc`` or ``Rc`` are skipped.
    """
    *_, last = each_layer(value, followed)
    return last


def behind_count(value: Value) -> Value | None:
    """What an ``Arc`` or ``Rc`` shares; ``None`` where it leads nowhere."""
    layers = each_layer(value, followed)
    for layer in layers:
        if parse_type_path(layer.shape.path).head in _COUNTED:
            return next(layers, None)
    return None


def followed(value: Value) -> Value | None:
    """The next layer of a value: what a newtype holds, what a pointer points to."""
    shape = value.shape
    if value.is_pointer:
        return value.deref() if shape.leads_to_value and value.pointer_address() else None
    if parse_type_path(shape.path).head in _COUNTED:
        return next(
            (value.at_field(field) for field in shape.fields if field.name in _COUNTED_FIELDS),
            None,
        )
    only = shape.only_field()
    return None if only is None else value.at_field(only)


def linked_nodes(holder: Value, first: Path, following: Path) -> Iterator[Value]:
    """Yield the nodes of a linked list, in order; a circle ends it.

    Args:
        holder: The value in which the list is.
        first: Path from there to the pointer to the first node.
        following: Path in a node to the pointer to the next.
    """
    pointer = pointer_in(part(holder, first))
    seen: set[Address] = set()
    while pointer is not None and len(seen) < MOST_NODES:
        node = pointer.deref()
        if node.address is None or node.address in seen:
            return
        seen.add(node.address)
        yield node
        following_pointer = find_part(node, following)
        pointer = None if following_pointer is None else pointer_in(following_pointer)
