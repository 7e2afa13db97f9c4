"""Nodes as plain data for programs; see docs/expressions.md, "Values as JSON"."""

from __future__ import annotations

from crabtrap.present.output.text_tree import Node, RenderOptions, build_tree
from crabtrap.present.rules.presenter import Presenter
from crabtrap.values import Value

TREE_VERSION = 1
"""Incremented when a field changes its meaning or is removed, not for new fields."""

Json = dict[str, "str | int | bool | list[str] | list[Json] | Json"]


def value_tree(value: Value, presenter: Presenter, options: RenderOptions | None = None) -> Json:
    """Return a value as nested dictionaries, with ``version`` at the top."""
    options = options or RenderOptions()
    return {"version": TREE_VERSION, **node_tree(build_tree(value, presenter, options))}


def node_tree(node: Node) -> Json:
    """Return one node; fields that would be empty are left out."""
    tree: Json = {"kind": node.kind}
    if node.type:
        tree["type"] = node.type
    if node.address is not None:
        tree["address"] = f"{node.address:#x}"
    if node.text:
        tree["text"] = node.text
    if node.name:
        tree["name"] = node.name.strip()
    if node.length is not None:
        tree["length"] = node.length
    if node.more:
        tree["more"] = True
    if node.notes:
        tree["notes"] = list(node.notes)
    if node.origin:
        tree["origin"] = node.origin
    if node.run is not None:
        tree["items"] = node.run
    if node.children:
        tree["children"] = [_child(label, child) for label, child in node.children]
    return tree


def _child(label: str | Node | None, node: Node) -> Json:
    tree = node_tree(node)
    if isinstance(label, Node):
        return {"key": node_tree(label), **tree}
    return tree if label is None else {"field": label, **tree}
