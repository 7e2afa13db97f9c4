"""Shapes for rules in Python: iterator adaptors, and what no data describes."""

from __future__ import annotations

from collections.abc import Callable

from crabtrap.present.containers.iterables import items_of
from crabtrap.present.field_paths import Path, part
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import short_name
from crabtrap.present.view import Items, SequenceView, View
from crabtrap.records import dataclass
from crabtrap.values import Value


@dataclass(frozen=True, slots=True)
class Adaptor:
    """An iterator over the items of other iterators.

    Attributes:
        parts: Paths to those; one that is ``None`` has no items.
        adapt: Computes the items, from the adaptor itself and the items of the parts.
    """

    parts: tuple[Path, ...]
    adapt: Callable[[Value, tuple[Items, ...]], Items]

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the items of the parts."""
        items = tuple(items_of(part(value, path), view) for path in self.parts)
        return SequenceView(self.adapt(value, items), short_name(value))


@dataclass(frozen=True, slots=True)
class Custom:
    """A shape that no data describes: a function builds the view from a match and a value."""

    function: Callable[[Match, Value], View]

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Have the function build the view."""
        return self.function(match, value)
