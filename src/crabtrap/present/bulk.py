"""Many plain items at once: one read and no object per item."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from itertools import compress

from crabtrap.present.format import FormatLetter, format_decoded, format_integer
from crabtrap.present.hashtable import HashItems, PairEntries
from crabtrap.present.view import MapView, SequenceView, SlicedItems, TextView
from crabtrap.present.walkers import ContiguousItems
from crabtrap.symbols.types import Type
from crabtrap.values import UnavailableError, Value
from crabtrap.values.decode import decode_scalar

_CODES = {
    ("unsigned", 1): "B",
    ("unsigned", 2): "H",
    ("unsigned", 4): "I",
    ("unsigned", 8): "Q",
    ("signed", 1): "b",
    ("signed", 2): "h",
    ("signed", 4): "i",
    ("signed", 8): "q",
}
_LEAST = 64
"""Fewer entries than this are not worth the whole-table reads."""
_CHUNK = 1 << 16
_OCCUPIED = bytes(1 if byte < 0x80 else 0 for byte in range(256))


def byte_text(view: SequenceView) -> TextView | None:
    """A sequence of bytes seen as a text."""
    items = view.items
    if isinstance(items, ContiguousItems) and items.item.strip().size == 1:
        array = items.array
        return TextView(
            "bytes",
            items.length,
            lambda start, stop: array.elements(start, stop - start).read_bytes(),
        )
    return None


def integer_code(type_: Type) -> str | None:
    """The ``struct`` code of a plain integer type."""
    shape = type_.strip()
    if shape.kind != "base" or shape.size is None:
        return None
    return _CODES.get((shape.row.encoding, shape.size))


def integers(view: SequenceView) -> tuple[int, ...] | None:
    """Every item of a contiguous sequence of plain integers, ``None`` for any other."""
    items = view.items
    if not isinstance(items, ContiguousItems) or items.array.absent is not None:
        return None
    code = integer_code(items.item)
    if code is None:
        return None
    return struct.unpack(f"<{items.length}{code}", _read(items.array, 0, items.length))


def sequence_texts(view: SequenceView, limit: int, letter: FormatLetter) -> list[str] | None:
    """The first ``limit`` items as texts, ``None`` where they are not plain scalars."""
    items, start = view.items, 0
    length = items.length
    if isinstance(items, SlicedItems):
        start, items = items.start, items.inner
    if not isinstance(items, ContiguousItems) or length is None:
        return None
    shape = items.item.strip()
    if shape.kind != "base" or not shape.size or items.array.absent:
        return None
    count = min(length, limit)
    texts: list[str] = []
    for base in range(0, count, _CHUNK):
        part = min(_CHUNK, count - base)
        texts += scalar_texts(shape, _read(items.array, start + base, part), letter)
    return texts


def _read(array: Value, start: int, count: int) -> bytes:
    part = array.elements(start, count)
    if part.address is None:
        return part.read_bytes()
    return part.context.reader.read(part.address, part.shape.size or 0)


def scalar_texts(shape: Type, data: bytes, letter: FormatLetter) -> list[str]:
    """Texts of the scalars of one type that fill ``data``."""
    size = shape.size or 1
    code = integer_code(shape)
    if code is not None and not letter:
        numbers: tuple[int, ...] = struct.unpack(f"<{len(data) // size}{code}", data)
        return list(map(str, numbers))
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    if letter and shape.row.encoding != "float":
        return [
            format_integer(int.from_bytes(chunk, "little"), size, letter, shape) for chunk in chunks
        ]
    return [format_decoded(decode_scalar(shape, chunk), size) for chunk in chunks]


def map_texts(view: MapView, limit: int, letter: FormatLetter) -> list[str] | None:
    """The first entries of a hash table of plain integers as ``key: value`` texts."""
    entries = view.entries
    if not isinstance(entries, PairEntries) or letter or min(limit, entries.length) < _LEAST:
        return None
    items = entries.items
    if not isinstance(items, HashItems):
        return None
    unpack = _pair_unpacker(items.bucket.strip())
    if unpack is None:
        return None
    return _pair_texts(items, min(limit, entries.length), *unpack)


Unpack = Callable[[bytes], Iterator[tuple[int, ...]]]


def _pair_unpacker(pair: Type) -> tuple[Unpack, bool] | None:
    """How to unpack buckets that hold two integers; the flag says value comes first."""
    key, value = pair.field("0"), pair.field("1")
    if key is None or value is None or pair.size is None:
        return None
    codes = [integer_code(key.type), integer_code(value.type)]
    if None in codes:
        return None
    swapped = value.offset < key.offset
    layout = sorted([(key.offset, codes[0]), (value.offset, codes[1])])
    text, at = "<", 0
    for offset, code in layout:
        text += f"{offset - at}x{code}"
        at = offset + struct.calcsize(f"<{code}")
    text += f"{pair.size - at}x"
    return struct.Struct(text).iter_unpack, swapped


def _pair_texts(items: HashItems, count: int, unpack: Unpack, swapped: bool) -> list[str]:
    """The first ``count`` entries in table order."""
    size = items.bucket.strip().size or 0
    read = items.owner.context.reader.read
    chunk = min(_CHUNK, 4 * count)
    texts: list[str] = []
    for base in range(0, items.buckets, chunk):
        part = min(chunk, items.buckets - base)
        marks = read(items.control + base, part).translate(_OCCUPIED)
        # Buckets lie backwards in memory: turn the whole chunk round, not each pair.
        pairs = list(unpack(read(items.control - (base + part) * size, part * size)))
        pairs.reverse()
        if swapped:
            texts += [f"{key}: {value}" for value, key in compress(pairs, marks)]
        else:
            texts += [f"{key}: {value}" for key, value in compress(pairs, marks)]
        if len(texts) >= count:
            return texts[:count]
    raise UnavailableError(f"only {len(texts)} of {items.length} entries are in the table")
