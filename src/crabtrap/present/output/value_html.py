"""Nodes as HTML fragments: a tree that opens and closes, for notebooks.

Everything that comes from the program is escaped.  Colours are the page's own, so that
they can be read on light and on dark.
"""

from __future__ import annotations

from html import escape

from crabtrap.present.output.render import left_out, one_line, render_node
from crabtrap.present.output.text_tree import Node, RenderOptions, build_tree
from crabtrap.present.rules.presenter import Presenter
from crabtrap.symbols.type_names import short_type_name
from crabtrap.values import Value

_LIMITS = RenderOptions(max_items=50, max_depth=4, max_text=500, max_nodes=1000)
_LINE = RenderOptions(fit=True, width=80)

BLOCK = "font-family: monospace; white-space: pre-wrap"
INDENT = "margin-left: 1.5em"
DIM = "opacity: 0.6"


def value_html(value: Value, presenter: Presenter, options: RenderOptions | None = None) -> str:
    """A value as an HTML fragment, its parts below it; what cannot be read says why."""
    node = build_tree(value, presenter, options or _LIMITS)
    return f'<div style="{BLOCK}">{_element(node, "", is_open=True)}</div>'


def dim(text: str) -> str:
    """Text that matters less, escaped."""
    return f'<span style="{DIM}">{escape(text)}</span>'


def _element(node: Node, label: str, *, is_open: bool = False) -> str:
    """One node with all below it.

    Args:
        node: What to show.
        label: What stands before it, as HTML.
        is_open: The reader need not click to see its parts.
    """
    type_ = f" {dim(short_type_name(node.type))}" if node.type else ""
    head = f"{label}{escape(render_node(node, _LINE))}{type_}"
    parts = _parts(node)
    if not parts:
        return f"<div>{head}</div>"
    shown = " open" if is_open else ""
    inner = f'<div style="{INDENT}">{"".join(parts)}</div>'
    return f"<details{shown}><summary>{head}</summary>{inner}</details>"


def _parts(node: Node) -> list[str]:
    """The elements below a node; a pointer has those of what it points to."""
    if node.kind == "pointer" and node.children:
        return _parts(node.children[0][1])
    parts = [
        _element(child, _label(label, position))
        for position, (label, child) in enumerate(node.children)
    ]
    parts += [
        f"<div>{_label(None, position)}{escape(text)}</div>"
        for position, text in enumerate(node.run or ())
    ]
    return parts + [f"<div>{dim(text)}</div>" for text in (*left_out(node), *node.notes)]


def _label(label: str | Node | None, position: int) -> str:
    text = one_line(label) if isinstance(label, Node) else label
    return dim(f"{position if text is None else text}: ")
