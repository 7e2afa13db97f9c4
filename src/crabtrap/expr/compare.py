"""Equality and order, as derived ``PartialEq`` and ``PartialOrd`` define them.

Views are compared, not bytes: a ``String`` equals a ``&str`` of the same characters, a
``Vec`` equals an array of equal items, and references are looked through.
"""

from __future__ import annotations

import math
from itertools import zip_longest

from crabtrap.errors import RangeError
from crabtrap.expr.computed import ReverseView
from crabtrap.expr.indirection import cow_content, look_through
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import (
    LiteralView,
    MapView,
    PointerView,
    RangeView,
    RecordView,
    ScalarView,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.values import Char, Value, decode

_MAX_ITEMS = 1 << 20
"""Most parts that one expression compares before it gives up."""


class Comparer:
    """Compares values by their views."""

    def __init__(self, presenter: Presenter) -> None:
        self._presenter = presenter
        self._left = _MAX_ITEMS

    @property
    def presenter(self) -> Presenter:
        """Gives values their views."""
        return self._presenter

    def look_through(self, value: Value) -> tuple[Value, View]:
        """Return the value behind references and transparent wrappers, and its view.

        Raises:
            UnavailableError: There is no such value.
        """
        return look_through(value, self._presenter)

    def _content(self, value: Value) -> tuple[Value, View]:
        """What is compared of a value: of a ``Cow`` what it borrows or owns."""
        value, view = self.look_through(value)
        inner = cow_content(value, view)
        return (value, view) if inner is None else self._content(inner)

    def equal(  # noqa: C901, PLR0911, PLR0912 - by view
        self, left: Value, right: Value
    ) -> bool:
        """Say whether two values are equal.

        Raises:
            EvaluationError: Rust has no comparison for their types.
            UnavailableError: One of them cannot be read.
        """
        self._spend()
        left, a = self._content(left)
        right, b = self._content(right)
        match a, b:
            case _ if left.shape.kind == right.shape.kind == "unit":
                return True
            case ScalarView(x), ScalarView(y):
                return _equal_scalars(x, y)
            case TextView() as x, TextView() as y:
                return x.length == y.length and x.all_bytes() == y.all_bytes()
            case SequenceView() as x, SequenceView() as y:
                return self._equal_sequences(x, y)
            case (TextView() as x, SequenceView() as y) | (SequenceView() as y, TextView() as x):
                return self._equal_bytes(x, y)
            case MapView() as x, MapView() as y:
                return self._equal_maps(x, y)
            case RecordView() as x, RecordView() as y:
                return self._equal_records(x, y)
            case WrapperView() as x, WrapperView() as y:
                return self._equal_wrappers(x, y)
            case RangeView() as x, RangeView() as y:
                return self._equal_ends(x, y)
            case LiteralView() as x, LiteralView() as y:
                return _equal_literals(x, y, left, right)
            case PointerView() as x, PointerView() as y:
                return x.address == y.address
            case (ScalarView(x), RecordView(name)) | (RecordView(name), ScalarView(x)) if (
                x.shape.kind == "enum"
            ):
                x.valid()  # raises where no variant has its number
                return decode.enumerator_name(x.shape, x.read_bytes()) == name
            case (PointerView() as x, ScalarView(y)) | (ScalarView(y), PointerView() as x):
                return x.address == y.valid()
            case _:
                raise _incomparable(left, right)

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise RangeError(f"more than {_MAX_ITEMS} parts would have to be compared")

    def _equal_sequences(self, a: SequenceView, b: SequenceView) -> bool:
        if a.length is not None and b.length is not None and a.length != b.length:
            return False
        if a.is_set and b.is_set:
            theirs = list(b.items.walk(0, _MAX_ITEMS))
            return all(any(self.equal(x, y) for y in theirs) for x in a.items.walk(0, _MAX_ITEMS))
        pairs = zip_longest(a.items.walk(0, _MAX_ITEMS + 1), b.items.walk(0, _MAX_ITEMS + 1))
        return all(x is not None and y is not None and self.equal(x, y) for x, y in pairs)

    def _equal_bytes(self, text: TextView, items: SequenceView) -> bool:
        if items.length != text.length:
            return False
        return [item.scalar() for item in items.items.walk(0, text.length)] == list(
            text.all_bytes()
        )

    def _equal_maps(self, a: MapView, b: MapView) -> bool:
        if a.length != b.length:
            return False
        theirs = list(b.entries.walk(0, _MAX_ITEMS))
        return all(
            any(self.equal(key, k) and self.equal(value, v) for k, v in theirs)
            for key, value in a.entries.walk(0, _MAX_ITEMS)
        )

    def _equal_records(self, a: RecordView, b: RecordView) -> bool:
        if a.name != b.name:
            if a.variant and b.variant:
                return False
            raise EvaluationError(
                f"cannot compare {a.name or 'a tuple'} with {b.name or 'a tuple'}"
            )
        mine, theirs = dict(a.fields), dict(b.fields)
        if mine.keys() != theirs.keys():
            raise EvaluationError(f"the two {a.name or 'tuples'} have different fields")
        return all(self.equal(value, theirs[name]) for name, value in mine.items())

    def _equal_wrappers(self, a: WrapperView, b: WrapperView) -> bool:
        match a.inner, b.inner:
            case Value() as x, Value() as y:
                return a.name == b.name and self.equal(x, y)
            case (Value(), _) | (_, Value()):
                return False
            case x, y:
                return (a.name, x, a.notes) == (b.name, y, b.notes)

    def _equal_ends(self, a: RangeView, b: RangeView) -> bool:
        if a.inclusive != b.inclusive:
            return False
        ends = ((a.start, b.start), (a.end, b.end))
        return all(
            (x is None and y is None) or (x is not None and y is not None and self.equal(x, y))
            for x, y in ends
        )

    def key(self, value: Value) -> object:
        """A key for Python's sets and dicts: equal where the values are.

        Raises:
            EvaluationError: Values of this kind are no keys.
            UnavailableError: It cannot be read.
        """
        self._spend()
        value, view = self._content(value)
        match view:
            case _ if value.shape.kind == "unit":
                return ()
            case ScalarView(scalar):
                found = scalar.valid()
                return ("char", found.text) if isinstance(found, Char) else found
            case TextView():
                return view.all_bytes()
            case SequenceView(is_set=True):
                return frozenset(map(self.key, view.items.walk(0, _MAX_ITEMS)))
            case SequenceView():
                return tuple(map(self.key, view.items.walk(0, _MAX_ITEMS)))
            case MapView():
                entries = view.entries.walk(0, _MAX_ITEMS)
                return frozenset((self.key(k), self.key(v)) for k, v in entries)
            case RecordView(name, fields):
                return (name, *(self.key(field) for _, field in fields))
            case WrapperView(name, Value() as inner):
                return (name, self.key(inner))
            case LiteralView(text):
                return text
            case PointerView(address=address):
                return ("pointer", address)
            case _:
                raise EvaluationError(f"{value.type.name} is no key")

    def order(self, left: Value, right: Value) -> int | None:
        """Return -1, 0 or 1, or ``None`` where there is no order (NaN).

        Raises:
            EvaluationError: Their types have no order.
        """
        self._spend()
        left, a = self._content(left)
        right, b = self._content(right)
        match a, b:
            case _ if left.shape.kind == right.shape.kind == "unit":
                return 0
            case ScalarView(x), ScalarView(y):
                return _order_scalars(x, y)
            case TextView() as x, TextView() as y:
                return _sign(x.all_bytes(), y.all_bytes())
            case SequenceView() as x, SequenceView() as y:
                return self._order_items(x, y)
            case RecordView() as x, RecordView() as y:
                if x.name != y.name:
                    return _order_variants(x, y, left, right)
                if _is_reversed(x, left):
                    x, y = y, x
                return self._order_records(x, y)
            case WrapperView(inner=Value() as x), WrapperView(inner=Value() as y):
                return self.order(x, y)
            case MapView() as x, MapView() as y:
                return self._order_maps(x, y)
            case LiteralView() as x, LiteralView() as y if _same_type(left, right):
                return _order_literals(x, y, left, right)
            case PointerView() as x, PointerView() as y:
                return _sign(x.address or 0, y.address or 0)
            case _:
                raise _incomparable(left, right)

    def _order_items(self, a: SequenceView, b: SequenceView) -> int | None:
        pairs = zip_longest(a.items.walk(0, _MAX_ITEMS), b.items.walk(0, _MAX_ITEMS))
        for x, y in pairs:
            if x is None or y is None:
                return -1 if x is None else 1
            order = self.order(x, y)
            if order != 0:
                return order
        return 0

    def _order_maps(self, a: MapView, b: MapView) -> int | None:
        pairs = zip_longest(a.entries.walk(0, _MAX_ITEMS), b.entries.walk(0, _MAX_ITEMS))
        for x, y in pairs:
            if x is None or y is None:
                return -1 if x is None else 1
            for left, right in zip(x, y, strict=True):
                order = self.order(left, right)
                if order != 0:
                    return order
        return 0

    def _order_records(self, a: RecordView, b: RecordView) -> int | None:
        theirs = dict(b.fields)
        for name, value in a.fields:
            order = self.order(value, theirs[name])
            if order != 0:
                return order
        return 0


def _is_reversed(view: RecordView, value: Value) -> bool:
    """Whether a value is a ``Reverse`` of std, not one of the program's own."""
    if isinstance(view, ReverseView):
        return True
    return view.name == "Reverse" and value.type.table is not None and value.shape.is_std


_STD_VARIANTS = ("None", "Some", "Ok", "Err", "Less", "Equal", "Greater")
"""Variants of std's enums, in the order of each enum's declaration."""


def _order_variants(a: RecordView, b: RecordView, left: Value, right: Value) -> int:
    """The order of two different variants: that of their declaration."""
    for value in (left, right):
        cases = value.shape.cases
        if cases is not None:
            names = [case.name for case in cases.cases]
            if a.name in names and b.name in names:
                return _sign(names.index(a.name), names.index(b.name))
    if a.name in _STD_VARIANTS and b.name in _STD_VARIANTS:
        return _sign(_STD_VARIANTS.index(a.name), _STD_VARIANTS.index(b.name))
    raise _incomparable(left, right)


def _incomparable(left: Value, right: Value) -> EvaluationError:
    return EvaluationError(f"cannot compare {left.type.name} with {right.type.name}")


def _equal_scalars(left: Value, right: Value) -> bool:
    a, b = left.valid(), right.valid()
    _check_kinds(left, right, a, b)
    return a == b


def _order_scalars(left: Value, right: Value) -> int | None:
    a, b = left.valid(), right.valid()
    _check_kinds(left, right, a, b)
    if isinstance(a, Char) and isinstance(b, Char):
        return _sign(a.text, b.text)
    if isinstance(a, int | float) and isinstance(b, int | float):
        return None if math.isnan(a) or math.isnan(b) else _sign(a, b)
    raise _incomparable(left, right)


def _check_kinds(left: Value, right: Value, a: object, b: object) -> None:
    """Refuse what Rust has no comparison for: ``bool == 1``, ``'a' == 97``."""
    for kind in (bool, Char):
        if isinstance(a, kind) != isinstance(b, kind):
            raise _incomparable(left, right)
    if (
        left.shape.kind == "enum"
        and right.shape.kind == "enum"
        and not left.type.same_as(right.type)
    ):
        raise _incomparable(left, right)


def _sign(a: int | float | str | bytes, b: int | float | str | bytes) -> int:
    return (a > b) - (a < b)  # type: ignore[operator]  # both of one kind


def _equal_literals(a: LiteralView, b: LiteralView, left: Value, right: Value) -> bool:
    if not _same_type(left, right):
        raise _incomparable(left, right)
    if a.key is not None and b.key is not None:
        return a.key == b.key  # 1.0 and 1.00 are one number, a moment is one in every zone
    return a.text == b.text


def _same_type(left: Value, right: Value) -> bool:
    """Whether two values have one type; what the expression has computed has a name alone."""
    if left.type.table is None or right.type.table is None:
        names = (each.type.name.rpartition("::")[2] for each in (left, right))
        return next(names) == next(names)
    return left.type.same_as(right.type)


def _order_literals(a: LiteralView, b: LiteralView, left: Value, right: Value) -> int:
    if a.key is None or b.key is None:
        raise _incomparable(left, right)
    return (a.key > b.key) - (a.key < b.key)
