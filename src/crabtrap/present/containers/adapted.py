"""Items computed from other items, as Rust's iterator adaptors do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from crabtrap.present import synthetic
from crabtrap.present.view import ALL, Items
from crabtrap.records import dataclass
from crabtrap.values import UnavailableError, Value

_MAX_SKIPPED = 1 << 20
"""Most items that are walked over to find the first one to show."""


@dataclass(frozen=True, slots=True)
class MappedItems:
    """The results of a function for each item."""

    inner: Items
    function: Callable[[Value], Value]

    @property
    def length(self) -> int | None:
        """Number of items, ``None`` where it is not known."""
        return self.inner.length

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        return map(self.function, self.inner.walk(start, stop))


@dataclass(frozen=True, slots=True)
class JoinedItems:
    """The items of several sequences, one after the other."""

    parts: tuple[Items, ...]

    @property
    def length(self) -> int | None:
        """Number of items, ``None`` where that of one part is not known."""
        total = 0
        for items in self.parts:
            if items.length is None:
                return None
            total += items.length
        return total

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        base = 0
        for items in self.parts:
            length = items.length
            if length is not None:
                yield from items.walk(min(start - base, length), min(stop - base, length))
            else:  # where the next part begins is known after a walk over this one
                length = 0
                for length, item in enumerate(items.walk(0, stop - base), 1):
                    if base + length > start:
                        yield item
            base += length
            if base >= stop:
                return
            start = max(start, base)


@dataclass(frozen=True, slots=True)
class PartOfItems:
    """Every ``step``-th item of ``[first, end)``, or of as many as there are.

    Attributes:
        end: ``None`` for the end of the items.
    """

    inner: Items
    first: int = 0
    end: int | None = None
    step: int = 1

    @property
    def length(self) -> int | None:
        """Number of items, ``None`` where it is not known."""
        ends = [end for end in (self.inner.length, self.end) if end is not None]
        if self.inner.length is None:
            return None
        return max(-(-(min(ends) - self.first) // self.step), 0)

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        low, high = self.first + start * self.step, self.first + stop * self.step
        for end in (self.inner.length, self.end):
            high = high if end is None else min(high, end)
        return islice(self.inner.walk(low, max(high, low)), 0, None, min(self.step, ALL))


@dataclass(frozen=True, slots=True)
class ReversedItems:
    """Items from the last to the first."""

    inner: Items

    @property
    def length(self) -> int | None:
        """Number of items, ``None`` where it is not known."""
        return self.inner.length

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``; if their number is unknown, all are walked over first."""
        length = self.inner.length
        if length is None:
            items = list(islice(self.inner.walk(0, _MAX_SKIPPED + 1), _MAX_SKIPPED + 1))
            if len(items) > _MAX_SKIPPED:
                raise UnavailableError(f"the end is more than {_MAX_SKIPPED} items away")
            return islice(reversed(items), min(start, ALL), min(stop, ALL))
        low, high = max(length - stop, 0), max(length - start, 0)
        return reversed(list(self.inner.walk(low, high)))


@dataclass(frozen=True, slots=True)
class NumberedItems:
    """Pairs ``(number, item)``, numbers counted from ``first``."""

    inner: Items
    first: int

    @property
    def length(self) -> int | None:
        """Number of items, ``None`` where it is not known."""
        return self.inner.length

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        for number, item in enumerate(self.inner.walk(start, stop), self.first + start):
            yield synthetic.tuple_of((synthetic.usize(number), item))


@dataclass(frozen=True, slots=True)
class ZippedItems:
    """Pairs of the items of two sequences, as many as the shorter one has."""

    left: Items
    right: Items

    @property
    def length(self) -> int | None:
        """Number of pairs, ``None`` where it is not known."""
        left, right = self.left.length, self.right.length
        return None if left is None or right is None else min(left, right)

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        sides = (self.left.walk(start, stop), self.right.walk(start, stop))
        return map(synthetic.tuple_of, zip(*sides, strict=False))
