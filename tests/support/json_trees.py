"""A reader of JSON value trees, written from docs/expressions.md alone."""

from __future__ import annotations

from typing import Required, TypedDict


class Tree(TypedDict, total=False):
    """A node, with the fields described there."""

    version: int
    kind: Required[str]
    type: str
    address: str
    text: str
    name: str
    field: str
    key: Tree
    length: int
    more: bool
    notes: list[str]
    origin: str
    items: list[str]
    children: list[Tree]


_BRACKETS = {"sequence": "[]", "set": "{}", "map": "{}", "tuple": "()", "wrapper": "()"}


def text_of(tree: Tree) -> str:
    """Render a tree as ``print`` renders the value, on one line."""
    match tree["kind"]:
        case "scalar" | "text" | "literal" | "invalid" | "omitted":
            origin = f" ({tree['origin']})" if "origin" in tree else ""
            return tree.get("text", "") + _tail(tree) + origin
        case "pointer":
            return _pointer(tree)
        case "range":
            return _range(tree)
        case "struct":
            return _struct(tree) + _tail(tree)
        case "wrapper":
            inside = ", ".join(_parts(tree) + tree.get("notes", []))
            return f"{tree.get('name', '')}({inside})"
        case kind:
            return _bracketed(tree, *_BRACKETS[kind]) + _tail(tree)


def kinds_in(tree: Tree) -> set[str]:
    """Collect every ``kind`` in a tree."""
    inner = [*tree.get("children", []), *([tree["key"]] if "key" in tree else [])]
    return {tree["kind"]}.union(*map(kinds_in, inner))


def _bracketed(tree: Tree, opening: str, closing: str) -> str:
    name, parts = tree.get("name", ""), _parts(tree)
    if tree["kind"] == "tuple":
        if name and not parts:
            return name
        if not name and len(parts) == 1:
            closing = ",)"
    elif name:
        name += " "
    return f"{name}{opening}{', '.join(parts)}{closing}"


def _struct(tree: Tree) -> str:
    name, parts = tree.get("name", ""), _parts(tree)
    if not parts:
        return name or "{}"
    return f"{name} {{ {', '.join(parts)} }}".lstrip()


def _parts(tree: Tree) -> list[str]:
    shown = [_labelled(child) for child in tree.get("children", [])] + tree.get("items", [])
    if not tree.get("more"):
        return shown
    left = tree.get("length", 0) - len(shown)
    return [*shown, f"... {left} more" if shown and left > 0 else "..."]


def _labelled(tree: Tree) -> str:
    label = text_of(tree["key"]) if "key" in tree else tree.get("field")
    return text_of(tree) if label is None else f"{label}: {text_of(tree)}"


def _pointer(tree: Tree) -> str:
    name = tree.get("name", "")
    name += " " if name == "&mut" else ""
    return name + "".join(map(text_of, tree.get("children", []))) + tree.get("text", "")


def _range(tree: Tree) -> str:
    ends = {child.get("field"): text_of(child) for child in tree.get("children", [])}
    return f"{ends.get('start', '')}{tree.get('text', '')}{ends.get('end', '')}"


def _tail(tree: Tree) -> str:
    return f" <{'; '.join(tree['notes'])}>" if "notes" in tree else ""
