"""Views: what a value is to a reader, such as a text, sequence, map, record or pointer.

A view is lazy: it knows how to find its parts and reads them on demand.  Lengths come
from the program and may be garbage that passed every check, so a caller that walks over
a view sets a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Literal, Protocol

from crabtrap.errors import RangeError
from crabtrap.records import dataclass
from crabtrap.values import Value

TextKind = Literal["str", "bytes", "os", "c"]

ALL = 1 << 62
"""Where to stop to walk over all items: more than any program can hold."""


class Items(Protocol):
    """The items of a sequence, read as they are walked over."""

    @property
    def length(self) -> int | None:
        """Number of items; ``None`` where it takes a walk over all of them to know."""
        ...

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``; ends early where the sequence ends or is damaged."""
        ...


class Entries(Protocol):
    """The entries of a map, read as they are walked over."""

    @property
    def length(self) -> int | None:
        """Number of items; ``None`` where it takes a walk over all of them to know."""
        ...

    def walk(self, start: int, stop: int) -> Iterator[tuple[Value, Value]]:
        """Yield entries ``[start, stop)`` in the map's own order."""
        ...


@dataclass(frozen=True, slots=True)
class ScalarView:
    """A number, bool, char, float or field-less enum: the value itself."""

    value: Value


@dataclass(frozen=True, slots=True)
class LiteralView:
    """Text that stands for the whole value: ``1.5s``, ``127.0.0.1``, ``PhantomData<u8>``.

    Attributes:
        key: The sort key among values of one type, ``None`` where they have no order.
    """

    text: str
    key: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class InvalidView:
    """A value that cannot be shown; ``text`` is the reason, without angle brackets."""

    text: str


@dataclass(frozen=True, slots=True)
class TextView:
    """Characters or bytes.

    Attributes:
        kind: "str" must be UTF-8, "os" usually is, "c" is followed by a NUL.
        length: Number of bytes.
        read: ``read(start, stop)`` returns bytes ``[start, stop)``.
        address: Where they are in the program, ``None`` where they are not in memory.
    """

    kind: TextKind
    length: int
    read: Callable[[int, int], bytes]
    address: int | None = None

    def all_bytes(self, limit: int = 1 << 20) -> bytes:
        """Read all bytes.

        Raises:
            RangeError: There are more than ``limit``.
        """
        if self.length > limit:
            raise RangeError(f"a text of {self.length} bytes is longer than {limit}")
        return self.read(0, self.length)


@dataclass(frozen=True, slots=True)
class SequenceView:
    """Items in order, or a set.

    Attributes:
        name: Shown in front where it matters: ``LinkedList``; usually empty.
        is_set: In braces, without meaningful positions.
    """

    items: Items
    name: str = ""
    is_set: bool = False

    @property
    def length(self) -> int | None:
        """Number of items; ``None`` where it takes a walk over all of them to know."""
        return self.items.length

    def item(self, index: int) -> Value:
        """Return one item.

        Raises:
            RangeError: ``index`` is not below the length; Rust would panic.
        """
        length = self.length
        if index >= 0 and (length is None or index < length):
            for value in self.items.walk(index, index + 1):
                return value
        raise RangeError(f"index {index} is out of range for length {length}")


@dataclass(frozen=True, slots=True)
class MapView:
    """Keys and their values."""

    entries: Entries
    name: str = ""

    @property
    def length(self) -> int | None:
        """Number of items; ``None`` where it takes a walk over all of them to know."""
        return self.entries.length


@dataclass(frozen=True, slots=True)
class RecordView:
    """A struct, tuple or live enum variant with its fields.

    Attributes:
        name: ``Point``, ``Some``, or ``""`` for a plain tuple.
        fields: With names; those of a tuple are ``"0"``, ``"1"``, ...
        variant: The name is a variant's.
    """

    name: str
    fields: tuple[tuple[str, Value], ...]
    is_tuple: bool = False
    variant: bool = False


@dataclass(frozen=True, slots=True)
class PointerView:
    """A reference or raw pointer.

    Attributes:
        prefix: ``"&"``, ``"&mut "``, or ``""`` where only the address is shown.
        address: Where it points, ``None`` where that was optimised away.
        target: Follows the pointer when called; raises where that cannot be done.
    """

    prefix: str
    address: int | None
    target: Callable[[], Value]
    suffix: str = ""


ItemAt = Callable[[Sequence[int]], Value]
"""Returns the item at an index in each dimension; raises ``RangeError`` where there is none."""


@dataclass(frozen=True, slots=True)
class WrapperView:
    """Something around another value: ``Box(..)``, ``Mutex(.., locked)``.

    Attributes:
        name: ``""`` shows the inner value alone.
        inner: What is inside; ``None`` where there is nothing to show.
        notes: State in words: ``strong: 2``, ``borrowed mutably``.
        follows: ``inner`` lies behind a pointer.
        deref: ``Deref`` leads to ``inner`` though no pointer does: ``ManuallyDrop``.
        item_at: Of an array of several dimensions, returns the item at an index in each.
    """

    name: str
    inner: Value | View | None
    notes: tuple[str, ...] = ()
    follows: bool = False
    deref: bool = False
    item_at: ItemAt | None = None

    @property
    def is_transparent(self) -> bool:
        """Whether ``*value``, its fields and methods are those of ``inner``."""
        return self.follows or self.deref or not self.name


@dataclass(frozen=True, slots=True)
class RangeView:
    """``start..end``; an end that is missing is ``None``."""

    start: Value | None
    end: Value | None
    inclusive: bool = False


View = (
    ScalarView
    | LiteralView
    | InvalidView
    | TextView
    | SequenceView
    | MapView
    | RecordView
    | PointerView
    | WrapperView
    | RangeView
)


@dataclass(frozen=True, slots=True)
class SlicedItems:
    """Items ``[start, stop)`` of other items."""

    inner: Items
    start: int
    stop: int

    @property
    def length(self) -> int | None:
        """Number of items; ``None`` where it takes a walk over all of them to know."""
        return self.stop - self.start

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        return self.inner.walk(self.start + start, min(self.start + stop, self.stop))


@dataclass(frozen=True, slots=True)
class LazyItems:
    """Items of an iterator that ``begin`` creates anew for every walk.

    Attributes:
        bounds: The least and the greatest number of items that the iterator claims to have,
            where it does not know how many there are; ``None`` for no greatest one.
        backwards: Creates one from the last item to the first, ``None`` where only a walk over
            all of them leads to the last.
        is_computed: To make an item may fail, so that one that is passed over is made, too.
    """

    begin: Callable[[], Iterator[Value]]
    length: int | None = None
    bounds: tuple[int, int | None] | None = None
    backwards: Callable[[], Iterator[Value]] | None = None
    is_computed: bool = False

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        return islice(self.begin(), min(start, ALL), min(stop, ALL))


@dataclass(frozen=True, slots=True)
class IndexedItems:
    """Items that are computed from their positions.

    Attributes:
        item: Returns the item at a position below ``length``.
        length: Number of items; ``None`` for infinitely many.
    """

    item: Callable[[int], Value]
    length: int | None

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        return map(self.item, range(start, stop if self.length is None else min(stop, self.length)))


@dataclass(frozen=True, slots=True)
class ListedItems:
    """Items that are given."""

    values: tuple[Value, ...]

    @property
    def length(self) -> int:
        """Number of items."""
        return len(self.values)

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield items ``[start, stop)``."""
        return iter(self.values[start:stop])


def slice_view(view: SequenceView, start: int, stop: int) -> SequenceView:
    """Return the part ``[start, stop)`` of a sequence without reading its items.

    Raises:
        RangeError: ``start > stop`` or ``stop`` is past the end; Rust would panic.
    """
    length = view.length
    if start > stop:
        raise RangeError(f"slice starts at {start} but ends at {stop}")
    if length is not None and stop > length:
        raise RangeError(f"slice end {stop} is out of range for length {length}")
    return SequenceView(SlicedItems(view.items, start, stop), view.name, view.is_set)
