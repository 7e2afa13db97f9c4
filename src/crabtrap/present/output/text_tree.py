"""The tree of nodes for one value, from which text and JSON are written.

Everything that bounds the work is here: limits of items, depth, nodes, bytes and time,
and the detection of cycles.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Literal, TypeVar, assert_never

from crabtrap.errors import CrabtrapError
from crabtrap.present.output import bulk
from crabtrap.present.output.literals import (
    FormatLetter,
    decode_text,
    escape,
    escape_bytes,
    format_scalar,
)
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import (
    ALL,
    InvalidView,
    LiteralView,
    MapView,
    PointerView,
    RangeView,
    RecordView,
    ScalarView,
    SequenceView,
    TextView,
    View,
    WrapperView,
)
from crabtrap.records import dataclass, field
from crabtrap.values import Bytes, Synthetic, Value, ValueContext
from crabtrap.values.decode import why_unreadable

NodeKind = Literal[
    "scalar",
    "text",
    "literal",
    "invalid",
    "omitted",
    "struct",
    "tuple",
    "sequence",
    "set",
    "map",
    "pointer",
    "wrapper",
    "range",
]

_T = TypeVar("_T")

_EVERYTHING = 1 << 30
_MAX_NESTING = 64
_CYCLE_LOOKBACK = 256


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How much of a value is shown, and how.

    Attributes:
        max_items: Items of each sequence or map; ``None`` for all.
        max_depth: Levels of structs, sequences and maps inside each other.
        max_text: Bytes of each text.
        max_nodes: Parts in all; raised to fit ``max_items``.
        max_bytes: Bytes read from the program in all.
        seconds: Time for one value.
        letter: Format of numbers.
        raw: Fields as the debug information has them, no rules.
        pretty: Break what is longer than ``width`` characters into lines.
        fit: One line of ``width`` characters; parts that have no room are left out.
    """

    max_items: int | None = 100
    max_depth: int = 4
    max_text: int = 1000
    max_nodes: int = 10_000
    max_bytes: int = 64 << 20
    seconds: float = 2.0
    letter: FormatLetter = ""
    raw: bool = False
    pretty: bool = False
    fit: bool = False
    width: int = 100

    @property
    def page(self) -> int:
        """Most items to show of each sequence or map."""
        return ALL if self.max_items is None else self.max_items

    @property
    def byte_limit(self) -> int:
        """Most bytes to read; more where all items are to be shown."""
        return max(self.max_bytes, _EVERYTHING) if self.max_items is None else self.max_bytes


@dataclass(slots=True)
class Node:
    """One part of a value, ready to be written.

    Attributes:
        text: The finished, escaped text of a leaf.
        name: Type or variant before the parts, pointer sigil, or ``""``.
        children: ``(label, node)``; the label of a map's entry is a node.
        run: The texts of plain items, instead of a child for each.
        length: Number of items the value has, where known; some may not be shown.
        more: There are more parts than are shown.
        notes: State in words.
        type, address: Type and address of the value, for front ends.
        origin: Where a value comes from that is not in the program, else ``""``.
    """

    kind: NodeKind
    text: str = ""
    name: str = ""
    children: list[tuple[str | Node | None, Node]] = field(
        default_factory=list["tuple[str | Node | None, Node]"]
    )
    run: list[str] | None = None
    length: int | None = None
    more: bool = False
    notes: tuple[str, ...] = ()
    type: str = ""
    address: int | None = None
    origin: str = ""


def build_tree(value: Value, presenter: Presenter, options: RenderOptions) -> Node:
    """Build the nodes of a value; what cannot be read becomes a node of kind "invalid"."""
    context = value.context.budgeted(options.byte_limit)
    node = _Builder(presenter, options).node(rehome(value, context), 0)
    location = value.location
    if isinstance(location, Bytes | Synthetic):
        node.origin = location.origin
    return node


def rehome(value: Value, context: ValueContext) -> Value:
    """Return the same value, read through another context."""
    return Value(value.type, value.location, context, value.metadata)


class _Builder:
    """Builds nodes, and keeps what is left of the limits."""

    def __init__(self, presenter: Presenter, options: RenderOptions) -> None:
        self.presenter = presenter
        self.options = options
        self.left = max(options.max_nodes, min(options.page, 1 << 22) * 4)
        self.deadline = time.monotonic() + options.seconds
        self.path: list[tuple[int, str]] = []

    def node(self, value: Value, depth: int, nesting: int = 0) -> Node:
        """Build the node of one value, nested values included."""
        self.left -= 1
        if self.left < 0:
            return Node("omitted", "<too large to show whole>")
        if nesting > _MAX_NESTING:
            return Node("omitted", "<nested too deep>")
        view = (self.presenter.raw_view if self.options.raw else self.presenter.view)(value)
        node = self.view_node(view, value, depth, nesting)
        node.type = node.type or value.type.qualified_name
        if node.address is None:
            node.address = value.address
        return node

    def view_node(self, view: View, value: Value, depth: int, nesting: int) -> Node:
        """Build the node of a view; an error while reading becomes an invalid node."""
        try:
            return self._dispatch(view, value, depth, nesting)
        except CrabtrapError as error:
            return invalid(why_unreadable(error))

    def _dispatch(self, view: View, value: Value, depth: int, nesting: int) -> Node:
        match view:
            case ScalarView():
                return scalar_node(view.value, self.options.letter)
            case LiteralView(text):
                return Node("literal", text)
            case InvalidView(text):
                return invalid(text)
            case TextView():
                return text_node(view, self.options)
            case SequenceView():
                return self._sequence(view, depth, nesting)
            case MapView():
                return self._map(view, depth, nesting)
            case RecordView():
                return self._record(view, depth, nesting)
            case PointerView():
                return self._pointer(view, value, depth, nesting)
            case WrapperView():
                return self._wrapper(view, value, depth, nesting)
            case RangeView():
                return self._range(view, depth, nesting)
            case unknown:
                assert_never(unknown)

    def _sequence(self, view: SequenceView, depth: int, nesting: int) -> Node:
        options = self.options
        node = Node("set" if view.is_set else "sequence", name=view.name, length=view.length)
        if options.letter == "s":
            text = bulk.byte_text(view)
            if text is not None:
                return text_node(text, options)
        if depth >= options.max_depth:
            node.more = view.length != 0
            return node
        node.run = None if options.raw else bulk.sequence_texts(view, options.page, options.letter)
        if node.run is None:
            values = self._guarded(lambda: view.items.walk(0, options.page + 1), node)
            for item in islice(values, options.page):
                node.children.append((None, self.node(item, depth + 1, nesting + 1)))
            node.more = node.more or next(values, None) is not None
        else:
            node.more = view.length is not None and view.length > len(node.run)
        return node

    def _map(self, view: MapView, depth: int, nesting: int) -> Node:
        options = self.options
        node = Node("map", name=view.name, length=view.length)
        if depth >= options.max_depth:
            node.more = view.length != 0
            return node
        node.run = bulk.map_texts(view, options.page, options.letter)
        if node.run is not None:
            node.more = view.length is not None and view.length > len(node.run)
            return node
        entries = self._guarded(lambda: view.entries.walk(0, options.page + 1), node)
        for key, item in islice(entries, options.page):
            label = self.node(key, depth + 1, nesting + 1)
            node.children.append((label, self.node(item, depth + 1, nesting + 1)))
        node.more = node.more or next(entries, None) is not None
        return node

    def _guarded(self, begin: Callable[[], Iterator[_T]], node: Node) -> Iterator[_T]:
        """Yield items until they end or fail, or until time or nodes run out."""
        try:
            for item in begin():
                if self.left <= 0 or time.monotonic() > self.deadline:
                    node.more = True
                    return
                yield item
        except CrabtrapError as error:
            node.notes = (why_unreadable(error),)

    def _record(self, view: RecordView, depth: int, nesting: int) -> Node:
        node = Node("tuple" if view.is_tuple else "struct", name=view.name)
        node.length = len(view.fields)
        if depth >= self.options.max_depth and view.fields:
            node.more = True
            return node
        for name, value in view.fields:
            label = None if view.is_tuple else name
            node.children.append((label, self.node(value, depth + 1, nesting + 1)))
        return node

    def _pointer(self, view: PointerView, value: Value, depth: int, nesting: int) -> Node:
        if not view.prefix:
            text = f"{view.address or 0:#x} as {value.type.name}{view.suffix}"
            return Node("pointer", text, address=view.address)
        target = self._followed(view.target(), depth, nesting)
        return Node("pointer", name=view.prefix, children=[(None, target)], address=view.address)

    def _followed(self, target: Value, depth: int, nesting: int) -> Node:
        """The node of what a pointer points to, unless that is already being shown."""
        address = target.address
        if address is None:
            return self.node(target, depth, nesting + 1)
        mark = (address, target.type.row.name)
        if mark in self.path[-_CYCLE_LOOKBACK:]:
            return invalid(f"cycle: back to the {target.type.name} at {address:#x}")
        self.path.append(mark)
        try:
            return self.node(target, depth, nesting + 1)
        finally:
            self.path.pop()

    def _wrapper(self, view: WrapperView, value: Value, depth: int, nesting: int) -> Node:
        node = Node("wrapper", name=view.name, notes=view.notes)
        inner = view.inner
        if inner is None:
            return node
        if not isinstance(inner, Value):
            child = self.view_node(inner, value, depth, nesting + 1)
        elif view.follows:
            child = self._followed(inner, depth, nesting)
        else:
            child = self.node(inner, depth, nesting + 1)
        if not view.name and not view.notes:
            return child
        node.children.append((None, child))
        return node

    def _range(self, view: RangeView, depth: int, nesting: int) -> Node:
        node = Node("range", "..=" if view.inclusive else "..")
        for label, end in (("start", view.start), ("end", view.end)):
            if end is not None:
                node.children.append((label, self.node(end, depth, nesting + 1)))
        return node


def scalar_node(value: Value, letter: FormatLetter) -> Node:
    """A leaf for a number, bool, char, float or field-less enum."""
    text = format_scalar(value, letter)
    return Node("invalid" if text.startswith("<") else "scalar", text)


def invalid(reason: str) -> Node:
    """A leaf with the reason why there is no value."""
    return Node("invalid", f"<{reason}>")


def text_node(view: TextView, options: RenderOptions) -> Node:
    """A leaf for a text, cut to the limit and escaped."""
    shown = min(view.length, options.max_text)
    data = view.read(0, shown)
    node = Node("text", length=view.length, more=shown < view.length)
    if view.kind == "bytes":
        text, bad = f'b"{escape_bytes(data)}"', None
    else:
        decoded, bad = decode_text(data, cut=node.more)
        text = f'"{escape(decoded)}"'
    if node.more:
        text = f"{text}... ({shown} of {view.length} bytes)"
    if bad is not None and view.kind == "str":
        text = f"{text} <invalid UTF-8 at byte {bad}>"
        node.kind = "invalid"
    node.text = text
    return node
