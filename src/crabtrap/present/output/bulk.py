"""Bulk formatting of plain items: one read for many, and no object per item."""

from __future__ import annotations

import struct
from itertools import compress
from typing import Literal

from crabtrap.present.containers.hashtable import HashItems, PairEntries
from crabtrap.present.containers.walkers import ContiguousItems
from crabtrap.present.output.literals import FormatLetter, format_decoded, format_integer
from crabtrap.present.view import MapView, SequenceView, SlicedItems, TextView
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type
from crabtrap.values import UnavailableError, Value
from crabtrap.values.decode import decode_scalar

IntegerCode = Literal["B", "H", "I", "Q", "b", "h", "i", "q"]

_CODES: dict[tuple[str, int], IntegerCode] = {
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
"""For fewer entries than this it is faster to read only them."""
_CHUNK = 1 << 16
_OCCUPIED = bytes(1 if byte < 0x80 else 0 for byte in range(256))


def byte_text(view: SequenceView) -> TextView | None:
    """Return a sequence of bytes as a text, ``None`` for any other sequence."""
    items = view.items
    if isinstance(items, ContiguousItems) and items.item.strip().size == 1:
        array = items.array
        return TextView(
            "bytes",
            items.length,
            lambda start, stop: array.elements(start, stop - start).read_bytes(),
        )
    return None


def integer_code(type_: Type) -> IntegerCode | None:
    """Return the ``struct`` code of a plain integer type, ``None`` for any other."""
    shape = type_.strip()
    if shape.kind != "base" or shape.size is None:
        return None
    return _CODES.get((shape.row.encoding, shape.size))


def sequence_texts(view: SequenceView, limit: int, letter: FormatLetter) -> list[str] | None:
    """Format the first ``limit`` items, ``None`` where they are not plain scalars."""
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
    """Format the scalars of one type that fill ``data``."""
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
    """Format the first entries of a hash table of integers; ``None`` for other maps."""
    entries = view.entries
    if not isinstance(entries, PairEntries) or letter or min(limit, entries.length) < _LEAST:
        return None
    items = entries.items
    if not isinstance(items, HashItems):
        return None
    columns = _columns(items.bucket.strip())
    if columns is None:
        return None
    return _pair_texts(items, min(limit, entries.length), *columns)


@dataclass(frozen=True, slots=True)
class _Column:
    """Where the keys, or the values, are in the bytes of many buckets.

    Attributes:
        code: The code of one number, for ``memoryview.cast``.
        first, step: Position of the first number and distance to the next, in numbers.
    """

    code: IntegerCode
    first: int
    step: int

    def numbers(self, data: bytes) -> list[int]:
        """Return the numbers in table order, which is the reverse of that in memory."""
        found = memoryview(data).cast(self.code)[self.first :: self.step].tolist()
        found.reverse()
        return found


def _columns(pair: Type) -> tuple[_Column, _Column] | None:
    """Keys and values, where both are plain integers."""
    key, value = _column(pair, "0"), _column(pair, "1")
    return None if key is None or value is None else (key, value)


def _column(pair: Type, name: str) -> _Column | None:
    field = pair.field(name)
    code = None if field is None else integer_code(field.type)
    if field is None or code is None or not pair.size:
        return None
    width = struct.calcsize(code)
    if field.offset % width or pair.size % width:
        return None
    return _Column(code, field.offset // width, pair.size // width)


def _pair_texts(items: HashItems, count: int, keys: _Column, values: _Column) -> list[str]:
    """The first ``count`` entries in table order."""
    size = items.bucket.strip().size or 0
    read = items.owner.context.reader.read
    chunk = min(_CHUNK, 4 * count)
    texts: list[str] = []
    for base in range(0, items.buckets, chunk):
        part = min(chunk, items.buckets - base)
        used = read(items.control + base, part).translate(_OCCUPIED)
        data = read(items.control - (base + part) * size, part * size)
        pairs = zip(
            compress(keys.numbers(data), used), compress(values.numbers(data), used), strict=True
        )
        texts += [f"{key}: {value}" for key, value in pairs]
        if len(texts) >= count:
            return texts[:count]
    raise UnavailableError(f"only {len(texts)} of {items.length} entries are in the table")
