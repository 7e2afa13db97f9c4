"""Checks made before a buffer is believed in.

Values that are not yet initialised, already dropped or overwritten look like any other
value.  What cannot be true is said so in words instead of being read.
"""

from __future__ import annotations

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.values import UnavailableError, ValueContext

ISIZE_MAX = (1 << 63) - 1
_NO_ADDRESS = 1 << 56
"""Beyond every user address, also with five levels of page tables."""


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
    """Believe in ``length`` items of ``stride`` bytes at ``address``, or say why not.

    Args:
        context: Where it would be read.
        name: The type's name for the message: ``Vec``.
        address: Of the first item.
        length: Number of items.
        stride: Bytes from one item to the next.
        alignment: Of an item, in bytes.
        capacity: Items there is room for, ``None`` where there is no such number.

    Raises:
        UnavailableError: It cannot be; the reason begins ``Vec(len=.. — implausible: ``.
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
    """Why such a buffer cannot exist, or ``""``."""
    size = length * stride
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
    """Whether a range can be read: by the mappings where known, else by its two ends."""
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
