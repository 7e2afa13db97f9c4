"""What watchpoints need of the target: debug registers, and variables for watched bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.breakpoints.sites import SiteKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crabtrap.engine.breakpoints.stoppoints import Watchpoint

_SPLIT_SIZES = (8, 4, 2, 1)
MAX_WATCHED = 32
"""Bytes that four debug registers cover (Intel SDM, volume 3, "Debug Registers")."""

_STATE_SIZE = 16
"""Trace state variables of one watchpoint: two for each piece, of which there are few."""
FIRST_STATE = 0xE00
"""First trace state variable that is not the hit count of a breakpoint or watchpoint."""


def split_watched(address: Address, size: int) -> tuple[tuple[Address, int], ...]:
    """Split a range into aligned pieces of 8, 4, 2 and 1 bytes, as debug registers need.

    Example:
        >>> split_watched(0x1004, 12)
        ((4100, 4), (4104, 8))
    """
    pieces: list[tuple[Address, int]] = []
    while size > 0:
        piece = next(n for n in _SPLIT_SIZES if n <= size and address % n == 0)
        pieces.append((address, piece))
        address = Address(address + piece)
        size -= piece
    return tuple(pieces)


def watch_sites(item: Watchpoint) -> tuple[SiteKey, ...]:
    """Return the sites of a watchpoint, one per debug register."""
    kind = "write" if item.kind == "write" else "access"
    return tuple(
        SiteKey(kind, address, size) for address, size in split_watched(item.address, item.size)
    )


def free_state(item: Watchpoint, others: Iterable[Watchpoint]) -> int:
    """Return the first of the variables that ``item`` may use, and none of ``others`` does."""
    taken = {each.state for each in others if each is not item and each.enabled}
    state = FIRST_STATE
    while state in taken:
        state += _STATE_SIZE
    return state


def state_of(item: Watchpoint, data: bytes) -> Iterable[tuple[int, int]]:
    """Return the variables of a watchpoint and their values where memory holds ``data``."""
    at = 0
    for index, (_, size) in enumerate(split_watched(item.address, item.size)):
        value = int.from_bytes(data[at : at + size], "little")
        yield item.state + 2 * index, value
        yield item.state + 2 * index + 1, value
        at += size


def noted_bytes(item: Watchpoint, read: Callable[[int], int], *, before: bool) -> bytes:
    """Return the watched bytes as the target has noted them.

    Args:
        item: A watchpoint of which the target sees the changes.
        read: Reads a trace state variable.
        before: As they were before the last change, not after it.
    """
    parts: list[bytes] = []
    for index, (_, size) in enumerate(split_watched(item.address, item.size)):
        value = read(item.state + 2 * index + before) & ((1 << 64) - 1)
        parts.append(value.to_bytes(8, "little")[:size])
    return b"".join(parts)


def text_of(item: Watchpoint, data: bytes) -> str | None:
    """Return the text of a value that the bytes were, ``None`` where it cannot be told.

    Since the value was last rendered it may have changed without a hit.
    """
    if data == item.old:
        return item.old_text
    return item.render_bytes(data) if item.render_bytes is not None else None
