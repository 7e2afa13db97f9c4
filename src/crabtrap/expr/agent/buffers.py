"""Sequences and texts in agent bytecode: where their items are, and how many.

The presenter tries the rules for a type in order and takes the first that fits the
value.  The compiler has no value, so it uses a rule only where the rule fits every value
of the type; one with a condition, or with a variant on a path, is left to the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from crabtrap.expr.agent.typed_parts import (
    Typed,
    find_part,
    integer_part,
    layers,
    pointer_part,
    step,
)
from crabtrap.present.rules import shapes as rules
from crabtrap.present.rules.formula import is_path
from crabtrap.present.rules.rule import Match, RuleBook
from crabtrap.symbols.types import Type
from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import Code, NotCompilableError
from crabtrap.values.unsized import pointee_name, wide_kind

_Buffer = TypeVar("_Buffer", rules.Sequence, rules.Text)


def items_of(typed: Typed, book: RuleBook) -> tuple[Type, Code, Code]:
    """Find the item type, the first item's address, and the number of items.

    Raises:
        NotCompilableError: They depend on the value.
    """
    for layer in layers(typed):
        shape = layer.type.strip()
        if shape.kind == "array" and shape.target is not None and shape.row.count is not None:
            return shape.target, asm.address(layer.storage), (asm.constant(shape.row.count),)
        parts = _slice_parts(layer, "[")
        if parts is not None and (item := parts[0].type.strip().target) is not None:
            return item, pointer_part(parts[0]), integer_part(parts[1])
        found = _ruled_buffer(layer, book, rules.Sequence)
        if found is not None:
            match, rule, data, length = found
            return match.argument(rule.item), data, length
    raise NotCompilableError(f"{typed.type.name} is read by the engine")


def text_of(typed: Typed, book: RuleBook) -> tuple[Code, Code]:
    """Find the address of a text and its length in bytes.

    Raises:
        NotCompilableError: They depend on the value.
    """
    for layer in layers(typed):
        parts = _slice_parts(layer, "str")
        if parts is not None:
            return pointer_part(parts[0]), integer_part(parts[1])
        found = _ruled_buffer(layer, book, rules.Text)
        if found is not None:
            return found[2:]
    raise NotCompilableError(f"{typed.type.name} is read by the engine")


def length_of(typed: Typed, book: RuleBook) -> Code:
    """Push the number of items of a sequence, map or set, or of bytes of a text.

    Raises:
        NotCompilableError: Where it is depends on the value.
    """
    for layer in layers(typed):
        shape = layer.type.strip()
        if shape.kind == "array" and shape.row.count is not None:
            return (asm.constant(shape.row.count),)
        parts = _slice_parts(layer, "")
        if parts is not None:
            return integer_part(parts[1])
        for match in _static_matches(layer, book):
            path = _length_path(match.rule.shape)
            if path is None:
                raise NotCompilableError(f"{layer.type.name} is read by the engine")
            length = find_part(layer, path)
            if length is not None:
                return integer_part(length)
    raise NotCompilableError(f"{typed.type.name} is read by the engine")


def _slice_parts(layer: Typed, pointee: str) -> tuple[Typed, Typed] | None:
    """Data pointer and length of a wide pointer, the name of its target begins so."""
    shape = layer.type.strip()
    if wide_kind(shape) != "slice" or not pointee_name(shape).startswith(pointee):
        return None
    data, length = step(layer, "data_ptr"), step(layer, "length")
    return None if data is None or length is None else (data, length)


def _ruled_buffer(
    layer: Typed, book: RuleBook, kind: type[_Buffer]
) -> tuple[Match, _Buffer, Code, Code] | None:
    """The rule for a type, which must be of this kind, and the buffer's address and length."""
    for match in _static_matches(layer, book):
        rule = match.rule.shape
        if not isinstance(rule, kind) or rule.fields is None:
            raise NotCompilableError(f"{layer.type.name} is read by the engine")
        data, length = (find_part(layer, path) for path in rule.fields)
        if data is not None and length is not None:
            return match, rule, pointer_part(data), integer_part(length)
    return None


def _static_matches(typed: Typed, book: RuleBook) -> Iterator[Match]:
    """Yield the rules for a type in order; fail at one that depends on the value."""
    for match in book.matches(typed.type.strip()):
        if match.rule.when:
            raise NotCompilableError(f"what {typed.type.name} is depends on its value")
        yield match


def _length_path(shape: rules.Shape) -> rules.Path | None:
    match shape:
        case rules.Sequence() | rules.Text() | rules.Tree() | rules.Chain():
            length = shape.length
            return length if length is not None and is_path(length) else None
        case rules.Ring():
            length = shape.length or ()
            return length if is_path(length) else None
        case rules.Hash(str() as table, shards=None):
            return f"{table}.table.items"
        case _:
            return None
