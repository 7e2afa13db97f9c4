"""What the program's values are in Python, by the rules and expressions for Rust's types."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, SupportsIndex, cast

from crabtrap.errors import IndexRangeError, KeyMissingError, RangeError
from crabtrap.expr import computed, indirection, lookups, parts
from crabtrap.expr.compare import Comparer
from crabtrap.expr.scope import EvaluationError
from crabtrap.present import RenderOptions, render
from crabtrap.present.output.literals import decode_text, format_scalar
from crabtrap.present.output.value_html import value_html
from crabtrap.present.view import (
    ALL,
    IndexedItems,
    LiteralView,
    MapView,
    PointerView,
    RangeView,
    RecordView,
    ScalarView,
    SequenceView,
    TextView,
    View,
)
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import NOWHERE, Char, NoProgramInfo, Value, ValueContext
from crabtrap.values.python_behaviour import integer_of, refuse

if TYPE_CHECKING:
    from crabtrap.present import Presenter

    Slice = slice[int | None, int | None, int | None]

_SUMMARY = RenderOptions(max_items=8, max_depth=2, max_text=80, fit=True, width=80)
_LINE = RenderOptions(max_items=20, max_depth=3)
_LONGEST_TEXT = 64 << 20


class RustBehaviour:
    """What Python's operators do to Rust's values; see ``PythonBehaviour``.

    References, smart pointers and transparent wrappers are looked through.
    """

    def __init__(self, presenter: Presenter) -> None:
        """Find out what values are by the rules of ``presenter``."""
        self._presenter = presenter
        self._nowhere = ValueContext(NOWHERE.reader, NoProgramInfo(self))

    def home(self, value: Value) -> Value:
        """A value that may have been computed, such that it behaves as those of the program."""
        if value.context is not NOWHERE:
            return value
        return Value(value.type, value.location, self._nowhere, value.metadata)

    def _look_through(self, value: Value) -> tuple[Value, View]:
        return indirection.look_through(value, self._presenter)

    # -- parts -------------------------------------------------------------------------------
    def item(self, value: Value, key: object) -> Value:
        """Of a map by key, a field by name, an item by position or a part by slice."""
        found, view = self._look_through(value)
        if isinstance(view, MapView):
            known = self._look_up(view, key)
            if known is None:
                raise KeyMissingError("key", str(key), message=f"no such key in the map: {key!r}")
            return self.home(known)
        if isinstance(key, str):
            return self._field(value, key)
        match view:
            case SequenceView() | TextView() if isinstance(key, slice):
                return self.home(_slice(found, view, cast("Slice", key)))
            case SequenceView() | TextView() if isinstance(key, SupportsIndex):
                return self.home(_item(found, view, operator.index(key)))
            case RecordView(is_tuple=True) if isinstance(key, SupportsIndex):
                return self._field(value, str(operator.index(key)))
            case _:
                refuse(found, f"has no item {key!r}")

    def _field(self, value: Value, name: str) -> Value:
        try:
            return self.home(parts.field(value, name, self._presenter))
        except EvaluationError as error:
            raise KeyMissingError("field", name, hint=error.hint, message=str(error)) from error

    def _look_up(self, view: MapView, key: object) -> Value | None:
        """The value of a key; integers and the program's own values are found by hash tables."""
        wanted = computed.integer(key) if type(key) is int else key
        if isinstance(wanted, Value):
            try:
                return lookups.look_up(view, wanted, Comparer(self._presenter))
            except EvaluationError:  # the keys are of another type
                return None
        return next((value for have, value in self._pairs(view) if self.equal(have, key)), None)

    @staticmethod
    def _pairs(view: MapView) -> Iterator[tuple[Value, Value]]:
        return view.entries.walk(0, ALL if view.length is None else view.length)

    def length(self, value: Value) -> int:
        """Of sequences and maps, in items, of texts in bytes, of tuples in fields."""
        found, view = self._look_through(value)
        match view:
            case SequenceView(length=int(length)) | MapView(length=int(length)):
                return length
            case TextView(length=length):
                return length
            case RecordView(is_tuple=True, variant=False, fields=fields):
                return len(fields)
            case _:
                refuse(found, "has no len()")

    def walk(self, value: Value) -> Iterator[Value]:
        """The items of a sequence, the keys of a map, the fields of a tuple."""
        found, view = self._look_through(value)
        match view:
            case SequenceView():
                return map(self.home, view.items.walk(0, ALL))
            case MapView():
                return (self.home(key) for key, _ in self._pairs(view))
            case RecordView(is_tuple=True, variant=False, fields=fields):
                return (self.home(field) for _, field in fields)
            case TextView():
                refuse(found, "is not iterable: walk over str(..) or .read_bytes()")
            case _:
                refuse(found, "is not iterable")

    def entries(self, value: Value) -> Iterator[tuple[Value, Value]]:
        """The keys and values of a map."""
        found, view = self._look_through(value)
        if not isinstance(view, MapView):
            refuse(found, "is not a map")
        return ((self.home(key), self.home(inner)) for key, inner in self._pairs(view))

    def contains(self, value: Value, item: object) -> bool:
        """Whether a map has a key, a sequence an item, a text a part."""
        found, view = self._look_through(value)
        match view:
            case MapView():
                return self._look_up(view, item) is not None
            case TextView() if isinstance(item, str | Value):
                return str(item) in _text(view)
            case TextView() if isinstance(item, bytes):
                return item in view.all_bytes(_LONGEST_TEXT)
            case TextView():
                refuse(found, f"cannot contain {item!r}")
            case _:
                return any(each == item for each in self.walk(found))

    # -- scalars -----------------------------------------------------------------------------
    def truth(self, value: Value) -> bool:
        """A bool is itself, numbers are not 0, containers not empty, options not ``None``."""
        found, view = self._look_through(value)
        match view:
            case ScalarView(scalar):
                return found.shape.kind == "enum" or scalar.decoded() != 0
            case PointerView(address=address):
                return address != 0
            case LiteralView() if found.is_pointer:
                return found.pointer_address() != 0
            case SequenceView(length=None):
                return next(view.items.walk(0, 1), None) is not None
            case SequenceView() | TextView() | MapView(length=int()):
                return view.length != 0
            case MapView():
                return next(view.entries.walk(0, 1), None) is not None
            case _:
                return not _is_none(found, view)

    def number(self, value: Value) -> int | float:
        """A number, a bool, the discriminant of an enum or the address of a raw pointer."""
        found, view = self._look_through(value)
        if isinstance(view, ScalarView):
            number = view.value.scalar()
            if isinstance(number, str):
                refuse(found, "is not a number")
            return number
        if isinstance(view, PointerView) and view.address is not None:
            return view.address
        return integer_of(found)

    def text(self, value: Value) -> str:
        """A text or ``char`` as such, anything else as it is shown on one line."""
        if value.absent is None:
            _, view = self._look_through(value)
            if isinstance(view, TextView) and view.kind != "bytes":
                return _text(view)
            if isinstance(view, ScalarView):
                decoded = view.value.decoded()
                if isinstance(decoded, Char):
                    return decoded.text
        return render(value, self._presenter, _LINE)

    # -- equality ----------------------------------------------------------------------------
    def equal(self, value: Value, other: object) -> bool:
        """Whether a value has the content of another one, or of an object of Python's."""
        if isinstance(other, Value):
            try:
                return Comparer(self._presenter).equal(value, other)
            except EvaluationError:  # Rust has no comparison for the two
                return False
        found, view = self._look_through(value)
        if isinstance(view, ScalarView):
            return _equal_scalar(view.value, other)
        if isinstance(other, int):
            return found.is_pointer and found.pointer_address() == other
        if isinstance(other, str | bytes | bytearray):
            return self._equal_text(view, other)
        if isinstance(other, Collection):
            return self._equal_parts(view, cast("Collection[object]", other))
        return other is None and _is_none(found, view)

    def _equal_text(self, view: View, other: str | bytes | bytearray) -> bool:
        match view, other:
            case TextView(kind=kind), str():
                return kind != "bytes" and _text(view) == other
            case TextView(), bytes() | bytearray():
                return view.length == len(other) and view.all_bytes(_LONGEST_TEXT) == other
            case SequenceView(), bytes() | bytearray():
                return self._equal_parts(view, other)
            case ((RecordView(variant=True, name=text, fields=()) | LiteralView(text)), str()):
                return text == other
            case _:
                return False

    def _equal_parts(self, view: View, other: Collection[object]) -> bool:
        match view:
            case SequenceView(is_set=True, length=length) if isinstance(other, Set):
                items = view.items.walk(0, len(other) + 1)
                return length in (None, len(other)) and all(
                    any(self.equal(each, one) for one in other) for each in items
                )
            case SequenceView(is_set=False, length=length) if isinstance(other, Sequence):
                items = view.items.walk(0, len(other) + 1)
                return length in (None, len(other)) and self._equal_items(items, other)
            case MapView() if isinstance(other, Mapping):
                entries = cast("Mapping[object, object]", other)
                found = ((self._look_up(view, key), one) for key, one in entries.items())
                return view.length in (None, len(entries)) and all(
                    have is not None and self.equal(have, one) for have, one in found
                )
            case RecordView(name="", is_tuple=True, fields=fields) if isinstance(other, tuple):
                return self._equal_items((field for _, field in fields), other)
            case _:
                return False

    def _equal_items(self, items: Iterator[Value], other: Sequence[object]) -> bool:
        """One by one; none is read before those in front of it were equal."""
        for wanted in other:
            have = next(items, None)
            if have is None or not self.equal(have, wanted):
                return False
        return next(items, None) is None

    # -- shown -------------------------------------------------------------------------------
    def summary(self, value: Value) -> str:
        """About eighty characters of it."""
        return render(value, self._presenter, _SUMMARY)

    def html(self, value: Value) -> str:
        """A tree that opens and closes."""
        return value_html(value, self._presenter)


def _item(owner: Value, view: SequenceView | TextView, index: int) -> Value:
    """An item by its position; negative ones count from the end."""
    if isinstance(view, SequenceView) and view.is_set:
        refuse(owner, "has no positions: it is a set")
    if isinstance(view, TextView) and view.kind != "bytes":
        refuse(owner, "has no positions: take str(..), or a slice of its bytes")
    length = view.length
    try:
        position = index + length if index < 0 and length is not None else index
        if isinstance(view, TextView):
            return parts.byte_of(view, position)
        return view.item(position)
    except RangeError:
        text = f"index {index} is out of range for length {'?' if length is None else length}"
        raise IndexRangeError(text) from None


def _slice(owner: Value, view: SequenceView | TextView, part: Slice) -> Value:
    """A part, lazily; bounds are Python's: cut to the length, negative ones from the end."""
    length = view.length
    if length is None:
        refuse(owner, "cannot be sliced: its length is not known (use itertools.islice)")
    if isinstance(view, SequenceView) and view.is_set:
        refuse(owner, "cannot be sliced: it is a set")
    start, stop, step = part.indices(length)
    if step == 1:
        ends = RangeView(computed.usize(start), computed.usize(max(start, stop)))
        return parts.slice_of(view, ends, owner)
    if isinstance(view, TextView):
        refuse(owner, "cannot be sliced in steps")
    positions = range(start, stop, step)
    items = IndexedItems(lambda index: view.item(positions[index]), len(positions))
    type_ = synthetic_type("opaque", f"[..] of {owner.type.name}")
    return computed.of_view(type_, SequenceView(items))


def _text(view: TextView) -> str:
    return decode_text(view.all_bytes(_LONGEST_TEXT))[0]


def _equal_scalar(scalar: Value, other: object) -> bool:
    """As Python compares numbers and texts; a variant without fields also by its name."""
    if isinstance(other, str) and scalar.shape.kind == "enum":
        return format_scalar(scalar) == other
    return bool(scalar.scalar() == other)


def _is_none(value: Value, view: View) -> bool:
    """Whether it is an ``Option`` without a value."""
    is_option = value.shape.name.startswith("Option<")
    return is_option and isinstance(view, RecordView) and view.name == "None"
