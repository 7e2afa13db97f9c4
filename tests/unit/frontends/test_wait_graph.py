"""Graphs of who waits for whom: every node and edge is drawn, also where they lead in a circle."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from crabtrap.frontends.wait_graph import Edge, Graph, Node, dot_lines, svg_lines

SVG = "{http://www.w3.org/2000/svg}"


def graph(*edges: str) -> Graph:
    """``ab`` leads from ``a`` to ``b``; capital letters are resources."""
    names = dict.fromkeys("".join(edges))
    nodes = tuple(Node(name, f"<{name}>", is_resource=name.isupper()) for name in names)
    return Graph(nodes, tuple(Edge(*each, label=f'"{each}"') for each in edges))


CIRCLE = graph("aX", "Xb", "bY", "Ya")


@pytest.mark.parametrize("shown", [graph(), graph("aX", "Xb", "cX"), CIRCLE, graph("aa")])
def test_all_is_drawn_within_the_picture(shown: Graph):
    root = ElementTree.fromstring("\n".join(svg_lines(shown)))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert sorted(filter(None, texts)) == sorted(
        [*(node.label for node in shown.nodes), *(edge.label for edge in shown.edges)]
    )
    for box in root.iter(f"{SVG}rect"):
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= float(root.attrib["width"])
        assert float(box.attrib["y"]) + float(box.attrib["height"]) <= float(root.attrib["height"])


def test_who_waits_is_left_of_what_it_waits_for():
    root = ElementTree.fromstring("\n".join(svg_lines(graph("aX", "Xb"))))
    lefts = [float(box.attrib["x"]) for box in root.iter(f"{SVG}rect")]
    assert lefts == sorted(set(lefts))


def test_only_what_closes_a_circle_leads_back():
    root = ElementTree.fromstring("\n".join(svg_lines(CIRCLE)))
    colours = [path.attrib.get("stroke") for path in root.iter(f"{SVG}path")]
    assert colours.count("#c22") == 1


def test_names_are_quoted_in_dot():
    lines = dot_lines(graph("aX"))
    assert '  a [label="<a>", shape=box];' in lines
    assert '  X [label="<X>", shape=ellipse];' in lines
    assert '  a -> X [label="\\"aX\\""];' in lines
