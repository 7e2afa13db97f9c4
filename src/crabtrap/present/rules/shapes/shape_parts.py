"""What shapes have in common: names, optional values, and buffers behind pointers."""

from __future__ import annotations

from crabtrap.present.containers.plausible import check_buffer
from crabtrap.present.containers.walkers import ContiguousItems, contiguous
from crabtrap.present.field_paths import LayoutError, each_layer, peel_to_pointer, variant_payload
from crabtrap.present.rules.rule import ViewOf
from crabtrap.present.view import PointerView, SequenceView, View, WrapperView
from crabtrap.symbols.types import Type
from crabtrap.values import Value
from crabtrap.values.unsized import ADDRESS_FIELD, wide_kind


def short_name(value: Value) -> str:
    """Return the last name of a value's type, without arguments: ``Vec``."""
    return value.shape.row.name.partition("<")[0].rpartition("::")[2]


def payload(optional: Value) -> Value | None:
    """Return what an ``Option`` holds, or the value itself if it is no enum."""
    if optional.shape.cases is None:
        return optional
    return variant_payload(optional)


def buffer(
    value: Value, item: Type, data: Value, length: int, capacity: int | None
) -> ContiguousItems:
    """Return the items behind a pointer, after checking that they are plausible."""
    return buffer_at(value, item, peel_to_pointer(data).pointer_address(), length, capacity)


def buffer_at(
    value: Value, item: Type, address: int, length: int, capacity: int | None = None
) -> ContiguousItems:
    """Return the items at an address, after checking that they are plausible.

    Items that are described as pointers to functions have no size where std has put the address
    of an empty buffer: a pointer's would be aligned.
    """
    shape = item.strip()
    if address == 1 and shape.is_code_pointer:
        item = shape = shape.as_function_item()
    check_buffer(
        value.context,
        short_name(value),
        address=address,
        length=length,
        stride=shape.size or 0,
        alignment=shape.alignment,
        capacity=capacity,
    )
    return contiguous(value, item, address, length)


def item_type(pointer: Value) -> Type:
    """Return the type of the items that a thin or wide pointer leads to.

    Raises:
        LayoutError: It is not known.
    """
    shape = pointer.shape
    wide = wide_kind(shape)
    if wide is not None:
        shape = pointer.field(ADDRESS_FIELD[wide]).shape
    if shape.target is None:
        raise LayoutError(f"nothing is known of what {pointer.type.name} points to")
    return shape.target


def unwrapped(value: Value, view: ViewOf) -> tuple[Value, View]:
    """Return the value inside transparent wrappers and behind pointers, and its view.

    A null pointer is returned itself.
    """

    def inner(layer: tuple[Value, View]) -> tuple[Value, View] | None:
        match layer[1]:
            case WrapperView(inner=Value() as inside) as found if found.is_transparent:
                return inside, view(inside)
            case PointerView(address=address) as found if address != 0:
                target = found.target()
                return target, view(target)
            case _:
                return None

    *_, found = each_layer((value, view(value)), inner)
    return found


def as_sequence(holder: Value, view: View) -> SequenceView:
    """Return the view of a value that has to be a sequence.

    Raises:
        LayoutError: It is shown as something else.
    """
    if not isinstance(view, SequenceView):
        raise LayoutError(f"{holder.type.name} is no sequence")
    return view
