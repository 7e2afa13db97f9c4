"""Std's B-trees, walked from leaf to leaf as their own iterators do."""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.present.containers.walkers import follow_optional, peel_uninit
from crabtrap.present.field_paths import part, peel_to_pointer
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type
from crabtrap.values import UnavailableError, Value

_NODE_CAPACITY = 11
_MAX_HEIGHT = 24


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
        if self.front is None or self.front.height > _MAX_HEIGHT:
            if length:
                raise UnavailableError(f"BTreeMap(len={length} — implausible: no such root)")
            return
        count = 0
        for node, index in _locations(_leaf(self.front), self.back) if start < stop else ():
            if count >= start:
                yield _entry(node, index)
            count += 1
            if count >= stop:
                return
        if length is not None and count < stop:
            raise UnavailableError(f"the tree ends after {count} of {length} entries")


def _entry(node: Value, index: int) -> tuple[Value, Value]:
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
    if used > _NODE_CAPACITY:
        raise UnavailableError(f"implausible tree node: {used} keys")
    return used


def _leaf(edge: Edge) -> Edge:
    """The edge of a leaf that is at the same position in key order."""
    while edge.height:
        below = peel_to_pointer(peel_uninit(_edges(edge.node).index(edge.index))).deref()
        edge = Edge(below, edge.height - 1)
    return edge


def _parent(edge: Edge) -> Edge | None:
    """The edge above that leads to the node, ``None`` above the root."""
    above = follow_optional(part(edge.node, "parent"))
    if above is None:
        return None
    if edge.height >= _MAX_HEIGHT:
        raise UnavailableError("implausible tree: the nodes above each other do not end")
    index = peel_uninit(part(edge.node, "parent_idx")).integer()
    return Edge(part(above, "data"), edge.height + 1, index)


def _edges(leaf: Value) -> Value:
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
