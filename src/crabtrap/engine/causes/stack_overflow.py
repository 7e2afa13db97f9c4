"""Telling a stack overflow from other faults."""

from __future__ import annotations

from collections.abc import Sequence

from crabtrap.address import Address
from crabtrap.target.interface import Mapping

_REACH = 1 << 20
"""How far below its stack a thread may touch first.

The kernel keeps as much free below the main thread's; compilers probe larger frames page
by page.
"""


def is_stack_overflow(mappings: Sequence[Mapping], sp: int, fault: Address) -> bool:
    """Whether an access failed because a thread has used up its stack.

    Args:
        mappings: The address space, in order.
        sp: The thread's stack pointer.
        fault: What it accessed.

    Returns:
        True where ``fault`` is near ``sp`` in the guard pages, or in nothing, right below
        memory that can be written.
    """
    for mapping in mappings:
        if mapping.end <= fault:
            continue
        guard = mapping.permissions.startswith("---")
        if mapping.start <= fault and not guard:
            return False
        if not guard:
            near = mapping.start - fault <= _REACH and abs(sp - fault) <= _REACH
            return near and "w" in mapping.permissions and sp < mapping.end
    return False
