"""Methods of slices, and through them of ``Vec``, arrays and ``VecDeque``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key

from crabtrap.errors import RangeError
from crabtrap.expr import computed, indirection, parts
from crabtrap.expr.methods.invocation import Invocation, Method, receiver
from crabtrap.expr.methods.on_iterators import iterate
from crabtrap.expr.methods.reductions import is_sorted, is_sorted_by, is_sorted_by_key
from crabtrap.expr.methods.walking import walk_value
from crabtrap.expr.own_places import reference_to
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.containers.walkers import ContiguousItems, RingItems
from crabtrap.present.field_paths import find_part
from crabtrap.present.view import (
    RangeView,
    RecordView,
    SequenceView,
    TextView,
    slice_view,
)
from crabtrap.symbols.types import pointer_type
from crabtrap.values import Bytes, Value

_SLOTS_OF_NOTHING = (1 << 64) - 1
"""The capacity that std claims for items of no size; a power of two less one in old rings."""


def view_of(call: Invocation) -> SequenceView:
    """Return the receiver as a sequence."""
    if isinstance(call.view, TextView):
        return parts.bytes_of(call.view)
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
    return computed.usize(length_of(call))


def _is_empty(call: Invocation) -> Value:
    return computed.boolean(length_of(call) == 0)


def _at(call: Invocation, index: int) -> Value:
    view = view_of(call)
    return computed.option(view.item(index) if 0 <= index < length_of(call) else None)


def _first(call: Invocation) -> Value:
    return _at(call, 0)


def _last(call: Invocation) -> Value:
    return _at(call, length_of(call) - 1)


def part_of(call: Invocation, start: int, stop: int) -> Value:
    """Items ``[start, stop)`` of the receiver, as a slice."""
    part = slice_view(view_of(call), start, stop)
    return computed.sequence(part.items, "[_]")


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
    # A ring that notes both its ends keeps one slot free, else it could not tell full from empty.
    notes_ends = find_part(call.value, "tail") is not None
    if _item_size(call) == 0:
        return computed.usize(_SLOTS_OF_NOTHING >> notes_ends)
    return computed.usize(found.integer() - notes_ends)


def _item_size(call: Invocation) -> int | None:
    """The size of the items' type, in bytes; ``None`` where it is not known."""
    items = view_of(call).items
    slots = items.slots if isinstance(items, RingItems) else items
    return slots.item.strip().size if isinstance(slots, ContiguousItems) else None


def _as_mut_slice(call: Invocation) -> Value:
    return call.value if call.place is None else reference_to(call.place)


def _as_pointer(call: Invocation) -> Value:
    items = view_of(call).items
    if isinstance(items, ContiguousItems) and items.array.address is not None:
        prefix = "*mut " if call.tree.name == "as_mut_ptr" else "*const "
        type_ = pointer_type(items.item, prefix)
        data = items.array.address.to_bytes(8, "little")
        return Value(type_, Bytes(data), call.value.context)
    raise EvaluationError("its items do not lie side by side in memory", call.tree.span)


# -- searches --------------------------------------------------------------------------------
def _contains(call: Invocation) -> Value:
    wanted = call.argument()
    items = call.watched(view_of(call).items.walk(0, length_of(call)))
    return computed.boolean(any(call.comparer.equal(item, wanted) for item in items))


def _affix(call: Invocation) -> tuple[bool, int, int]:
    """Whether the receiver begins or ends with the argument, and the two lengths."""
    wanted = call.argument()
    _, other = call.comparer.look_through(wanted)
    count = other.length if isinstance(other, SequenceView | TextView) else None
    length = length_of(call)
    if count is None:
        raise EvaluationError(f"{call.tree.name} takes a slice", call.tree.span)
    if count > length:
        return False, count, length
    start = length - count if call.tree.name in ("ends_with", "strip_suffix") else 0
    part = part_of(call, start, start + count)
    return call.comparer.equal(part, wanted), count, length


def _has_affix(call: Invocation) -> Value:
    return computed.boolean(_affix(call)[0])


def _strip(call: Invocation) -> Value:
    found, count, length = _affix(call)
    if not found:
        return computed.option(None)
    if call.tree.name == "strip_prefix":
        return computed.option(part_of(call, count, length))
    return computed.option(part_of(call, 0, length - count))


def _searched(call: Invocation, order: Callable[[Value], int | None]) -> Value:
    """A binary search by std's own steps, so that of equal items the same one is found."""
    view, size, base = view_of(call), length_of(call), 0
    if not size:
        return computed.err(computed.usize(0), "Result<usize, usize>")
    while size > 1:
        half = size // 2
        middle = base + half
        found = order(view.item(middle))
        base = base if found is None or found > 0 else middle
        size -= half
    found = order(view.item(base))
    if found == 0:
        return computed.ok(computed.usize(base))
    after = base + (found is not None and found < 0)
    return computed.err(computed.usize(after), "Result<usize, usize>")


def _binary_search(call: Invocation) -> Value:
    wanted = call.argument()
    return _searched(call, lambda item: call.comparer.order(item, wanted))


def _binary_search_by(call: Invocation) -> Value:
    compare = call.function()
    return _searched(call, lambda item: computed.ordering_of(compare(item)))


def _binary_search_by_key(call: Invocation) -> Value:
    wanted, key = call.argument(), call.function(1)
    return _searched(call, lambda item: call.comparer.order(key(item), wanted))


def _partition_point(call: Invocation) -> Value:
    test = call.test()
    found = _searched(call, lambda item: -1 if test(item) else 1)
    view = call.presenter.view(found)
    assert isinstance(view, RecordView)  # as `_searched` promises
    return view.fields[0][1]


def _join(call: Invocation) -> Value:
    items = list(view_of(call).items.walk(0, length_of(call)))
    views = [call.comparer.look_through(item)[1] for item in items]
    if all(isinstance(view, TextView) for view in views):
        separator = call.text() if call.tree.name == "join" else b""
        return computed.text(separator.join(call.text_of(item) for item in items))
    joined: list[Value] = []
    between = _between(call) if call.tree.name == "join" else []
    for at, view in enumerate(views):
        if not isinstance(view, SequenceView) or view.length is None:
            raise EvaluationError("only texts and slices are joined", call.tree.span)
        joined += between if at else []
        joined += view.items.walk(0, view.length)
    return computed.listed(joined)


def _between(call: Invocation) -> list[Value]:
    """The separator of a ``join`` of slices: a reference to one item, or to a slice."""
    _, view = call.comparer.look_through(call.argument())
    if isinstance(view, SequenceView) and view.length is not None:
        return list(view.items.walk(0, view.length))
    return [call.argument()]


def _repeat(call: Invocation) -> Value:
    items, count = list(view_of(call).items.walk(0, length_of(call))), call.size()
    if len(items) * count > 1 << 20:
        raise EvaluationError("the list would be too long", call.tree.span)
    return computed.listed(items * count if items else ())


def _bytes(call: Invocation) -> bytes:
    return bytes(
        indirection.scalar(item, call.presenter).integer()
        for item in view_of(call).items.walk(0, length_of(call))
    )


def _trimmed(call: Invocation) -> Value:
    data, blank = _bytes(call), b" \t\n\r\x0c"
    start = 0 if call.tree.name == "trim_ascii_end" else len(data) - len(data.lstrip(blank))
    stop = len(data) if call.tree.name == "trim_ascii_start" else len(data.rstrip(blank))
    part = slice_view(view_of(call), start, max(start, stop))
    return computed.sequence(part.items, "[u8]")


def _as_text(call: Invocation) -> Value:
    data = _bytes(call)
    return computed.byte_string(
        data.upper() if call.tree.name == "to_ascii_uppercase" else data.lower()
    )


def _is_ascii(call: Invocation) -> Value:
    items = view_of(call).items.walk(0, length_of(call))
    return computed.boolean(
        all(indirection.scalar(item, call.presenter).integer() < 128 for item in items)
    )


def _sorted_vector(call: Invocation) -> Value:
    items = list(view_of(call).items.walk(0, length_of(call)))
    items.sort(key=cmp_to_key(lambda a, b: call.comparer.order(a, b) or 0))
    return computed.listed(items)


def _array_map(call: Invocation) -> Value:
    function = call.function()
    return computed.listed([function(each) for each in view_of(call).items.walk(0, 1 << 20)])


def _as_flattened(call: Invocation) -> Value:
    arrays = view_of(call).items.walk(0, length_of(call))
    return computed.listed([item for each in arrays for item in walk_value(each, call)])


def _range(call: Invocation) -> Value:
    _, view = call.comparer.look_through(call.argument())
    assert isinstance(view, RangeView)  # as the check of types promises
    return parts.slice_of(view_of(call), view, call.value)


def _nothing(call: Invocation) -> Value:
    return computed.listed((), name=str(call.owner))


SLICE: dict[str, Method] = {
    "fn len(&self) -> usize": _len,
    "fn is_empty(&self) -> bool": _is_empty,
    "fn first(&self) -> Option<&T>": _first,
    "fn last(&self) -> Option<&T>": _last,
    "fn get<I: SliceIndex<T, R>>(&self, index: I) -> Option<&R>": _get,
    "fn iter(&self) -> Exact<&T>": iterate,
    "fn contains(&self, x: &T) -> bool where T: PartialEq": _contains,
    "fn starts_with(&self, needle: &[T]) -> bool where T: PartialEq": _has_affix,
    "fn ends_with(&self, needle: &[T]) -> bool where T: PartialEq": _has_affix,
    "fn strip_prefix(&self, prefix: impl SlicePattern<T>) -> Option<&[T]>": _strip,
    "fn strip_suffix(&self, suffix: impl SlicePattern<T>) -> Option<&[T]>": _strip,
    "fn binary_search(&self, x: &T) -> Result<usize, usize> where T: Ord": _binary_search,
    "fn binary_search_by(&self, f: impl FnMut(&T) -> Ordering) -> Result<usize, usize>": (
        _binary_search_by
    ),
    "fn binary_search_by_key<B: Ord>(&self, b: &B, f: impl FnMut(&T) -> B) "
    "-> Result<usize, usize>": _binary_search_by_key,
    "fn partition_point(&self, pred: impl FnMut(&T) -> bool) -> usize": _partition_point,
    "fn join<S, R>(&self, sep: S) -> R where T: Join<S, R>": _join,
    "fn concat<R>(&self) -> R where T: Concat<R>": _join,
    "fn repeat(&self, n: usize) -> Vec<T> where T: Copy": _repeat,
    "fn to_vec(&self) -> Vec<T> where T: Clone": receiver,
    "fn as_ptr(&self) -> *const T": _as_pointer,
    "fn as_mut_ptr(&mut self) -> *mut T": _as_pointer,
    "fn is_sorted(&self) -> bool where T: PartialOrd": is_sorted,
    "fn is_sorted_by(&self, f: impl FnMut(&T, &T) -> bool) -> bool": is_sorted_by,
    "fn is_sorted_by_key<K: PartialOrd>(&self, f: impl FnMut(&T) -> K) -> bool": is_sorted_by_key,
}
"""Of slices, and through them of vectors and arrays."""

OF_ARRAYS: dict[str, Method] = {"fn as_flattened(&self) -> &[T]": _as_flattened}
"""Of slices of arrays."""

EMPTY: dict[str, Method] = {
    "fn new() -> Self": _nothing,
    "fn with_capacity(capacity: usize) -> Self": _nothing,
}
"""Of collections that are made empty."""

BYTES: dict[str, Method] = {
    "fn is_ascii(&self) -> bool": _is_ascii,
    "fn to_ascii_uppercase(&self) -> Vec<u8>": _as_text,
    "fn to_ascii_lowercase(&self) -> Vec<u8>": _as_text,
    **{
        f"fn {name}(&self) -> &[u8]": _trimmed
        for name in ("trim_ascii", "trim_ascii_start", "trim_ascii_end")
    },
}
"""Of slices of bytes."""

VECTOR: dict[str, Method] = {
    "fn capacity(&self) -> usize": _capacity,
    "fn as_slice(&self) -> &[T]": receiver,
    "fn as_mut_slice(&mut self) -> &mut [T]": _as_mut_slice,
    "fn len(&self) -> usize": _len,
    "fn is_empty(&self) -> bool": _is_empty,
    **EMPTY,
}
"""Of ``Vec`` itself."""

ARRAY: dict[str, Method] = {
    "fn map<U>(self, f: impl FnMut(T) -> U) -> [U; N]": _array_map,
    "fn as_slice(&self) -> &[T]": receiver,
}
"""Of arrays themselves."""

DEQUE: dict[str, Method] = {
    "fn len(&self) -> usize": _len,
    "fn is_empty(&self) -> bool": _is_empty,
    "fn front(&self) -> Option<&T>": _first,
    "fn back(&self) -> Option<&T>": _last,
    "fn iter(&self) -> Exact<&T>": iterate,
    "fn contains(&self, x: &T) -> bool where T: PartialEq": _contains,
}
"""Of ``VecDeque`` and ``LinkedList``."""

DEQUE_ONLY: dict[str, Method] = {
    "fn get(&self, index: usize) -> Option<&T>": _get,
    "fn range(&self, range: impl RangeBounds<usize>) -> Exact<&T>": _range,
    **EMPTY,
    "fn capacity(&self) -> usize": _capacity,
    "fn binary_search(&self, x: &T) -> Result<usize, usize> where T: Ord": _binary_search,
}
"""Of ``VecDeque`` alone."""

HEAP: dict[str, Method] = {
    "fn len(&self) -> usize": _len,
    "fn is_empty(&self) -> bool": _is_empty,
    "fn peek(&self) -> Option<&T>": _first,
    "fn iter(&self) -> Exact<&T>": iterate,
    "fn into_sorted_vec(self) -> Vec<T>": _sorted_vector,
    **EMPTY,
    "fn into_vec(self) -> Vec<T>": receiver,
    "fn as_slice(&self) -> &[T]": receiver,
}
"""Of ``BinaryHeap``."""
