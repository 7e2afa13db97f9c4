"""Rules for iterator adaptors without closures: shown by the items they have left.

Those with closures (``Map``, ``Filter``) are shown by their fields: only running the
closure would give their items.
"""

from __future__ import annotations

from crabtrap.present import synthetic
from crabtrap.present.containers.adapted import (
    JoinedItems,
    MappedItems,
    NumberedItems,
    PartOfItems,
    ReversedItems,
    ZippedItems,
)
from crabtrap.present.containers.iterables import NO_ITEMS
from crabtrap.present.field_paths import LayoutError, part, variant_payload
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Adaptor, Custom, short_name
from crabtrap.present.view import IndexedItems, Items, ListedItems, SequenceView, View
from crabtrap.symbols.types import Type, parse_type_path
from crabtrap.values import Value


def same(_owner: Value, inner: tuple[Items, ...]) -> Items:
    """Return the items of the inner iterator."""
    return inner[0]


def joined(_owner: Value, inner: tuple[Items, ...]) -> Items:
    """Return the items of the first inner iterator, then those of the next."""
    return JoinedItems(inner)


def keys(_owner: Value, inner: tuple[Items, ...]) -> Items:
    """Return the first element of each pair."""
    return MappedItems(inner[0], lambda pair: synthetic.element(pair, 0))


def values(_owner: Value, inner: tuple[Items, ...]) -> Items:
    """Return the second element of each pair."""
    return MappedItems(inner[0], lambda pair: synthetic.element(pair, 1))


def _skip(owner: Value, inner: tuple[Items, ...]) -> Items:
    return PartOfItems(inner[0], part(owner, "n").integer())


def _take(owner: Value, inner: tuple[Items, ...]) -> Items:
    return PartOfItems(inner[0], 0, part(owner, "n").integer())


def _enumerate(owner: Value, inner: tuple[Items, ...]) -> Items:
    return NumberedItems(inner[0], part(owner, "count").integer())


def _reversed(_owner: Value, inner: tuple[Items, ...]) -> Items:
    return ReversedItems(inner[0])


def _zip(owner: Value, inner: tuple[Items, ...]) -> Items:
    """Where both sides have random access, only ``index`` advances."""
    done = part(owner, "index").integer()
    return PartOfItems(ZippedItems(*inner), done)


def _peekable(owner: Value, inner: tuple[Items, ...]) -> Items:
    """``peeked`` is what was taken in advance: nothing yet, an item, or the end."""
    given = variant_payload(part(owner, "peeked"), "Some")
    if given is None:
        return inner[0]
    peeked = variant_payload(given, "Some")
    if peeked is None:
        return NO_ITEMS
    if peeked.is_pointer:  # items that are references are shown as what they refer to
        peeked = peeked.deref()
    return JoinedItems((ListedItems((peeked,)), inner[0]))


def _step_by(owner: Value, inner: tuple[Items, ...]) -> Items:
    """Every n-th item: beginning with the first, or after the first step."""
    if _is_counted_range(owner.shape.argument(0)):
        raise LayoutError("std has used these fields in two ways for such ranges")
    skipped = part(owner, ("step_minus_one", "step")).integer()
    first = 0 if part(owner, "first_take").scalar() else skipped
    return PartOfItems(inner[0], first, step=skipped + 1)


def _stepped_range(_match: Match, value: Value) -> View:
    """A stepped range of unsigned numbers, whose ``end`` is how many are left."""
    if not _is_counted_range(value.shape.argument(0)):
        raise LayoutError("only ranges of unsigned numbers are counted")
    step = part(value, "step_minus_one").integer() + 1
    start, left = part(value, "iter.start"), part(value, "iter.end").integer()
    first = start.integer()
    items = IndexedItems(lambda index: synthetic.number(first + index * step, start.type), left)
    return SequenceView(items, short_name(value))


def _is_counted_range(type_: Type | None) -> bool:
    path = parse_type_path(type_.path) if type_ is not None else None
    if path is None or path.head != "core::ops::range::Range":
        return False
    return path.arguments[:1] in {("u8",), ("u16",), ("u32",), ("u64",), ("usize",)}


_ADAPTERS = "core::iter::adapters::**::"

RULES = (
    Rule(f"{_ADAPTERS}StepBy", Custom(_stepped_range)),
    *(
        Rule(f"{_ADAPTERS}{name}", Adaptor(parts, adapt))
        for name, parts, adapt in (
            ("Chain", ("a", "b"), joined),
            ("Cloned", ("it",), same),
            ("Copied", ("it",), same),
            ("Enumerate", ("iter",), _enumerate),
            ("Fuse", ("iter",), same),
            ("Peekable", ("iter",), _peekable),
            ("Rev", ("iter",), _reversed),
            ("Skip", ("iter",), _skip),
            ("StepBy", ("iter",), _step_by),
            ("Take", ("iter",), _take),
            ("Zip", ("a", "b"), _zip),
        )
    ),
)
