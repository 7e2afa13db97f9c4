"""Bits: sequences and sets of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crabtrap.present import synthetic
from crabtrap.present.containers.plausible import check_buffer
from crabtrap.present.field_paths import Path, part, peel_to_pointer
from crabtrap.present.rules.formula import Amount, amount_of
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import short_name
from crabtrap.present.view import IndexedItems, LazyItems, SequenceView, View
from crabtrap.records import dataclass
from crabtrap.symbols.types import PRIMITIVES
from crabtrap.values import UnavailableError, Value

_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Bits:
    """Bits side by side, shown as a sequence of 0 and 1, or as the set of those that are 1.

    Attributes:
        length: Number of bits.
        data: Path to a pointer to the first word.
        address: The first byte, for a pointer that says more than that.
        inline: Path to the words, where they are stored in the value.
        first: Number of the first bit, counted from the beginning of the first word.
        word: Bytes of each word, which matter where the highest bit is the first.
        is_msb: The highest bit of a word is the first, not the lowest.
        is_set: The bits are a set of numbers.
    """

    length: Amount
    data: Path = ""
    address: Amount | None = None
    inline: Path | None = None
    first: Amount = 0
    word: Amount = 1
    is_msb: bool = False
    is_set: bool = False

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the words and check that they can be there."""
        length, first = amount_of(self.length, value), amount_of(self.first, value)
        word = amount_of(self.word, value)
        if length < 0 or first < 0 or word not in (1, 2, 4, 8, 16):
            raise UnavailableError(f"{short_name(value)}(len={length} — implausible)")
        size = -(-(first + length) // (word * 8)) * word
        bits = _BitReader(self._reader(value, size), first, length, self._flipped(word))
        if self.is_set:
            return SequenceView(LazyItems(bits.ones), is_set=True)
        return SequenceView(IndexedItems(bits.item, length))

    def _flipped(self, word: int) -> int:
        """What to flip in a bit's number to find it where the lowest bit is the first."""
        return word * 8 - 1 if self.is_msb else 0

    def _reader(self, value: Value, size: int) -> Callable[[int, int], bytes]:
        if self.inline is not None:
            words = part(value, self.inline)
            room = words.shape.size or 0
            if size > room:
                raise UnavailableError(
                    f"{short_name(value)} — implausible: {size} of {room} bytes hold bits"
                )
            return lambda start, stop: words.read_bytes()[start:stop]
        if self.address is not None:
            address = amount_of(self.address, value)
        else:
            address = peel_to_pointer(part(value, self.data)).pointer_address()
        check_buffer(value.context, short_name(value), address=address, length=size, stride=1)
        read = value.context.reader.read
        return lambda start, stop: read(address + start, stop - start)


@dataclass(frozen=True, slots=True)
class _BitReader:
    """Bits by number.

    Attributes:
        read: Reads bytes ``[start, stop)``.
        first: Number of the first bit in those bytes.
        flip: What to flip in a bit's number.
    """

    read: Callable[[int, int], bytes]
    first: int
    length: int
    flip: int

    def item(self, index: int) -> Value:
        """Read a bit."""
        at = (self.first + index) ^ self.flip
        return synthetic.number(self.read(at >> 3, (at >> 3) + 1)[0] >> (at & 7) & 1, _BIT)

    def ones(self) -> Iterator[Value]:
        """Yield the numbers of the bits that are 1."""
        end = self.first + self.length
        for start in range(self.first, end, _CHUNK * 8):
            low = start & ~127  # whole words, of whatever size
            stop = min(start + _CHUNK * 8, end)
            data = self.read(low >> 3, self._bytes_to(stop))
            for at in range(start, stop):
                place = (at ^ self.flip) - low
                if data[place >> 3] >> (place & 7) & 1:
                    yield synthetic.usize(at - self.first)

    def _bytes_to(self, stop: int) -> int:
        """The end of the word in which bit ``stop - 1`` is."""
        return ((stop - 1 | self.flip) >> 3) + 1


_BIT = PRIMITIVES["u8"]
