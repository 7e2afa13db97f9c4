"""All entries of a B-tree at once, as two columns of bytes, for loops over them."""

from __future__ import annotations

from array import array

from crabtrap.address import Address
from crabtrap.present.containers.btree import (
    MAX_HEIGHT,
    NODE_CAPACITY,
    TreeEntries,
    edges_of,
    entry_of,
)
from crabtrap.present.field_paths import part
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type
from crabtrap.values import Memory, UnavailableError, Value

_WORD = 8


@dataclass(frozen=True, slots=True)
class Column:
    """The keys or the values, one after the other.

    Attributes:
        addresses: Where each is in the program.
    """

    owner: Value
    type: Type
    data: bytes
    addresses: array[int]

    def value(self, index: int) -> Value:
        """One of them, as a value of the program."""
        return self.owner.elsewhere(self.type, Memory(Address(self.addresses[index])))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Offsets in a node, the same in all nodes of a tree, and sizes; all in bytes."""

    keys: int
    key_size: int
    values: int
    value_size: int
    used: int
    used_size: int
    leaf_size: int
    edges: int


def packed(entries: TreeEntries, most: int) -> tuple[Column, Column] | None:
    """Read all keys and all values of a tree; ``None`` for more than ``most`` bytes of nodes.

    Raises:
        UnavailableError: The tree contradicts itself.
        MemoryFault: A node cannot be read.
    """
    front, length = entries.front, entries.length
    if front is None or length is None or entries.back is not None or front.height > MAX_HEIGHT:
        return None
    layout = _layout(front.node, inner=front.height > 0)
    if layout is None or length * (layout.key_size + layout.value_size) > most:
        return None
    assert isinstance(front.node.location, Memory)  # a layout has addresses
    reading = _Reading(front.node, layout, length)
    reading.visit(front.node.location.address, front.height)
    return reading.columns()


def _layout(node: Value, *, inner: bool) -> _Layout | None:
    start, size = node.address, node.shape.size
    keys, values, used = part(node, "keys"), part(node, "vals"), part(node, "len")
    addresses = keys.address, values.address, used.address
    if start is None or size is None or None in addresses:
        return None
    key, value = entry_of(node, 0)
    edges = edges_of(node).address if inner else start
    if edges is None:
        return None
    return _Layout(
        (keys.address or 0) - start,
        key.shape.size or 0,
        (values.address or 0) - start,
        value.shape.size or 0,
        (used.address or 0) - start,
        used.shape.size or 0,
        size,
        edges - start,
    )


class _Reading:
    """The nodes of a tree, read in key order."""

    def __init__(self, root: Value, layout: _Layout, length: int) -> None:
        self._root = root
        self._layout = layout
        self._left = length
        self._keys: list[bytes] = []
        self._values: list[bytes] = []
        self._key_addresses = array("Q")
        self._value_addresses = array("Q")

    def visit(self, address: int, height: int) -> None:
        """Take all entries below a node."""
        layout = self._layout
        inner = layout.edges + _WORD * (NODE_CAPACITY + 1)
        data = self._root.context.reader.read(address, inner if height else layout.leaf_size)
        used = int.from_bytes(data[layout.used : layout.used + layout.used_size], "little")
        if used > NODE_CAPACITY:
            raise UnavailableError(f"implausible tree node: {used} keys")
        if not height:
            self._take(address, data, 0, used)
            return
        for index in range(used + 1):
            at = layout.edges + _WORD * index
            self.visit(int.from_bytes(data[at : at + _WORD], "little"), height - 1)
            if index < used:
                self._take(address, data, index, index + 1)

    def _take(self, node: int, data: bytes, start: int, stop: int) -> None:
        self._left -= stop - start
        if self._left < 0:
            raise UnavailableError("the tree has more entries than it says")
        layout = self._layout
        for at, size, found, addresses in (
            (layout.keys, layout.key_size, self._keys, self._key_addresses),
            (layout.values, layout.value_size, self._values, self._value_addresses),
        ):
            first = at + start * size
            found.append(data[first : at + stop * size])
            addresses.extend(node + at + index * size for index in range(start, stop))

    def columns(self) -> tuple[Column, Column]:
        """What was taken."""
        if self._left:
            raise UnavailableError(f"{self._left} entries of the tree are missing")
        key, value = entry_of(self._root, 0)
        return (
            Column(self._root, key.type, b"".join(self._keys), self._key_addresses),
            Column(self._root, value.type, b"".join(self._values), self._value_addresses),
        )
