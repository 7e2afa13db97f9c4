"""Methods that give parts of a slice: chunks, windows, what lies between some items."""

from __future__ import annotations

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.on_sequences import length_of, part_of, view_of
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import IndexedItems, slice_view
from crabtrap.values import Value


def _split_first(call: Invocation) -> Value:
    length = length_of(call)
    if not length:
        return computed.option(None)
    if call.tree.name == "split_first":
        pair = view_of(call).item(0), part_of(call, 1, length)
    else:
        pair = view_of(call).item(length - 1), part_of(call, 0, length - 1)
    return computed.option(computed.tuple_of(pair))


def _split_at(call: Invocation) -> Value:
    at, length = call.size(), length_of(call)
    if at > length:
        if call.tree.name == "split_at_checked":
            return computed.option(None)
        raise EvaluationError("mid > len", call.tree.span)
    pair = computed.tuple_of((part_of(call, 0, at), part_of(call, at, length)))
    return computed.option(pair) if call.tree.name == "split_at_checked" else pair


def _parts(call: Invocation, starts: list[tuple[int, int]] | range, size: int) -> Value:
    """Slices as items, each found by its position."""
    view = view_of(call)

    def item(index: int) -> Value:
        found = starts[index]
        start, stop = found if isinstance(found, tuple) else (found, found + size)
        return computed.sequence(slice_view(view, start, stop).items, "[_]")

    return computed.sequence(IndexedItems(item, len(starts)), "Chunks")


def _size(call: Invocation, what: str) -> int:
    size = call.size()
    if size == 0:
        raise EvaluationError(f"{what} size must be non-zero", call.tree.span)
    return size


def _chunks(call: Invocation) -> Value:
    size, length = _size(call, "chunk"), length_of(call)
    match call.tree.name:
        case "chunks":
            bounds = [(at, min(at + size, length)) for at in range(0, length, size)]
        case "chunks_exact":
            return _parts(call, range(0, length - length % size, size), size)
        case "rchunks_exact":
            bounds = [(at - size, at) for at in range(length, size - 1, -size)]
        case _:
            bounds = [(max(at - size, 0), at) for at in range(length, 0, -size)]
    return _parts(call, bounds, size)


def _windows(call: Invocation) -> Value:
    size, length = _size(call, "window"), length_of(call)
    return _parts(call, range(max(length - size + 1, 0)), size)


def _chunk_by(call: Invocation) -> Value:
    test = call.test()
    items = list(call.watched(view_of(call).items.walk(0, length_of(call))))
    bounds: list[tuple[int, int]] = []
    start = 0
    for at in range(1, len(items) + 1):
        if at == len(items) or not test(items[at - 1], items[at]):
            bounds.append((start, at))
            start = at
    return _parts(call, bounds if items else [], 0)


def _split(call: Invocation) -> Value:
    bounds = _between(_matches(call, 0), length_of(call))
    return _parts(call, bounds[::-1] if call.tree.name == "rsplit" else bounds, 0)


def _splitn(call: Invocation) -> Value:
    count, matches = call.size(), _matches(call, 1)
    if not count:
        return _parts(call, [], 0)
    backwards = call.tree.name == "rsplitn"
    used = matches[max(len(matches) - count + 1, 0) :] if backwards else matches[: count - 1]
    bounds = _between(used, length_of(call))
    return _parts(call, bounds[::-1] if backwards else bounds, 0)


def _split_inclusive(call: Invocation) -> Value:
    length = length_of(call)
    ends = [at + 1 for at in _matches(call, 0)]
    ends += [length] if length and ends[-1:] != [length] else []
    return _parts(call, list(zip([0, *ends], ends, strict=False)), 0)


def _matches(call: Invocation, index: int) -> list[int]:
    """Where the items are that a closure says yes to."""
    test = call.test(index)
    items = call.watched(view_of(call).items.walk(0, length_of(call)))
    return [at for at, item in enumerate(items) if test(item)]


def _between(matches: list[int], length: int) -> list[tuple[int, int]]:
    """The parts between some items."""
    starts = [0, *(at + 1 for at in matches)]
    return list(zip(starts, [*matches, length], strict=True))


# -- arrays ----------------------------------------------------------------------------------
def _chunk_size(call: Invocation) -> int:
    """The length of an array that a turbofish gives, or what the result is used for."""
    length = call.generic("N").name
    if not length.isdecimal():
        raise EvaluationError(
            "type annotations needed", call.tree.span, hint=f"{call.tree.name}::<2>()"
        )
    return int(length)


def _end_chunk(call: Invocation) -> Value:
    """``first_chunk``, ``last_chunk`` and ``split_first_chunk``, ``split_last_chunk``."""
    size, length, name = _chunk_size(call), length_of(call), call.tree.name
    if size > length:
        return computed.option(None)
    at = size if "first" in name else length - size
    halves = part_of(call, 0, at), part_of(call, at, length)
    if name.startswith("split"):
        return computed.option(computed.tuple_of(halves))
    return computed.option(halves["last" in name])


def _as_chunks(call: Invocation) -> Value:
    size, length = _chunk_size(call), length_of(call)
    if not size:
        raise EvaluationError("chunk size must be non-zero", call.tree.span)
    end = length - length % size
    chunks = _parts(call, range(0, end, size), size)
    return computed.tuple_of((chunks, part_of(call, end, length)))


_TEST = "pred: impl FnMut(&T) -> bool"

PARTS: dict[str, Method] = {
    "fn split_first(&self) -> Option<(&T, &[T])>": _split_first,
    "fn split_last(&self) -> Option<(&T, &[T])>": _split_first,
    "fn split_at(&self, mid: usize) -> (&[T], &[T])": _split_at,
    "fn split_at_checked(&self, mid: usize) -> Option<(&[T], &[T])>": _split_at,
    "fn chunks(&self, chunk_size: usize) -> Exact<&[T]>": _chunks,
    "fn chunks_exact(&self, chunk_size: usize) -> Exact<&[T]>": _chunks,
    "fn rchunks(&self, chunk_size: usize) -> Exact<&[T]>": _chunks,
    "fn rchunks_exact(&self, chunk_size: usize) -> Exact<&[T]>": _chunks,
    "fn windows(&self, size: usize) -> Exact<&[T]>": _windows,
    "fn chunk_by(&self, pred: impl FnMut(&T, &T) -> bool) -> Ends<&[T]>": _chunk_by,
    "fn split(&self, pred: impl FnMut(&T) -> bool) -> Ends<&[T]>": _split,
    f"fn rsplit(&self, {_TEST}) -> Ends<&[T]>": _split,
    f"fn splitn(&self, n: usize, {_TEST}) -> Once<&[T]>": _splitn,
    f"fn rsplitn(&self, n: usize, {_TEST}) -> Once<&[T]>": _splitn,
    f"fn split_inclusive(&self, {_TEST}) -> Ends<&[T]>": _split_inclusive,
    "fn first_chunk<const N: usize>(&self) -> Option<&[T; N]>": _end_chunk,
    "fn last_chunk<const N: usize>(&self) -> Option<&[T; N]>": _end_chunk,
    "fn split_first_chunk<const N: usize>(&self) -> Option<(&[T; N], &[T])>": _end_chunk,
    "fn split_last_chunk<const N: usize>(&self) -> Option<(&[T], &[T; N])>": _end_chunk,
    "fn as_chunks<const N: usize>(&self) -> (&[[T; N]], &[T])": _as_chunks,
}
"""Of slices: parts of them."""
