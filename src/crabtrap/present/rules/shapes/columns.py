"""Columns of tables: items of which some are null, and texts cut out of one buffer."""

from __future__ import annotations

from crabtrap.present import synthetic
from crabtrap.present.containers.adapted import MappedItems
from crabtrap.present.field_paths import Path, part, peel_to_pointer
from crabtrap.present.rules.formula import Amount, amount_of
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import as_sequence, payload, short_name
from crabtrap.present.rules.shapes.texts import text_at
from crabtrap.present.view import IndexedItems, Items, SequenceView, TextKind, View
from crabtrap.records import dataclass
from crabtrap.symbols.types import PRIMITIVES, STR
from crabtrap.values import UnavailableError, Value


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
class Cuts:
    """Texts that are cut out of one buffer, one after the other.

    Attributes:
        offsets: Path to the sequence of where each begins, and the last one ends.
        data: Path to a pointer to the buffer.
        size: Bytes in the buffer.
        valid: As in ``Nullable``.
    """

    offsets: Path
    data: Path
    size: Amount
    valid: Path
    kind: TextKind = "str"

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find offsets and buffer; each text is checked to be inside when it is read."""
        offsets = _items(part(value, self.offsets), view)
        address = peel_to_pointer(part(value, self.data)).pointer_address()
        size, count = amount_of(self.size, value), max((offsets.length or 0) - 1, 0)

        def item(index: int) -> Value:
            start, end = (each.integer() for each in offsets.walk(index, index + 2))
            if not 0 <= start <= end <= size:
                raise UnavailableError(f"implausible: {start}..{end} of {size} bytes")
            text = text_at(value, self.kind, address + start, end - start)
            return synthetic.of_view(STR, text)

        items = IndexedItems(item, count)
        return SequenceView(with_nulls(value, items, part(value, self.valid), view))


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
