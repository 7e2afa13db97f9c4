"""Methods of slices, and through them of ``Vec``, arrays and ``VecDeque``."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.errors import RangeError
from crabtrap.expr import computed, indirection, parts
from crabtrap.expr.methods.invocation import Invocation, Method, receiver
from crabtrap.expr.methods.on_iterators import MAX_WALK
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.containers.walkers import ContiguousItems
from crabtrap.present.field_paths import find_part
from crabtrap.present.view import RangeView, SequenceView, TextView, slice_view
from crabtrap.symbols.types import pointer_type
from crabtrap.values import Bytes, Value


def view_of(call: Invocation) -> SequenceView:
    """Return the receiver as a sequence."""
    return call.view_as(SequenceView, "a sequence")


def length_of(call: Invocation) -> int:
    """Return the receiver's length.

    Raises:
        EvaluationError: It is an iterator that has none.
    """
    view = call.view
    if isinstance(view, RangeView):
        return _range_length(view)
    length = view_of(call).length
    if length is None:
        raise EvaluationError("an iterator has no length", call.tree.span, hint="use .count()")
    return length


def _range_length(view: RangeView) -> int:
    if view.start is None or view.end is None:
        raise EvaluationError("this range has no length")
    return max(0, view.end.integer() + view.inclusive - view.start.integer())


def _len(call: Invocation) -> Value:
    call.expect(0)
    return computed.usize(length_of(call))


def _is_empty(call: Invocation) -> Value:
    call.expect(0)
    return computed.boolean(length_of(call) == 0)


def _at(call: Invocation, index: int) -> Value:
    view = view_of(call)
    length = length_of(call)
    return computed.option(view.item(index) if 0 <= index < length else None)


def _first(call: Invocation) -> Value:
    return _at(call, 0)


def _last(call: Invocation) -> Value:
    view = view_of(call)
    if view.length is not None:
        return _at(call, view.length - 1)
    last = None
    for last in view.items.walk(0, MAX_WALK):  # noqa: B007 - the last one is wanted
        pass
    return computed.option(last)


def _get(call: Invocation) -> Value:
    index = call.argument()
    _, view = call.comparer.look_through(index)
    if not isinstance(view, RangeView):
        return _at(call, indirection.scalar(index, call.presenter).integer())
    try:
        return computed.option(parts.slice_of(view_of(call), view, call.value))
    except RangeError:
        return computed.option(None)


def _capacity(call: Invocation) -> Value:
    found = find_part(call.value, ("buf.cap", "cap"))
    if found is None:
        raise EvaluationError(f"{call.value.type.name} has no capacity", call.tree.span)
    return computed.usize(found.integer())


def _as_pointer(call: Invocation) -> Value:
    items = view_of(call).items
    if isinstance(items, ContiguousItems) and items.array.address is not None:
        type_ = pointer_type(items.item, "*const ")
        data = items.array.address.to_bytes(8, "little")
        return Value(type_, Bytes(data), call.value.context)
    raise EvaluationError("its items do not lie side by side in memory", call.tree.span)


def _starts_with(call: Invocation) -> Value:
    return computed.boolean(_compare_part(call, from_end=False))


def _ends_with(call: Invocation) -> Value:
    return computed.boolean(_compare_part(call, from_end=True))


def _compare_part(call: Invocation, *, from_end: bool) -> bool:
    wanted = call.argument()
    _, other = call.comparer.look_through(wanted)
    count = other.length if isinstance(other, SequenceView | TextView) else None
    length = length_of(call)
    if count is None:
        raise EvaluationError(f"{call.tree.name} takes a slice", call.tree.span)
    if count > length:
        return False
    start = length - count if from_end else 0
    part = slice_view(view_of(call), start, start + count)
    return call.comparer.equal(computed.of_view(call.value.type, part), wanted)


def _chunks(call: Invocation) -> Value:
    size, view, length = call.integer(), view_of(call), length_of(call)
    if size <= 0:
        raise EvaluationError("chunks of no items", call.tree.span)

    def begin() -> Iterator[Value]:
        for start in range(0, length, size):
            yield computed.of_view(
                call.value.type, slice_view(view, start, min(start + size, length))
            )

    return computed.lazily(begin)


def _windows(call: Invocation) -> Value:
    size, view, length = call.integer(), view_of(call), length_of(call)
    if size <= 0:
        raise EvaluationError("windows of no items", call.tree.span)

    def begin() -> Iterator[Value]:
        for start in range(length - size + 1):
            yield computed.of_view(call.value.type, slice_view(view, start, start + size))

    return computed.lazily(begin)


def _join(call: Invocation) -> Value:
    separator = call.text()
    texts: list[bytes] = []
    for item in view_of(call).items.walk(0, length_of(call)):
        _, view = call.comparer.look_through(item)
        if not isinstance(view, TextView):
            raise EvaluationError("only texts are joined", call.tree.span)
        texts.append(view.all_bytes())
    return computed.text(separator.join(texts))


SEQUENCE_METHODS: dict[str, Method] = {
    "len": _len,
    "is_empty": _is_empty,
    "first": _first,
    "last": _last,
    "front": _first,
    "back": _last,
    "peek": _first,
    "get": _get,
    "capacity": _capacity,
    "as_ptr": _as_pointer,
    "as_mut_ptr": _as_pointer,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "chunks": _chunks,
    "windows": _windows,
    "join": _join,
    "as_slice": receiver,
    "as_mut_slice": receiver,
    "to_vec": receiver,
}
"""Methods of sequences beyond those of iterators."""
