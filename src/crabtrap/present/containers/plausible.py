"""Plausibility checks of a buffer, before anything in it is read.

A value that is not yet initialised, already dropped or overwritten looks like any other
value.  One that cannot be right is shown as implausible, with the reason.
"""

from __future__ import annotations

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.values import UnavailableError, ValueContext

ISIZE_MAX = (1 << 63) - 1
_NO_ADDRESS = 1 << 56
"""Above every user address, also with five levels of page tables."""


def check_buffer(
    context: ValueContext,
    name: str,
    *,
    address: int,
    length: int,
    stride: int,
    alignment: int = 1,
    capacity: int | None = None,
) -> None:
    """Check that there can be ``length`` items of ``stride`` bytes at ``address``.

    Args:
        context: Reads memory and knows the mappings.
        name: The type's name for the message: ``Vec``.
        address: Address of the first item.
        length: Number of items.
        stride: Bytes from one item to the next.
        alignment: Alignment of an item, in bytes.
        capacity: Items that there is room for, ``None`` where the type has no such number.

    Raises:
        UnavailableError: There cannot; the reason begins ``Vec(len=.. — implausible: ``.
    """
    reason = find_implausibility(context, address, length, stride, alignment, capacity)
    if reason:
        raise UnavailableError(f"{name}(len={length} — implausible: {reason})")


def find_implausibility(
    context: ValueContext,
    address: int,
    length: int,
    stride: int,
    alignment: int,
    capacity: int | None,
) -> str:
    """Return why there cannot be such a buffer, or ``""``."""
    size = length * stride
    if length < 0:
        return "computed by a rule from numbers that contradict each other"
    if size > ISIZE_MAX:
        return f"{size} bytes exceed the address space"
    if capacity is not None and stride and capacity * stride > ISIZE_MAX:
        return f"capacity {capacity} exceeds the address space"
    if capacity is not None and stride and length > capacity:
        return f"longer than its capacity {capacity}"
    if stride and address == 0:
        return "null data pointer"
    if alignment > 1 and address % alignment:
        return f"data pointer {address:#x} is not aligned to {alignment}"
    if stride and address >= _NO_ADDRESS:
        return f"data pointer {address:#x} is no address of a program"
    if size and not is_readable(context, address, size):
        return f"{size} bytes at {address:#x} are not all mapped"
    room = stride * (capacity or 0)
    if room > size and not is_readable(context, address, room):
        return f"capacity {capacity} is not all mapped at {address:#x}"
    return ""


def is_readable(context: ValueContext, address: int, size: int) -> bool:
    """Say whether a range can be read: by the mappings if known, else by trying both ends."""
    if address + size > 1 << 64:
        return False
    mapped = context.program.is_mapped(Address(address), size)
    if mapped is not None:
        return mapped
    try:
        context.reader.read(address, 1)
        context.reader.read(address + size - 1, 1)
    except MemoryFault:
        return False
    return True
