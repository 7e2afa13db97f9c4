"""Finds the futures that are part of a value: what it owns, or has borrowed to poll it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from crabtrap.present.field_paths import find_part, part
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.tasks.combinators import COLLECTIONS, LINKED, SIDES
from crabtrap.tasks.std_items import items_of
from crabtrap.tasks.waits.pointers import pointer_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.tasks.combinators import LinkedItems
    from crabtrap.tasks.future_types import FutureTypes
    from crabtrap.values import Value

MOST_ITEMS = 256
"""The most futures of one future or collection."""
_MAX_NESTING = 8

Labelled = tuple[str, "Value"]


class PartFinder:
    """Finds futures in values, by what is known of their types."""

    def __init__(self, types: FutureTypes) -> None:
        """Know futures as ``types`` does."""
        self._types = types

    def of_future(self, value: Value) -> tuple[list[Labelled], bool]:
        """Find the futures that are part of a future, itself left out.

        Returns:
            Each with its position or ``""``, and whether there are more than ``MOST_ITEMS``.
        """
        return _first(self._of_whole(value, "", 0))

    def inside(self, value: Value) -> tuple[list[Labelled], bool]:
        """Find the futures in any value; see ``of_future``."""
        if not self._types.may_hold(value.type):
            return [], False
        return _first(self._of_part(value, "", 0))

    def first_inside(self, value: Value) -> Value | None:
        """Find the first future in any value; ``None`` where it has none."""
        found = self._of_part(value, "", 0) if self._types.may_hold(value.type) else ()
        return next((part for _, part in found), None)

    def _of_whole(self, value: Value, label: str, nesting: int) -> Iterator[Labelled]:
        """Yield the futures in what is no future itself, or is not to be told as one."""
        head = parse_type_path(value.shape.path).head
        if head in LINKED:
            yield from self._of_list(value, LINKED[head], label, nesting)
        elif head in COLLECTIONS:
            for index, item in enumerate(items_of(value, MOST_ITEMS + 1)):
                yield from self._of_part(item, f"{label}{index}", nesting + 1)
        elif value.shape.kind == "array":
            for index in range(min(value.shape.row.count or 0, MOST_ITEMS + 1)):
                yield from self._of_part(value.index(index), f"{label}{index}", nesting + 1)
        else:
            yield from self._of_fields(value, head, label, nesting)

    def _of_fields(self, value: Value, head: str, label: str, nesting: int) -> Iterator[Labelled]:
        if nesting > _MAX_NESTING:
            return
        shape = value.shape
        if shape.cases is not None:
            case, value = value.variant()
            shape = case.type
        is_tuple = shape.row.name.startswith("(")
        sides = SIDES.get(head, {})
        for field in shape.fields:
            if self._types.may_hold(field.type):
                inner = f"{label}{field.name}" if is_tuple else label + sides.get(field.name, "")
                yield from self._of_part(value.at_field(field), inner, nesting + 1)

    def _of_part(self, value: Value, label: str, nesting: int) -> Iterator[Labelled]:
        value = self._types.behind_pointers(value)
        if self._types.is_future(value.shape):
            yield label, value
        else:
            yield from self._of_whole(value, label, nesting)

    def _of_list(
        self, value: Value, items: LinkedItems, label: str, nesting: int
    ) -> Iterator[Labelled]:
        nodes = [node for path in items.lists for node in _linked(value, path, items.next)]
        if items.is_newest_first:
            nodes.reverse()
        for index, node in enumerate(nodes):
            yield from self._of_part(part(node, items.item), f"{label}{index}", nesting + 1)


def _first(futures: Iterator[Labelled]) -> tuple[list[Labelled], bool]:
    """The first ``MOST_ITEMS`` of some futures, and whether there are more."""
    found = list(islice(futures, MOST_ITEMS + 1))
    return found[:MOST_ITEMS], len(found) > MOST_ITEMS


def _linked(
    value: Value, first: str | tuple[str, ...], following: str | tuple[str, ...]
) -> Iterator[Value]:
    """Yield the nodes of a linked list, as far as a circle or ``MOST_ITEMS`` allow."""
    pointer = pointer_in(part(value, first))
    seen: set[int] = set()
    while pointer is not None and len(seen) <= MOST_ITEMS:
        node = pointer.deref()
        address = int(node.address or 0)
        if address in seen:
            return
        seen.add(address)
        yield node
        found = find_part(node, following)
        pointer = None if found is None else pointer_in(found)
