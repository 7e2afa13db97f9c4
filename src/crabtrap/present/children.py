"""The parts of a value, a page at a time: what front ends show when one is opened."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Literal

from crabtrap.errors import CrabtrapError
from crabtrap.present.field_paths import each_layer
from crabtrap.present.output.render import render
from crabtrap.present.output.text_tree import RenderOptions
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import (
    InvalidView,
    MapView,
    PointerView,
    RangeView,
    RecordView,
    SequenceView,
    View,
    WrapperView,
)
from crabtrap.records import dataclass
from crabtrap.values import Value
from crabtrap.values.decode import why_unreadable

PAGE = 100
"""Parts that are read where nobody says how many."""

_MOST = 10_000
"""Parts that are read at once at most, whatever is asked for."""

_KEY = RenderOptions(max_items=8, max_depth=2, max_text=40, fit=True, width=40)

ChildKind = Literal["none", "indexed", "named", "entries"]
Pairs = Iterator[tuple[str, Value]]


@dataclass(frozen=True, slots=True)
class Children:
    """Some parts of a value, in order.

    Attributes:
        kind: "indexed" for items of a sequence, "entries" for those of a map, "named" for
            fields and for what a pointer leads to, "none" for a value without parts.
        items: Name and value: ``"[3]"``, a rendered key, or the name of a field.
        start: Which part the first of them is.
        total: How many parts there are, as the program says, which may be garbage;
            ``None`` where only a walk over all would tell.
        more: There are parts after these.
        problem: Why the walk ended early, ``""`` if it did not.
    """

    kind: ChildKind
    items: tuple[tuple[str, Value], ...] = ()
    start: int = 0
    total: int | None = 0
    more: bool = False
    problem: str = ""

    @property
    def remaining(self) -> int | None:
        """How many parts come after these; ``None`` where that is not known."""
        return None if self.total is None else max(0, self.total - self.start - len(self.items))


def children(
    value: Value, presenter: Presenter, start: int = 0, stop: int | None = None
) -> Children:
    """Read the parts ``[start, stop)`` of a value; no others are read, however many there are.

    References and transparent wrappers are looked through, as a reader does.

    Args:
        value: Whose parts.
        presenter: Says what they are.
        start: The first part, counted from 0.
        stop: One past the last; ``None`` for one page after ``start``.
    """
    stop = start + min(PAGE if stop is None else max(0, stop - start), _MOST)
    try:
        *_, view = each_layer(presenter.view(value), lambda view: _behind(view, presenter))
    except CrabtrapError as error:
        return Children("none", problem=why_unreadable(error))
    match view:
        case SequenceView(items=items, length=length):
            # One more than asked for, to know whether there is one.
            found = items.walk(start, stop + 1)
            names = (f"[{index}]" for index in range(start, stop + 1))
            return _page("indexed", zip(names, found, strict=False), start, stop, length)
        case MapView(entries=entries, length=length):
            pairs = ((render(k, presenter, _KEY), v) for k, v in entries.walk(start, stop + 1))
            return _page("entries", pairs, start, stop, length)
        case InvalidView(text):
            return Children("none", problem=text)
        case _:
            fields = _named(view)
            kind = "named" if fields else "none"
            return _page(kind, iter(fields[start : stop + 1]), start, stop, len(fields))


def _behind(view: View, presenter: Presenter) -> View | None:
    """The view of what a reference or a transparent wrapper leads to; else ``None``."""
    match view:
        case PointerView(prefix=prefix) if prefix:
            return presenter.view(view.target())
        case WrapperView(name="", inner=inner) if inner is not None:
            return presenter.view(inner) if isinstance(inner, Value) else inner
        case _:
            return None


def _page(kind: ChildKind, pairs: Pairs, start: int, stop: int, total: int | None) -> Children:
    items: list[tuple[str, Value]] = []
    problem = ""
    try:
        items.extend(islice(pairs, stop - start + 1))
    except CrabtrapError as error:
        problem = why_unreadable(error)
    shown = tuple(items[: stop - start])
    more = not problem and len(items) > len(shown)
    return Children(kind, shown, start, total, more, problem)


def _named(view: View) -> tuple[tuple[str, Value], ...]:
    match view:
        case RecordView(fields=fields):
            return fields
        case RangeView(start=start, end=end):
            ends = (("start", start), ("end", end))
            return tuple((name, value) for name, value in ends if value is not None)
        case PointerView():
            try:
                return (("*", view.target()),)
            except CrabtrapError as error:
                why_unreadable(error)
                return ()  # null, or nothing is known of what it leads to
        case WrapperView(inner=Value() as inner):
            return (("*" if view.is_transparent else "value", inner),)
        case _:
            return ()
