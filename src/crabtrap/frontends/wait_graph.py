"""Who waits for whom as a graph: in DOT for Graphviz, and drawn as SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from crabtrap import Thread
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crabtrap import Task, Wait

_ROW, _HEIGHT, _GAP, _MARGIN = 46, 28, 110, 12
_LETTER = 7.2
"""Width of a letter of the font, in pixels."""


@dataclass(frozen=True, slots=True)
class Node:
    """Somebody who waits or is waited for, or something that is.

    Attributes:
        name: Unique in its graph.
        is_resource: It is a lock, a channel or the like.
    """

    name: str
    label: str
    is_resource: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """From who waits to what it waits for, and from that to who has it."""

    source: str
    target: str
    label: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and edges, each once, in the order in which they were met."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph_of(waits: Iterable[Wait]) -> Graph:
    """Make the graph of some waits and of who can end them."""
    nodes: dict[str, Node] = {}
    edges: dict[Edge, None] = {}

    def add(node: Node) -> str:
        nodes.setdefault(node.name, node)
        return node.name

    for wait in waits:
        source = add(_waiter(wait.who))
        if wait.address is not None:
            label = f"{wait.what} {wait.address:#x}"
            target = add(Node(f"r{wait.address:x}", label, is_resource=True))
            edges[Edge(source, target, wait.kind)] = None
            for hold in wait.holders:
                edges[Edge(target, add(_waiter(hold.who)), hold.name)] = None
        for joined in wait.joined:
            edges[Edge(source, add(_waiter(joined)), "join")] = None
    return Graph(tuple(nodes.values()), tuple(edges))


def _waiter(who: Task | Thread) -> Node:
    if isinstance(who, Thread):
        return Node(f"thread{who.index}", f"thread {who.index} {who.name}", is_resource=False)
    return Node(f"task{who.address:x}", f"{who.title} {who.name}", is_resource=False)


def dot_lines(graph: Graph) -> list[str]:
    """Write a graph in DOT: who waits is a box, what is waited for an ellipse."""
    lines = ["digraph waits {", "  rankdir=LR;"]
    for node in graph.nodes:
        shape = "ellipse" if node.is_resource else "box"
        lines.append(f'  {node.name} [label="{_quoted(node.label)}", shape={shape}];')
    for edge in graph.edges:
        lines.append(f'  {edge.source} -> {edge.target} [label="{_quoted(edge.label)}"];')
    return [*lines, "}"]


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


# -- drawing ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Box:
    """Where a node is drawn, in pixels."""

    left: float
    top: float
    width: float

    @property
    def middle(self) -> float:
        return self.top + _HEIGHT / 2

    @property
    def right(self) -> float:
        return self.left + self.width


def svg_lines(graph: Graph) -> list[str]:
    """Draw a graph: each who waits to the left of what it waits for, where that is possible."""
    boxes = _placed(graph)
    width = max((box.right for box in boxes.values()), default=0.0) + _MARGIN
    height = max((box.top for box in boxes.values()), default=0.0) + _ROW
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        'font-family="monospace" font-size="12">',
        '<marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0,0 L8,4 L0,8 z"/></marker>',
    ]
    for edge in graph.edges:
        lines += _drawn_edge(edge, boxes[edge.source], boxes[edge.target])
    for node in graph.nodes:
        lines += _drawn_node(node, boxes[node.name])
    return [*lines, "</svg>"]


def _placed(graph: Graph) -> dict[str, _Box]:
    ranks = _ranks(graph)
    widths = {node.name: len(node.label) * _LETTER + 16 for node in graph.nodes}
    lefts: list[float] = [_MARGIN]
    for rank in range(max(ranks.values(), default=0)):
        widest = max((widths[name] for name, its in ranks.items() if its == rank), default=0.0)
        lefts.append(lefts[-1] + widest + _GAP)
    rows = [0] * len(lefts)
    boxes: dict[str, _Box] = {}
    for node in graph.nodes:
        rank = ranks[node.name]
        top = _MARGIN + rows[rank] * _ROW
        boxes[node.name] = _Box(lefts[rank], top, widths[node.name])
        rows[rank] += 1
    return boxes


def _ranks(graph: Graph) -> Mapping[str, int]:
    """How far to the right each node is: one further than all that lead to it.

    What leads back to where it came from, in a deadlock, moves nothing.
    """
    targets: dict[str, list[str]] = {}
    for edge in graph.edges:
        targets.setdefault(edge.source, []).append(edge.target)
    places = {name: place for place, name in enumerate(_sources_first(graph, targets))}
    ranks = dict.fromkeys(places, 0)
    for name, place in places.items():
        for target in targets.get(name, ()):
            if places[target] > place:
                ranks[target] = max(ranks[target], ranks[name] + 1)
    return ranks


def _sources_first(graph: Graph, targets: Mapping[str, Sequence[str]]) -> list[str]:
    """All nodes, each before those that it leads to, where they do not lead in a circle."""
    finished: list[str] = []
    seen: set[str] = set()
    for root in (node.name for node in graph.nodes):
        work = [root] if root not in seen else []
        while work:
            seen.add(work[-1])
            following = next((t for t in targets.get(work[-1], ()) if t not in seen), None)
            if following is not None:
                work.append(following)
            else:
                finished.append(work.pop())
    return finished[::-1]


def _drawn_node(node: Node, box: _Box) -> list[str]:
    radius = _HEIGHT / 2 if node.is_resource else 2
    fill = "#fff3d6" if node.is_resource else "#e3eefc"
    return [
        f'<rect x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{_HEIGHT}" '
        f'rx="{radius}" fill="{fill}" stroke="#555"/>',
        f'<text x="{box.left + 8:.1f}" y="{box.middle + 4:.1f}">{escape(node.label)}</text>',
    ]


def _drawn_edge(edge: Edge, source: _Box, target: _Box) -> list[str]:
    """A line to the right; one that leads back goes around below, and is red."""
    forward = target.left > source.right
    if forward:
        start, end = source.right, target.left
        bend = (start + end) / 2
        path = f"M{start:.1f},{source.middle:.1f} C{bend:.1f},{source.middle:.1f} "
        path += f"{bend:.1f},{target.middle:.1f} {end:.1f},{target.middle:.1f}"
        at = bend, (source.middle + target.middle) / 2 - 4
    else:
        start, end = source.left + source.width / 2, target.left + target.width / 2
        low = max(source.top, target.top) + _HEIGHT + 12
        path = f"M{start:.1f},{source.top + _HEIGHT:.1f} C{start:.1f},{low:.1f} "
        path += f"{end:.1f},{low:.1f} {end:.1f},{target.top + _HEIGHT:.1f}"
        at = (start + end) / 2, low - 4
    colour = "#555" if forward else "#c22"
    return [
        f'<path d="{path}" fill="none" stroke="{colour}" marker-end="url(#head)"/>',
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" fill="#555" font-size="10">'
        f"{escape(edge.label)}</text>",
    ]
