"""What an item of a chain is while a loop goes over it: nodes, in the shape of a value."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import assert_never

from crabtrap.expr import computed
from crabtrap.expr.loops.item_sources import Source
from crabtrap.expr.loops.loop_code import CannotLoopError, Code, Node, Words
from crabtrap.present.view import SequenceView, slice_view
from crabtrap.records import dataclass
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import Value


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number, ``bool`` or ``char``; ``type`` may also be ``Ordering``, whose word is its sign."""

    node: Node
    type: str


@dataclass(frozen=True, slots=True)
class Place:
    """An item of a source, or a part of one: nothing is read yet.

    Attributes:
        buffer: 0 where the loop goes over the source, else the number of its table.
        index: The number of the item.
        offset: Where the part begins in it, in bytes.
        inside: A further offset that is computed.
        loaded: Scalars in it that were read when they could be, by offset and type.
    """

    source: Source
    buffer: int
    index: Node
    type: Type
    offset: int = 0
    inside: Node | None = None
    loaded: tuple[tuple[int, str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple; its items are pure nodes."""

    items: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Optional:
    """An ``Option``: ``inner`` is only computed where ``is_some`` is 1."""

    is_some: Node
    inner: Shape | None


@dataclass(frozen=True, slots=True)
class Slice:
    """So many items of a source from one on."""

    source: Source
    buffer: int
    start: Node
    length: Node


@dataclass(frozen=True, slots=True)
class Outer:
    """A value that the general evaluator has computed before the loop."""

    value: Value


Shape = Scalar | Place | Tuple | Optional | Slice | Outer
UNIT = Tuple(())


def nodes_of(shape: Shape | None) -> Iterator[Node]:
    """The nodes whose words are the value."""
    match shape:
        case None | Outer():
            return
        case Scalar(node):
            yield node
        case Place():
            yield shape.index
            if shape.inside is not None:
                yield shape.inside
            yield from (node for _, _, node in shape.loaded)
        case Tuple(items):
            for item in items:
                yield from nodes_of(item)
        case Optional(is_some, inner):
            yield is_some
            yield from nodes_of(inner)
        case Slice():
            yield from (shape.start, shape.length)
        case unknown:
            assert_never(unknown)


def mapped(shape: Shape, change: Callable[[Node], Node]) -> Shape:
    """The same shape of other nodes."""
    match shape:
        case Outer():
            return shape
        case Scalar(node, type_):
            return Scalar(change(node), type_)
        case Place():
            index = change(shape.index)
            inside = None if shape.inside is None else change(shape.inside)
            loaded = tuple((at, type_, change(node)) for at, type_, node in shape.loaded)
            return Place(
                shape.source, shape.buffer, index, shape.type, shape.offset, inside, loaded
            )
        case Tuple(items):
            return Tuple(tuple(mapped(item, change) for item in items))
        case Optional(is_some, inner):
            changed = change(is_some)
            return Optional(changed, None if inner is None else mapped(inner, change))
        case Slice(source, buffer, start, length):
            return Slice(source, buffer, change(start), change(length))
        case unknown:
            assert_never(unknown)


def kept(code: Code, shape: Shape) -> Shape:
    """The same shape of nodes that were computed at this place of the program."""
    match shape:
        case Optional():
            return kept_option(code, shape)
        case Tuple(items):
            return Tuple(tuple(kept(code, item) for item in items))
        case _:
            return mapped(shape, code.keep)


def kept_option(code: Code, shape: Optional) -> Optional:
    """An option that was computed at this place, its inside only where there is one."""
    is_some = code.keep(shape.is_some)
    if shape.inner is None:
        return Optional(is_some, None)

    def change(node: Node) -> Node:
        if code.is_pure(node):
            return node
        return code.put(code.choice(is_some, node, code.constant(0)))

    return Optional(is_some, mapped(shape.inner, change))


def rebuilt(shape: Shape, words: Words) -> Value:
    """The value that the general evaluator has in place of a shape."""
    match shape:
        case Outer(value):
            return value
        case Scalar(node, type_):
            return scalar_value(words(node), type_)
        case Place():
            item = shape.source.value(words(shape.index))
            offset = shape.offset + (0 if shape.inside is None else words(shape.inside))
            whole = offset == 0 and shape.type is item.type
            return item if whole else item.at(shape.type, offset)
        case Tuple(items):
            return computed.tuple_of([rebuilt(item, words) for item in items])
        case Optional(is_some, inner):
            if not words(is_some):
                return computed.option(None)
            assert inner is not None  # there is some
            return computed.option(rebuilt(inner, words))
        case Slice(source, _, start, length):
            first = words(start)
            part = slice_view(SequenceView(source.items), first, first + words(length))
            return computed.sequence(part.items, "[_]")
        case unknown:
            assert_never(unknown)


def scalar_value(word: int, type_: str) -> Value:
    """The value of a scalar type that a word holds."""
    if type_ == "Ordering":
        return computed.ordering(word)
    primitive = PRIMITIVES[type_]
    match primitive.row.encoding:
        case "bool":
            return computed.boolean(bool(word))
        case "char":
            return computed.char(chr(word))
        case "float":
            (number,) = struct.unpack("<d", (word & ((1 << 64) - 1)).to_bytes(8, "little"))
            return computed.real(number, primitive)
        case _:
            return computed.integer(computed.wrap(word, primitive), primitive)


def scalar_name(type_: Type) -> str | None:
    """The name of a primitive type of Rust, ``None`` for any other type."""
    shape = type_.strip()
    if shape.kind != "base":
        return None
    known = PRIMITIVES.get(shape.row.name)
    same = known is not None and (known.row.encoding, known.size) == (
        shape.row.encoding,
        shape.size,
    )
    return shape.row.name if same else None


def word_of(value: Value) -> tuple[int, str]:
    """The word of a scalar value, and its type.

    Raises:
        CannotLoopError: It is of no primitive type.
    """
    type_ = scalar_name(value.type)
    if type_ is None:
        raise CannotLoopError
    data = value.read_bytes()
    value.valid()  # raises where the bytes are not valid
    match value.shape.row.encoding:
        case "float":
            (number,) = struct.unpack("<f" if len(data) == 4 else "<d", data)
            return int.from_bytes(struct.pack("<d", number), "little"), type_
        case encoding:
            return int.from_bytes(data, "little", signed=encoding == "signed"), type_
