"""Columns of tables: some items are null, and texts or lists are cut out of one buffer."""

from __future__ import annotations

from collections.abc import Callable

from crabtrap.present import synthetic
from crabtrap.present.containers.adapted import MappedItems
from crabtrap.present.field_paths import Path, part, peel_to_pointer
from crabtrap.present.rules.formula import Amount, amount_of
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import as_sequence, payload, short_name, unwrapped
from crabtrap.present.rules.shapes.texts import text_at
from crabtrap.present.view import IndexedItems, Items, SequenceView, TextKind, View, slice_view
from crabtrap.records import dataclass
from crabtrap.symbols.types import PRIMITIVES, STR, synthetic_type
from crabtrap.values import Synthetic, UnavailableError, Value

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Nullable:
    """Items of which only those are there whose bit is 1; others are shown as ``null``.

    Attributes:
        items: Path to a sequence.
        valid: Path to a sequence of bits, or to an ``Option`` of one: all are there without.
        truths: The items are bits themselves, shown as ``true`` and ``false``.
    """

    items: Path
    valid: Path
    truths: bool = False

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find items and bits, of which there have to be as many."""
        items = _items(part(value, self.items), view)
        if self.truths:
            items = MappedItems(items, _truth)
        return SequenceView(with_nulls(value, items, part(value, self.valid), view))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where in a buffer each of its pieces is, one after the other.

    Attributes:
        offsets: Path to the sequence of where each begins, and the last one ends.
        each: Size of each piece, where all are of one size.
        length: Number of pieces, where there are no offsets.
    """

    offsets: Path | None
    each: Amount = 0
    length: Amount = 0

    def find(self, value: Value, view: ViewOf, size: int) -> tuple[Callable[[int], Range], int]:
        """Return what says where a piece is, within a buffer of a size, and how many there are.

        Pieces of one size are checked to be inside at once, others when they are asked for.

        Raises:
            UnavailableError: They are not.
        """
        if self.offsets is None:
            each, count = amount_of(self.each, value), amount_of(self.length, value)
            if each < 0 or not 0 <= count * each <= size:
                raise UnavailableError(f"{short_name(value)}(len={count} — implausible)")
            return lambda index: (index * each, index * each + each), count
        offsets = _items(part(value, self.offsets), view)

        def find(index: int) -> Range:
            start, end = (offset.integer() for offset in offsets.walk(index, index + 2))
            if not 0 <= start <= end <= size:
                raise UnavailableError(f"implausible: {start}..{end} of {size}")
            return start, end

        return find, max((offsets.length or 0) - 1, 0)


@dataclass(frozen=True, slots=True)
class Cuts:
    """Texts that are cut out of one buffer.

    Attributes:
        data: Path to a pointer to the buffer.
        size: Bytes in the buffer.
        bounds: Where the texts are.
        valid: As in ``Nullable``.
    """

    data: Path
    size: Amount
    bounds: Bounds
    valid: Path
    kind: TextKind = "str"

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find buffer and bounds."""
        address = peel_to_pointer(part(value, self.data)).pointer_address()
        find, count = self.bounds.find(value, view, amount_of(self.size, value))

        def item(index: int) -> Value:
            start, end = find(index)
            return synthetic.of_view(STR, text_at(value, self.kind, address + start, end - start))

        items = IndexedItems(item, count)
        return SequenceView(with_nulls(value, items, part(value, self.valid), view))


@dataclass(frozen=True, slots=True)
class Pieces:
    """Lists that are cut out of one sequence.

    Attributes:
        items: Path to the sequence, through pointers.
        bounds: Where the lists are.
        valid: As in ``Nullable``.
    """

    items: Path
    bounds: Bounds
    valid: Path

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find items and bounds."""
        holder, found = unwrapped(part(value, self.items), view)
        whole = as_sequence(holder, found)
        find, count = self.bounds.find(value, view, whole.length or 0)
        type_ = synthetic_type("opaque", f"[{holder.type.name}]")

        def piece(index: int) -> Value:
            return synthetic.of_view(type_, slice_view(whole, *find(index)))

        pieces = IndexedItems(piece, count)
        return SequenceView(with_nulls(value, pieces, part(value, self.valid), view))


@dataclass(frozen=True, slots=True)
class Picks:
    """Items that stand in another sequence, in which each is only once.

    Attributes:
        keys: Path to a sequence of the positions there; a key that is null is kept so.
        items: Path to the sequence, through pointers.
    """

    keys: Path
    items: Path

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find keys and items; a key is checked to be one when it is read."""
        keys = _items(part(value, self.keys), view)
        holder, found = unwrapped(part(value, self.items), view)
        whole = as_sequence(holder, found)

        def pick(key: Value) -> Value:
            if isinstance(key.location, Synthetic):
                return key
            position = key.integer()
            if not 0 <= position < (whole.length or 0):
                raise UnavailableError(f"implausible: key {position} of {whole.length} items")
            return whole.item(position)

        return SequenceView(MappedItems(keys, pick))


def with_nulls(value: Value, items: Items, valid: Value, view: ViewOf) -> Items:
    """Return the items with ``null`` in place of those whose bit in ``valid`` is 0.

    Raises:
        UnavailableError: There are not as many bits as items.
    """
    inner = payload(valid)
    if inner is None:
        return items
    bits, length = _items(inner, view), items.length or 0
    if bits.length != length:
        raise UnavailableError(
            f"{short_name(value)}(len={length} — implausible: {bits.length} bits of validity)"
        )

    def item(index: int) -> Value:
        if next(iter(bits.walk(index, index + 1))).integer():
            return next(iter(items.walk(index, index + 1)))
        return synthetic.literal("null")

    return IndexedItems(item, length)


def _truth(bit: Value) -> Value:
    return synthetic.number(bit.integer(), PRIMITIVES["bool"])


def _items(value: Value, view: ViewOf) -> Items:
    return as_sequence(value, view(value)).items
