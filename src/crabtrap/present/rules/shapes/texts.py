"""Texts: characters in memory or in the value, texts made of parts, and names for numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from crabtrap.present import synthetic
from crabtrap.present.containers.plausible import check_buffer
from crabtrap.present.field_paths import LayoutError, Path, own_path, part, peel_to_pointer
from crabtrap.present.output.literals import decode_text, format_scalar
from crabtrap.present.rules.formula import Amount, amount_of, is_path
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import payload, short_name, unwrapped
from crabtrap.present.view import (
    LazyItems,
    LiteralView,
    RecordView,
    ScalarView,
    SequenceView,
    TextKind,
    TextView,
    View,
)
from crabtrap.records import dataclass
from crabtrap.symbols.types import STR, pointer_type
from crabtrap.values import UnavailableError, Value

_FIELD = re.compile(r"\{([\w.]+(?::0\d+)?)\}")
_LONGEST = 1 << 16
"""Most bytes of one part of a composed text."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters or bytes side by side in memory, or ``inline`` in the value itself.

    Attributes:
        length: Number of bytes; ``None`` for all of an array, slice or ``str`` at ``inline``.
        address: Where they are, for a pointer that says more than that.
    """

    length: Amount | None
    data: Path = ""
    kind: TextKind = "str"
    capacity: Amount | None = None
    inline: Path | None = None
    address: Amount | None = None

    @property
    def fields(self) -> tuple[Path, Path] | None:
        """The paths of data and length, where the text is those and nothing else."""
        length = self.length
        if self.inline is None and self.address is None and length is not None and is_path(length):
            return self.data, length
        return None

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the characters and check that they can be there."""
        if self.length is None:
            assert self.inline is not None  # a rule has one or the other
            return _array_text(self.kind, part(value, self.inline))
        length = amount_of(self.length, value)
        if self.inline is not None:
            return _inline_text(self.kind, value, part(value, self.inline), length)
        capacity = None if self.capacity is None else amount_of(self.capacity, value)
        if self.address is not None:
            address = amount_of(self.address, value) & (1 << 64) - 1
        else:
            address = peel_to_pointer(part(value, self.data)).pointer_address()
        return text_at(value, self.kind, address, length, capacity)


def _inline_text(kind: TextKind, value: Value, location: Value, length: int) -> TextView:
    size = location.shape.size or 0
    if not 0 <= length <= size:
        raise UnavailableError(
            f"{short_name(value)}(len={length} — implausible: there is room for {size})"
        )
    return TextView(kind, length, lambda start, stop: location.read_bytes()[start:stop])


def _array_text(kind: TextKind, array: Value) -> TextView:
    length = array.shape.row.count
    if array.shape.kind != "array" or length is None or array.address is None:
        raise LayoutError(f"{array.type.name} has no length of its own")
    return text_at(array, kind, array.address, length)


def text_at(
    value: Value, kind: TextKind, address: int, length: int, capacity: int | None = None
) -> TextView:
    """Return the text at an address, after checking that it is plausible."""
    name = value.type.name if value.is_pointer else short_name(value)
    check_buffer(value.context, name, address=address, length=length, stride=1, capacity=capacity)
    read = value.context.reader.read

    def part(start: int, stop: int) -> bytes:
        return read(address + start, stop - start) if stop > start else b""

    return TextView(kind, length, part, address)


@dataclass(frozen=True, slots=True)
class Hex:
    """Bytes in hexadecimal, with dashes between groups of so many bytes."""

    data: Path
    groups: tuple[int, ...] = ()

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Read the bytes."""
        data = part(value, self.data).read_bytes()
        texts: list[str] = []
        at = 0
        for size in self.groups or (len(data),):
            texts.append(data[at : at + size].hex())
            at += size
        return LiteralView("-".join(texts))


@dataclass(frozen=True, slots=True)
class Format:
    """A text made of the texts of fields: ``{major}.{minor}``.

    Attributes:
        text: Fields stand in braces; texts are taken without quotes, ``None`` is nothing.
            ``{month:02}`` has at least two digits.
        ranks: Fields that order the values, where all of them are numbers.
        quoted: The value is a text, and shown as one.
    """

    text: str
    ranks: tuple[Path, ...] = ()
    quoted: bool = False

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Read the fields."""
        pieces: list[str] = []
        for index, piece in enumerate(_FIELD.split(self.text)):
            pieces.append(_field_text(value, piece, view) if index % 2 else piece)
        text = "".join(pieces)
        if self.quoted:
            data = text.encode("utf-8", "surrogateescape")
            return TextView("str", len(data), lambda start, stop: data[start:stop])
        key = tuple(part(value, path).integer() for path in self.ranks) if self.ranks else None
        return LiteralView(text, key)


def _field_text(value: Value, field: str, view: ViewOf) -> str:
    path, _, width = field.partition(":")
    return _plain_text(part(value, own_path(path)), view).zfill(int(width or "0"))


def _plain_text(field: Value, view: ViewOf) -> str:
    """A field as ``Display`` would write it.

    Raises:
        LayoutError: It is no text, number or the like.
    """
    value, found = unwrapped(field, view)
    match found:
        case TextView():
            text, bad = decode_text(found.all_bytes(_LONGEST))
            if bad is not None:
                raise UnavailableError(f"invalid UTF-8 in {field.type.name}")
            return text
        case LiteralView(text):
            return text
        case ScalarView(scalar):
            text = format_scalar(scalar)
            if text.startswith("<"):
                raise UnavailableError(text.strip("<>"))
            return text
        case RecordView("None", variant=True):
            return ""
        case RecordView("Some", ((_, inner),), variant=True):
            return _plain_text(inner, view)
        case _:
            raise LayoutError(f"{value.type.name} is no text")


@dataclass(frozen=True, slots=True)
class Names:
    """Names for the numbers or variants of a field.

    Attributes:
        names: By number, or by the name of a variant; a value without one is left as it is.
        quoted: The names are texts.
    """

    value: Path
    names: Mapping[str, str]
    quoted: bool = False

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Read the number or variant."""
        field = part(value, self.value)
        name = self.names.get(_key_of(field))
        if name is None:
            raise LayoutError(f"{value.type.name} has no name for this value")
        if self.quoted:
            data = name.encode()
            return TextView("str", len(data), lambda start, stop: data[start:stop])
        return LiteralView(name)


def _key_of(field: Value) -> str:
    if field.shape.cases is not None:
        return field.variant()[0].name
    if field.shape.kind == "enum":
        return format_scalar(field)
    return str(field.integer())


@dataclass(frozen=True, slots=True)
class Slices:
    """Parts of a text, each given by where it begins and ends.

    Attributes:
        text: Path to the text.
        bounds: Path to a sequence of positions, two for each part; ``None`` for no part.
        less: What to subtract from a position.
    """

    text: Path
    bounds: Path
    less: int = 0

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find text and positions."""
        _, text = unwrapped(part(value, self.text), view)
        _, bounds = unwrapped(part(value, self.bounds), view)
        if not isinstance(text, TextView) or not isinstance(bounds, SequenceView):
            raise LayoutError(f"{value.type.name} has no text, or no positions in it")
        length = bounds.length
        if length is None or length % 2:
            raise UnavailableError(f"{short_name(value)} — implausible: {length} positions")

        def begin() -> Iterator[Value]:
            positions = bounds.items.walk(0, length)
            for start, stop in zip(positions, positions, strict=True):
                yield self._slice(text, payload(start), payload(stop))

        return SequenceView(LazyItems(begin, length // 2))

    def _slice(self, text: TextView, first: Value | None, end: Value | None) -> Value:
        if first is None or end is None:
            return synthetic.optional(None, "&str")
        start, stop = first.integer() - self.less, end.integer() - self.less
        if not 0 <= start <= stop <= text.length:
            raise UnavailableError(f"{start}..{stop} is no part of {text.length} bytes")
        address = None if text.address is None else text.address + start
        shown = TextView(
            text.kind, stop - start, lambda a, b: text.read(start + a, start + b), address
        )
        return synthetic.optional(synthetic.of_view(pointer_type(STR), shown), "&str")
