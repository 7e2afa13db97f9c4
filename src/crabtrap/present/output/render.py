"""Rendering of nodes as text, in one line, or pretty-printed over several."""

from __future__ import annotations

from itertools import chain

from crabtrap.present.output.text_tree import Node, RenderOptions, build_tree
from crabtrap.present.rules.presenter import Presenter
from crabtrap.values import Value

_INDENT = "    "
_LEFT_OUT = "..."


def render(value: Value, presenter: Presenter, options: RenderOptions | None = None) -> str:
    """Render a value in Rust's ``Debug`` notation.

    What cannot be read, or is no valid value, is shown as a reason in angle brackets.
    """
    options = options or RenderOptions()
    return render_node(build_tree(value, presenter, options), options)


def render_node(node: Node, options: RenderOptions) -> str:
    """Render a node and its children."""
    if node.origin:
        return f"{one_line(node)} ({node.origin})"
    line = one_line(node)
    if options.fit:
        return _fitted(node, options.width)
    if not options.pretty or (len(line) <= options.width and "\n" not in line):
        return line
    return "\n".join(_lines(node, options.width, ""))


def one_line(node: Node) -> str:
    """Render a node without line breaks."""
    match node.kind:
        case "scalar" | "text" | "literal" | "invalid" | "omitted":
            return node.text
        case "pointer":
            return node.text or f"{node.name}{one_line(node.children[0][1])}"
        case "range":
            ends = {label: one_line(child) for label, child in node.children}
            return f"{ends.get('start', '')}{node.text}{ends.get('end', '')}"
        case _:
            opening, closing = _brackets(node)
            return f"{_head(node)}{opening}{', '.join(_parts(node))}{closing}{_tail(node)}"


def _fitted(node: Node, width: int) -> str:
    """Render a node in one line of ``width`` characters, if its brackets fit in.

    As many parts are shown as there is room for, each of them cut in the same way.
    """
    line = one_line(node)
    if len(line) <= width or not (node.children or node.run):
        return line
    if node.kind == "pointer":
        return node.name + _fitted(node.children[0][1], width - len(node.name))
    opening, closing = _brackets(node)
    head, tail = f"{_head(node)}{opening}", f"{closing}{_tail(node)}"
    room = width - len(head) - len(tail) - len(_LEFT_OUT)
    parts: list[str] = []
    fitted = (
        _labelled(label, _fitted(child, room - len(_labelled(label, ", "))))
        for label, child in node.children
    )
    for text in chain(fitted, node.run or ()):
        if len(text) + len(", ") > room:
            break
        parts.append(text)
        room -= len(text) + len(", ")
    if node.more or len(parts) < len(node.children) + len(node.run or ()):
        parts.append(_LEFT_OUT)
    return f"{head}{', '.join(parts)}{tail}"


def _head(node: Node) -> str:
    """The text before the opening bracket."""
    if node.kind == "struct" and node.name:
        return f"{node.name} " if _has_parts(node) else node.name
    if node.kind in ("sequence", "set", "map") and node.name:
        return f"{node.name} "
    return node.name


def _has_parts(node: Node) -> bool:
    return bool(node.children or node.run or node.more)


def _brackets(node: Node) -> tuple[str, str]:
    match node.kind:
        case "sequence":
            return "[", "]"
        case "set" | "map":
            return "{", "}"
        case "struct":
            if _has_parts(node):
                return ("{ ", " }")
            return ("", "") if node.name else ("{", "}")
        case "tuple":
            if node.name and not _has_parts(node):
                return "", ""
            return "(", ",)" if not node.name and len(node.children) == 1 else ")"
        case _:
            return "(", ")"


def _parts(node: Node) -> list[str]:
    parts = [_labelled(label, one_line(child)) for label, child in node.children]
    if node.run:
        parts += node.run
    parts += left_out(node)
    if node.kind == "wrapper":
        parts += node.notes
    return parts


def _labelled(label: str | Node | None, text: str) -> str:
    if label is None:
        return text
    return f"{one_line(label) if isinstance(label, Node) else label}: {text}"


def left_out(node: Node) -> list[str]:
    """How many parts are not shown, at most one text."""
    if not node.more:
        return []
    shown = len(node.children) + len(node.run or ())
    if node.length is None or node.length <= shown:
        return ["..."]
    return [f"... {node.length - shown} more"] if shown else ["..."]


def _tail(node: Node) -> str:
    """The error that ended the parts, after those that could be read."""
    return "" if node.kind == "wrapper" or not node.notes else f" <{'; '.join(node.notes)}>"


def _lines(node: Node, width: int, indent: str) -> list[str]:
    """Render a node over several lines; a part that fits in one line stays there."""
    line = one_line(node)
    if len(indent) + len(line) <= width or not (node.children or node.run):
        return [indent + line]
    if node.kind == "pointer":
        inner = _lines(node.children[0][1], width, indent)
        return [indent + node.name + inner[0][len(indent) :], *inner[1:]]
    opening, closing = _brackets(node)
    lines = [f"{indent}{_head(node)}{opening.rstrip()}"]
    deeper = indent + _INDENT
    for label, child in node.children:
        inner = _lines(child, width - 1, deeper)
        inner[0] = deeper + _labelled(label, inner[0][len(deeper) :])
        inner[-1] += ","
        lines += inner
    lines += _filled(node.run or [], width, deeper)
    for text in (*left_out(node), *(node.notes if node.kind == "wrapper" else ())):
        lines.append(f"{deeper}{text},")
    lines.append(f"{indent}{closing.strip().removeprefix(',')}{_tail(node)}")
    return lines


def _filled(texts: list[str], width: int, indent: str) -> list[str]:
    """Pack short texts into lines."""
    lines: list[str] = []
    line = indent
    for text in texts:
        if len(line) + len(text) + 1 > width and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += f"{text}, "
    if line.strip():
        lines.append(line.rstrip())
    return lines
