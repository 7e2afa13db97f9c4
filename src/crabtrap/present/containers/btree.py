"""Std's B-trees, walked from leaf to leaf as their own iterators do."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import dropwhile

from crabtrap.present.containers.walkers import follow_optional, peel_uninit
from crabtrap.present.field_paths import part, peel_to_pointer
from crabtrap.present.view import ALL
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type
from crabtrap.values import UnavailableError, Value

NODE_CAPACITY = 11
"""Most entries of a node; an inner one has an edge more."""
MAX_HEIGHT = 24
"""Most levels of a plausible tree."""


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge, as std calls a position between two entries of a node.

    Attributes:
        node: The node, seen as a leaf.
        height: Levels below the node.
        index: Index of the entry after the edge.
    """

    node: Value
    height: int
    index: int = 0

    def is_at(self, other: Edge) -> bool:
        """Say whether both are the same edge."""
        return self.node.address == other.node.address and self.index == other.index


@dataclass(frozen=True, slots=True)
class TreeEntries:
    """Entries in key order.

    Attributes:
        front: The edge before the first entry, in a leaf or at the front of the root;
            ``None`` where there are no entries.
        length: Number of entries; ``None`` where ``back`` says where they end.
        back: The edge after the last entry, in a leaf.
    """

    front: Edge | None
    length: int | None
    back: Edge | None = None

    def walk(self, start: int, stop: int) -> Iterator[tuple[Value, Value]]:
        """Yield entries ``[start, stop)``."""
        length = self.length
        if length is not None:
            stop = min(stop, length)
        if self.front is None or self.front.height > MAX_HEIGHT:
            if length:
                raise UnavailableError(f"BTreeMap(len={length} — implausible: no such root)")
            return
        count = 0
        for node, index in _locations(_leaf(self.front), self.back) if start < stop else ():
            if count >= start:
                yield entry_of(node, index)
            count += 1
            if count >= stop:
                return
        if length is not None and count < stop:
            raise UnavailableError(f"the tree ends after {count} of {length} entries")

    def walk_from(self, precedes: Callable[[Value], bool]) -> Iterator[tuple[Value, Value]]:
        """Yield the entries from the first one whose key does not precede.

        It is found by descent from the root. ``precedes`` must follow the tree's own order.
        """
        if self.back is not None or self.front is None or self.front.height > MAX_HEIGHT:
            start = self.walk(0, ALL if self.length is None else self.length)
            return dropwhile(lambda entry: precedes(entry[0]), start)
        if not self.length:
            return iter(())
        edge = _first_from(self.front, precedes)
        return (entry_of(node, index) for node, index in _locations(edge, None))


@dataclass(frozen=True, slots=True)
class TreeKeys:
    """The keys of a tree: the items of a set."""

    entries: TreeEntries

    @property
    def length(self) -> int | None:
        """Number of keys, ``None`` where it is not known."""
        return self.entries.length

    def walk(self, start: int, stop: int) -> Iterator[Value]:
        """Yield keys ``[start, stop)``."""
        return (key for key, _ in self.entries.walk(start, stop))


def entry_of(node: Value, index: int) -> tuple[Value, Value]:
    """An entry of a node; whether it is in use is not checked."""
    keys, values = part(node, "keys"), part(node, "vals")
    return peel_uninit(keys.index(index)), peel_uninit(values.index(index))


def _locations(edge: Edge, back: Edge | None) -> Iterator[tuple[Value, int]]:
    """Yield the node and index of every entry from a leaf's edge on."""
    used = _used(edge.node)
    while back is None or not edge.is_at(back):
        while edge.index >= used:
            above = _parent(edge)
            if above is None:
                return
            edge, used = above, _used(above.node)
        yield edge.node, edge.index
        edge = Edge(edge.node, edge.height, edge.index + 1)
        if edge.height:
            edge = _leaf(edge)
            used = _used(edge.node)


def _used(node: Value) -> int:
    used = part(node, "len").integer()
    if used > NODE_CAPACITY:
        raise UnavailableError(f"implausible tree node: {used} keys")
    return used


def _leaf(edge: Edge) -> Edge:
    """The edge of a leaf that is at the same position in key order."""
    while edge.height:
        edge = _below(edge)
    return edge


def _below(edge: Edge) -> Edge:
    """The first edge of the node that an inner node's edge leads to."""
    node = peel_to_pointer(peel_uninit(edges_of(edge.node).index(edge.index))).deref()
    return Edge(node, edge.height - 1)


def _first_from(root: Edge, precedes: Callable[[Value], bool]) -> Edge:
    """The edge of a leaf before the first entry whose key does not precede."""
    edge = Edge(root.node, root.height, _search(root.node, precedes))
    while edge.height:
        below = _below(edge)
        edge = Edge(below.node, below.height, _search(below.node, precedes))
    return edge


def _search(node: Value, precedes: Callable[[Value], bool]) -> int:
    """Index of the node's first key that does not precede, their count where all do."""
    keys = part(node, "keys")

    def is_past(index: int) -> bool:
        return not precedes(peel_uninit(keys.index(index)))

    return bisect_left(range(_used(node)), True, key=is_past)


def _parent(edge: Edge) -> Edge | None:
    """The edge above that leads to the node, ``None`` above the root."""
    above = follow_optional(part(edge.node, "parent"))
    if above is None:
        return None
    if edge.height >= MAX_HEIGHT:
        raise UnavailableError("implausible tree: the nodes above each other do not end")
    index = peel_uninit(part(edge.node, "parent_idx")).integer()
    return Edge(part(above, "data"), edge.height + 1, index)


def edges_of(leaf: Value) -> Value:
    """The edge array of the internal node whose first field is ``leaf``."""
    parent = part(leaf, "parent")
    node = _pointee_type(parent.shape)
    if node is None or node.field("edges") is None:
        raise UnavailableError("the type of inner tree nodes is not described")
    return leaf.at(node, 0).field("edges")


def _pointee_type(optional: Type) -> Type | None:
    """``T`` of ``Option<NonNull<T>>`` or of a raw pointer."""
    if optional.cases is not None:
        for case in optional.cases.cases:
            if case.type.fields:
                return _pointee_type(case.type.fields[0].type.strip())
        return None
    for layer in optional.walk():
        if layer.kind == "pointer":
            return layer.target
    return None
