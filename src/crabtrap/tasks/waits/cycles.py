"""Groups who is stuck: those who wait for each other, and those behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence
    from typing import TypeVar

    Node = TypeVar("Node", bound=Hashable)


def find_cycles(edges: Mapping[Node, Sequence[Node]]) -> list[tuple[Node, ...]]:
    """Find the largest groups of nodes that all lead to each other, and nodes to themselves.

    Args:
        edges: Where each node leads; nodes that are no key lead nowhere.

    Returns:
        The groups, each in the order of ``edges``.

    Example:
        >>> find_cycles({"a": ["b"], "b": ["a"], "c": ["a"], "d": ["d"]})
        [('a', 'b'), ('d',)]
    """
    order = {node: number for number, node in enumerate(edges)}
    found = [
        tuple(sorted(group, key=order.__getitem__))
        for group in _components(edges)
        if len(group) > 1 or group[0] in edges[group[0]]
    ]
    return sorted(found, key=lambda group: order[group[0]])


def _components(edges: Mapping[Node, Sequence[Node]]) -> Iterator[list[Node]]:
    """Tarjan's strongly connected components, without recursion."""
    number: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    open_: dict[Node, None] = {}
    for root in edges:
        if root in number:
            continue
        work = [(root, iter(edges[root]))]
        number[root] = lowest[root] = len(number)
        open_[root] = None
        while work:
            node, following = work[-1]
            for next_ in following:
                if next_ not in edges:
                    continue
                if next_ not in number:
                    number[next_] = lowest[next_] = len(number)
                    open_[next_] = None
                    work.append((next_, iter(edges[next_])))
                    break
                if next_ in open_:
                    lowest[node] = min(lowest[node], number[next_])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[node])
                if lowest[node] == number[node]:
                    group: list[Node] = []
                    while True:
                        last, _ = open_.popitem()
                        group.append(last)
                        if last == node:
                            break
                    yield group
