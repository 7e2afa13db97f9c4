"""What an iterator has left after a method has taken items from it.

The program's iterators stay as they are, and one that is used once has no rest.  An iterator
in a variable of the expression's own goes on after what was taken from it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from itertools import islice

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.walking import reversed_items, walk
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import LazyItems, RangeView, SequenceView, SlicedItems
from crabtrap.values import Value


class _Counted:
    """Items, and how many of them were taken."""

    def __init__(self, items: Iterator[Value]) -> None:
        self._items = items
        self.count = 0

    def __iter__(self) -> Iterator[Value]:
        return self

    def __next__(self) -> Value:
        item = next(self._items)
        self.count += 1
        return item


def from_front(method: Method) -> Method:
    """A method that takes items from the front of its receiver."""

    def run(call: Invocation) -> Value:
        if call.place is None:
            return method(call)
        items = _Counted(walk(call.view, call.value))
        view = SequenceView(LazyItems(lambda: items))
        result = method(dataclasses.replace(call, view=view))
        call.become(_rest(call, items.count))
        return result

    return run


def from_back(method: Callable[[Invocation, Iterator[Value]], Value]) -> Method:
    """A method that takes items from the end of its receiver; it is given them."""

    def run(call: Invocation) -> Value:
        items = _Counted(reversed_items(call))
        result = method(call, items)
        if call.place is not None:
            call.become(_without_last(call, items.count))
        return result

    return run


def whole(method: Method) -> Method:
    """A method that borrows its receiver, to go on with it later."""

    def run(call: Invocation) -> Value:
        if call.place is not None:
            raise EvaluationError(
                f"{call.tree.name} of a variable is not part of the language here",
                call.tree.span,
                hint="take the items one by one: .next()",
            )
        return method(call)

    return run


def _rest(call: Invocation, count: int) -> Value:
    view = call.view
    if isinstance(view, SequenceView) and view.length is not None:
        return _part(call, view, min(count, view.length), view.length)
    if isinstance(view, RangeView) and view.start is not None and not view.inclusive:
        start = next(islice(walk(view, call.value), count, None), view.end)
        return computed.range_of(start, view.end, inclusive=False)
    items = LazyItems(lambda: islice(walk(view, call.value), count, None))
    return computed.sequence(items, "impl Iterator")


def _without_last(call: Invocation, count: int) -> Value:
    view = call.view
    if isinstance(view, SequenceView) and view.length is not None:
        return _part(call, view, 0, max(view.length - count, 0))
    items = list(walk(view, call.value))
    left = items[: len(items) - count]
    return computed.sequence(LazyItems(lambda: iter(left), len(left)), "impl Iterator")


def _part(call: Invocation, view: SequenceView, start: int, stop: int) -> Value:
    items = view.items
    if isinstance(items, SlicedItems):
        start, stop, items = items.start + start, items.start + stop, items.inner
    return computed.sequence(SlicedItems(items, start, stop), call.value.type.name)
