"""Items beside the one that a raw pointer points to: ``p[3]``, ``p[-1]`` and ``p[1..4]``.

Rust has ``*p.add(3)`` for that.  Nobody knows how many items there are but the user.
"""

from __future__ import annotations

from crabtrap.address import Address
from crabtrap.errors import RangeError
from crabtrap.expr import indirection
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import RangeView
from crabtrap.symbols.types import Type, array_type
from crabtrap.values import Memory, Value

_ADDRESSES = 1 << 64


def raw_pointer_in(value: Value, presenter: Presenter) -> Value | None:
    """Return the first raw pointer on the way that dereferencing a value goes, if there is one."""
    return next(filter(_is_raw, indirection.layers(value, presenter)), None)


def _is_raw(value: Value) -> bool:
    return value.shape.kind == "pointer" and value.shape.row.name.startswith("*")


def item_at(pointer: Value, position: int) -> Value:
    """Evaluate ``pointer[position]``; a negative one is before what it points to.

    Raises:
        EvaluationError: The size of the items is not known.
    """
    item, size = _item(pointer)
    return Value(item, Memory(_address(pointer, position * size)), pointer.context)


def items_between(pointer: Value, bounds: RangeView, presenter: Presenter) -> Value:
    """Evaluate ``pointer[start..end]``.

    Raises:
        EvaluationError: The range has no end, or the size of the items is not known.
        RangeError: It ends before it begins.
    """
    item, size = _item(pointer)
    if bounds.end is None:
        raise EvaluationError("a raw pointer does not say where its items end", hint="p[0..8]")
    start = 0 if bounds.start is None else indirection.scalar(bounds.start, presenter).integer()
    end = indirection.scalar(bounds.end, presenter).integer() + bounds.inclusive
    if start > end:
        raise RangeError(f"slice starts at {start} but ends at {end}")
    items = array_type(item, end - start, f"[{item.qualified_name}]")
    return Value(items, Memory(_address(pointer, start * size)), pointer.context)


def _item(pointer: Value) -> tuple[Type, int]:
    target = pointer.shape.target
    size = None if target is None else target.strip().size
    if target is None or size is None or not pointer.shape.leads_to_value:
        raise EvaluationError(f"nothing is known of what {pointer.type.name} points to")
    return target, size


def _address(pointer: Value, offset: int) -> Address:
    return Address((pointer.pointer_address() + offset) % _ADDRESSES)
