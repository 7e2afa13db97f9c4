"""Which types can be compared for equality with which."""

from __future__ import annotations

from crabtrap.expr.typing import terms
from crabtrap.expr.typing.deref import deref
from crabtrap.expr.typing.inference import Inference
from crabtrap.expr.typing.terms import (
    REFERENCES,
    UNKNOWN,
    Term,
    is_variable,
)
from crabtrap.expr.typing.traits import implements

_SEQUENCE_LIKE = frozenset(("Vec", "slice", "array", "VecDeque"))


def comparable(inference: Inference, left: Term, right: Term) -> bool:
    """Whether ``left: PartialEq<right>``, with variables bound that this decides."""
    left, right = inference.resolve(left), inference.resolve(right)
    if UNKNOWN in (left, right) or _is_object(left) or _is_object(right):
        inference.unifies(left, UNKNOWN)
        inference.unifies(right, UNKNOWN)
        return True
    if is_variable(left) or is_variable(right):
        return inference.unifies(left, right) and implements(inference.resolve(left), "PartialEq")
    if left.name in REFERENCES and right.name in REFERENCES:
        return comparable(inference, left.args[0], right.args[0])
    if _text_like(left) and _text_like(right):
        return {left.name, right.name} != {"str", "&"}
    if left.name in _SEQUENCE_LIKE and right.name in (*_SEQUENCE_LIKE, "&", "&mut"):
        other = right.args[0] if right.name in REFERENCES else right
        if other.name in ("slice", "array", "Vec") and (
            left.name != "VecDeque" or right.name != "slice"
        ):
            both = left.name == other.name == "array"
            if both and not inference.unifies(left.args[1], other.args[1]):
                return False
            if right.name in REFERENCES and left.name in ("array", "slice"):
                return False
            return comparable(inference, left.args[0], other.args[0])
    if left.name in REFERENCES and right.name == "Vec":
        inner = left.args[0]
        return inner.name == "slice" and comparable(inference, inner.args[0], right.args[0])
    if left.name == right.name == "tuple" and len(left.args) == len(right.args):
        return all(comparable(inference, a, b) for a, b in zip(left.args, right.args, strict=True))
    return inference.unifies(left, right) and implements(inference.resolve(left), "PartialEq")


def _is_object(term: Term) -> bool:
    """Whether a type is a trait object, whose value has a type that only the program knows."""
    layer: Term | None = term
    while layer is not None:
        if layer.name == "dyn":
            return True
        layer = deref(layer)
    return False


def _text_like(term: Term) -> bool:
    """``String``, ``str`` and one reference to ``str``, which compare with each other."""
    if term.name in ("String", "str"):
        return True
    return term.name in ("&", "Cow") and term.args[0] == terms.STR
