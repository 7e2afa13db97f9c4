"""The height of a tree, measured without recursion: ``a + b + c`` grows to the left."""

from __future__ import annotations

from collections.abc import Iterator


def height(tree: object, limit: int) -> int:
    """Count the levels of a tree, the root's included; counting ends one above ``limit``.

    Example:
        >>> from crabtrap.expr.syntax.parser import parse
        >>> height(parse("1 + 2 + 3"), 10)
        3
    """
    levels, level = 0, [tree]
    while level and levels <= limit:
        levels += 1
        level = [child for node in level for child in children(node)]
    return levels


def children(node: object) -> Iterator[object]:
    """Return the nodes that the attributes of a node hold, directly or in tuples."""
    names: tuple[str, ...] = getattr(type(node), "__slots__", ())
    waiting = [getattr(node, name) for name in names]
    while waiting:
        value = waiting.pop()
        if isinstance(value, tuple):
            waiting.extend(value)  # pyright: ignore[reportUnknownArgumentType] - of any items
        elif hasattr(value, "span"):
            yield value
