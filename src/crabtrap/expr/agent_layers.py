"""Sequences and texts in agent bytecode: where their items are, and how many.

The engine asks the rules for a type in order and takes the first that fits the value.
Bytecode sees no value when it is made, so it takes the first rule only, if that fits
every value of the type: a condition or a variant on the way is for the engine.
"""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.expr import agent_code as asm
from crabtrap.expr.agent_code import Code, NotCompilableError
from crabtrap.expr.agent_types import (
    Typed,
    find_part,
    integer_part,
    next_layer,
    pointer_part,
    step,
)
from crabtrap.present import rule as rules
from crabtrap.present.rule import Match, RuleBook
from crabtrap.symbols.types import Type
from crabtrap.values.unsized import pointee_name, wide_kind

_MAX_LAYERS = 16


def items_of(typed: Typed, book: RuleBook) -> tuple[Type, Code, Code]:
    """Item type, address of the first item, and number of items of a sequence.

    Raises:
        NotCompilableError: Only the engine can tell.
    """
    for layer in _layers(typed):
        shape = layer.type.strip()
        if shape.kind == "array" and shape.target is not None and shape.row.count is not None:
            return shape.target, asm.address(layer.storage), (asm.constant(shape.row.count),)
        if wide_kind(shape) == "slice" and pointee_name(shape).startswith("["):
            data, length = step(layer, "data_ptr"), step(layer, "length")
            item = None if data is None else data.type.strip().target
            if data is not None and length is not None and item is not None:
                return item, pointer_part(data), integer_part(length)
        for match in _static_matches(layer, book):
            rule = match.rule.shape
            if not isinstance(rule, rules.Sequence) or rule.inline is not None:
                raise NotCompilableError(f"{layer.type.name} is read by the engine")
            data, length = find_part(layer, rule.data), find_part(layer, rule.length)
            if data is not None and length is not None:
                return match.argument(rule.item), pointer_part(data), integer_part(length)
    raise NotCompilableError("nested too deep")


def text_of(typed: Typed, book: RuleBook) -> tuple[Code, Code]:
    """Address and length in bytes of a text.

    Raises:
        NotCompilableError: Only the engine can tell.
    """
    for layer in _layers(typed):
        shape = layer.type.strip()
        if wide_kind(shape) == "slice" and pointee_name(shape) == "str":
            data, length = step(layer, "data_ptr"), step(layer, "length")
            if data is not None and length is not None:
                return pointer_part(data), integer_part(length)
        for match in _static_matches(layer, book):
            rule = match.rule.shape
            if not isinstance(rule, rules.Text) or rule.inline is not None:
                raise NotCompilableError(f"{layer.type.name} is read by the engine")
            data, length = find_part(layer, rule.data), find_part(layer, rule.length)
            if data is not None and length is not None:
                return pointer_part(data), integer_part(length)
    raise NotCompilableError("nested too deep")


def length_of(typed: Typed, book: RuleBook) -> Code:
    """Push the number of items of a sequence, map or set, or of bytes of a text.

    Raises:
        NotCompilableError: Only the engine can tell.
    """
    for layer in _layers(typed):
        shape = layer.type.strip()
        if shape.kind == "array" and shape.row.count is not None:
            return (asm.constant(shape.row.count),)
        if wide_kind(shape) == "slice":
            length = step(layer, "length")
            if length is not None:
                return integer_part(length)
        for match in _static_matches(layer, book):
            path = _length_path(match.rule.shape)
            if path is None:
                raise NotCompilableError(f"{layer.type.name} is read by the engine")
            length = find_part(layer, path)
            if length is not None:
                return integer_part(length)
    raise NotCompilableError("nested too deep")


def _layers(typed: Typed) -> Iterator[Typed]:
    """The value, and what references lead to."""
    for _ in range(_MAX_LAYERS):
        yield typed
        typed = next_layer(typed)


def _static_matches(typed: Typed, book: RuleBook) -> Iterator[Match]:
    """Rules in order, as long as none of them depends on the value."""
    for match in book.matches(typed.type.strip()):
        if match.rule.when:
            raise NotCompilableError(f"what {typed.type.name} is depends on its value")
        yield match


def _length_path(shape: rules.Shape) -> rules.Path | None:
    match shape:
        case rules.Sequence() | rules.Text() | rules.Tree() | rules.Chain():
            return shape.length
        case rules.Ring():
            return shape.length or ()
        case rules.Hash(str() as table, shards=None):
            return f"{table}.table.items"
        case _:
            return None
