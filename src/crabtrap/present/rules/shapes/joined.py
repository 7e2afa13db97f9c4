"""Trees of nodes, each with items of its own and nodes below it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Literal

from crabtrap.present.field_paths import LayoutError, Path, find_part
from crabtrap.present.rules.formula import Amount, amount_of
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import as_sequence, payload, short_name, unwrapped
from crabtrap.present.view import ALL, SequenceView, View
from crabtrap.records import dataclass
from crabtrap.values import UnavailableError, Value

PartKind = Literal["item", "items", "node", "nodes", "between", "nothing"]

_MOST_ITEMS = 1 << 48
_DEEPEST = 128
"""Levels of a tree; no library's are as deep, so a deeper one runs in a circle."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a node has in one place.

    Attributes:
        kind: One ``item``, a sequence of ``items``, one ``node`` or a sequence of
            ``nodes``, whose items follow by their own rules; ``between`` a node's ``nodes``,
            one after each, are items; ``nothing`` is a variant without any.
        path: Where; a part that is not there, or is ``None``, has no items.
    """

    kind: PartKind
    path: Path


@dataclass(frozen=True, slots=True)
class Joined:
    """The items of all parts of a node, one part after the other.

    Attributes:
        parts: In the order of their items.
        length: How many items there are in all; only the root of a tree knows.
    """

    parts: tuple[Part, ...]
    length: Amount | None = None
    name: str = ""

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the parts; the nodes are read as they are walked over."""
        if all(find_part(value, each.path) is None for each in self.parts):
            raise LayoutError(f"{value.type.name} has none of the parts that a rule names")
        length = self._flat_length(value, view)
        if self.length is not None:
            length = amount_of(self.length, value)
        if length is not None and not 0 <= length < _MOST_ITEMS:
            raise UnavailableError(f"{short_name(value)}(len={length} — implausible)")
        return SequenceView(TreeItems(value, self.parts, view, length), self.name)

    def _flat_length(self, value: Value, view: ViewOf) -> int | None:
        """The number of items of a node that has none below it; ``None`` for others."""
        total = 0
        for part in self.parts:
            holder = find_part(value, part.path)
            if holder is None or part.kind == "nothing":
                continue
            length = as_sequence(*unwrapped(holder, view)).length if part.kind == "items" else None
            if length is None:
                return None
            total += length
        return total


@dataclass(frozen=True, slots=True)
class TreeItems:
    """The items of a node and of those below it.

    Attributes:
        length: Their number, ``None`` where only a walk would tell.
    """

    node: Value
    parts: tuple[Part, ...]
    view: ViewOf
    length: int | None

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``; the tree must have as many as its length says."""
        if self.length is None:
            return islice(self._all(), min(start, ALL), min(stop, ALL))
        return islice(self._counted(self.length), min(start, ALL), min(stop, ALL))

    def _counted(self, length: int) -> Iterator[Value]:
        count = 0
        for item in self._all() if length else ():
            count += 1
            if count > length:
                raise UnavailableError(f"there are more than {length} items")
            yield item
        if count < length:
            raise UnavailableError(f"only {count} of {length} items are there")

    def _all(self) -> Iterator[Value]:
        """Yield all items, without recursion: how deep the tree is, the program says."""
        stack = [self._pieces()]
        while stack:
            piece = next(stack[-1], None)
            if piece is None:
                stack.pop()
                continue
            is_node, value = piece
            if not is_node:
                yield value
                continue
            inner, found = unwrapped(value, self.view)
            if inner.is_pointer:
                continue  # a null pointer: no node
            below = as_sequence(inner, found).items
            if not isinstance(below, TreeItems) or below.length is not None:
                yield from below.walk(0, _MOST_ITEMS if below.length is None else below.length)
                continue
            if len(stack) >= _DEEPEST:
                raise UnavailableError(f"the tree is more than {_DEEPEST} levels deep")
            stack.append(below._pieces())

    def _pieces(self) -> Iterator[tuple[bool, Value]]:
        """Yield what is in this node alone: ``(False, item)`` or ``(True, node)``."""
        for part in self.parts:
            found = find_part(self.node, part.path)
            holder = None if found is None else payload(found) if _is_option(found) else found
            if holder is None:
                continue
            match part.kind:
                case "item":
                    yield False, holder
                case "items":
                    yield from ((False, item) for item in self._items(holder))
                case "node":
                    yield True, holder
                case "nodes":
                    yield from self._nodes(holder)
                case "between" | "nothing":
                    pass

    def _nodes(self, holder: Value) -> Iterator[tuple[bool, Value]]:
        for node, item in zip_longest(self._items(holder), self._between()):
            inner = payload(node) if node is not None and _is_option(node) else node
            if inner is not None:
                yield True, inner
            if item is not None:
                yield False, item

    def _between(self) -> Iterator[Value]:
        for part in self.parts:
            found = find_part(self.node, part.path) if part.kind == "between" else None
            if found is not None:
                yield from self._items(found)

    def _items(self, holder: Value) -> Iterator[Value]:
        items = as_sequence(*unwrapped(holder, self.view)).items
        return items.walk(0, _MOST_ITEMS if items.length is None else items.length)


def _is_option(value: Value) -> bool:
    return value.shape.case("None") is not None
