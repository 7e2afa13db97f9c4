"""Arrays of several dimensions: items at distances, as numeric libraries keep them.

Only one of one dimension is a sequence: what the length of another is, what an iterator
over it gives, and what one index means, differs between libraries.  As many indices as there
are dimensions mean an item in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from crabtrap.errors import RangeError
from crabtrap.present import synthetic
from crabtrap.present.containers.plausible import check_buffer
from crabtrap.present.containers.walkers import ContiguousItems, peel_uninit
from crabtrap.present.field_paths import LayoutError, Path, part, peel, peel_to_pointer
from crabtrap.present.rules.formula import Formula, evaluate
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import item_type, short_name, unwrapped
from crabtrap.present.view import IndexedItems, SequenceView, View, WrapperView
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type, array_type, synthetic_type
from crabtrap.values import Memory, UnavailableError, Value

_MOST_DIMENSIONS = 32
_HALF = 1 << 63


@dataclass(frozen=True, slots=True)
class Grid:
    """Items of an array of any number of dimensions, shown as ``2x3([[1, ..], [4, ..]])``.

    Attributes:
        item: Type of an item: ``"$T"`` of the pattern, ``""`` for what ``data`` points to.
        data: Path to a pointer to the first item.
        inline: Path to arrays of arrays, where they are stored in the value.
        shape: Path to a sequence of the lengths, the outermost first.
        lengths: A formula for each length, without such a sequence.
        strides: Path to the distances between items of one dimension, counted in items;
            without it the items are side by side.
        by_columns: Side by side are the items of which the first index differs, not the last.
    """

    item: str
    data: Path = ""
    inline: Path | None = None
    shape: Path | None = None
    lengths: tuple[Formula, ...] = ()
    strides: Path | None = None
    by_columns: bool = False

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the items and check that all of them can be there."""
        if self.inline is not None:
            item = match.argument(self.item)
            origin, nested = _nested(peel_uninit(peel(part(value, self.inline))), item)
            lengths = nested[::-1] if self.by_columns else nested
        else:
            pointer = peel_to_pointer(part(value, self.data))
            item = match.argument(self.item) if self.item else item_type(pointer)
            origin = value.elsewhere(item, Memory(pointer.pointer_address()))
            lengths = self._lengths(value, view)
        if self.strides is None:
            steps = self._side_by_side(lengths)
        else:
            steps = tuple(_signed(each) for each in _numbers(part(value, self.strides), view))
        if min(lengths, default=0) < 0:
            raise UnavailableError(f"{short_name(value)} — implausible: lengths {lengths}")
        if len(steps) != len(lengths) or len(lengths) > _MOST_DIMENSIONS:
            raise UnavailableError(
                f"{short_name(value)} — implausible: {len(lengths)} and {len(steps)} dimensions"
            )
        if origin.address is not None:
            _check(value, item, origin.address, lengths, steps)
        if self.by_columns and len(lengths) == 2 and lengths[1] == 1:
            lengths, steps = lengths[:1], steps[:1]  # a column is a list
        array = _Array(item, origin)
        parts = array.part(lengths, steps, 0)
        if len(lengths) < 2:
            return parts
        item_at = partial(array.item_at, lengths, steps)
        return WrapperView(_name(lengths), parts, item_at=item_at)

    def _lengths(self, value: Value, view: ViewOf) -> tuple[int, ...]:
        if self.shape is not None:
            return _numbers(part(value, self.shape), view)
        return tuple(evaluate(each, value) for each in self.lengths)

    def _side_by_side(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        steps: list[int] = []
        step = 1
        for length in lengths if self.by_columns else lengths[::-1]:
            steps.append(step)
            step *= length
        return tuple(steps if self.by_columns else steps[::-1])


def _nested(array: Value, item: Type) -> tuple[Value, tuple[int, ...]]:
    """The first item of arrays of arrays, and their lengths."""
    lengths: list[int] = []
    inner = array.shape
    while inner.kind == "array" and inner.row.count is not None and inner.target is not None:
        lengths.append(inner.row.count)
        inner = inner.target.strip()
        if inner.same_as(item):
            return array.at(item, 0), tuple(lengths)
    raise LayoutError(f"{array.type.name} is no array of {item.name}")


def _numbers(holder: Value, view: ViewOf) -> tuple[int, ...]:
    if holder.shape.size == 0:
        return ()
    _, found = unwrapped(peel(holder), view)
    if not isinstance(found, SequenceView) or found.length is None:
        raise LayoutError(f"{holder.type.name} is no sequence of numbers")
    if found.length > _MOST_DIMENSIONS:
        raise UnavailableError(f"{found.length} dimensions are implausible")
    return tuple(each.integer() for each in found.items.walk(0, found.length))


def _signed(step: int) -> int:
    return step - 2 * _HALF if step >= _HALF else step


def _check(
    value: Value, item: Type, address: int, lengths: tuple[int, ...], steps: tuple[int, ...]
) -> None:
    """Check the range from the lowest to the highest item."""
    shape = item.strip()
    reach = [(length - 1) * step for length, step in zip(lengths, steps, strict=True)]
    is_empty = 0 in lengths
    low = 0 if is_empty else sum(min(each, 0) for each in reach)
    high = -1 if is_empty else sum(max(each, 0) for each in reach)
    check_buffer(
        value.context,
        short_name(value),
        address=address + low * (shape.size or 0),
        length=high - low + 1,
        stride=shape.size or 0,
        alignment=shape.alignment,
    )
    total = 1
    for length in lengths:
        total *= length
    if total >= _HALF:
        raise UnavailableError(f"{short_name(value)} — implausible: {total} items")


def _name(lengths: tuple[int, ...]) -> str:
    """The shape, which brackets alone may not show: ``2x3``."""
    return "x".join(map(str, lengths))


@dataclass(frozen=True, slots=True)
class _Array:
    """The items of an array, and the views of the arrays in it.

    Attributes:
        origin: The item whose indices are all 0.
    """

    item: Type
    origin: Value

    def item_at(
        self, lengths: tuple[int, ...], steps: tuple[int, ...], indices: Sequence[int]
    ) -> Value:
        """Return the item at an index in each dimension.

        Raises:
            RangeError: Their number, or one of them, does not fit.
        """
        if len(indices) != len(lengths):
            raise RangeError(f"{len(indices)} indices into {len(lengths)} dimensions")
        for index, length in zip(indices, lengths, strict=True):
            if not 0 <= index < length:
                raise RangeError(f"index {index} is out of range: a dimension has {length}")
        offset = sum(index * step for index, step in zip(indices, steps, strict=True))
        return self.origin.at(self.item, offset * (self.item.strip().size or 0))

    def part(self, lengths: tuple[int, ...], steps: tuple[int, ...], offset: int) -> View:
        """The view of what remains of the dimensions, ``offset`` items from the origin."""
        size = self.item.strip().size or 0
        if not lengths:
            return WrapperView("", self.origin.at(self.item, offset * size))
        length, step = lengths[0], steps[0]
        if len(lengths) > 1:
            row = synthetic_type("opaque", f"[{self.item.name}; {'x'.join(map(str, lengths[1:]))}]")
            return SequenceView(
                IndexedItems(
                    lambda index: synthetic.of_view(
                        row, self.part(lengths[1:], steps[1:], offset + index * step)
                    ),
                    length,
                )
            )
        if step == 1:
            array = self.origin.at(array_type(self.item, length), offset * size)
            return SequenceView(ContiguousItems(array, length))
        return SequenceView(
            IndexedItems(
                lambda index: self.origin.at(self.item, (offset + index * step) * size), length
            )
        )
