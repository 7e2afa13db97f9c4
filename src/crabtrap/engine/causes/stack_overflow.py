"""Recognising stack overflows among memory faults."""

from __future__ import annotations

from collections.abc import Sequence

from crabtrap.address import Address
from crabtrap.target.interface import Mapping

_REACH = 1 << 20
"""How far below its stack a thread's first access may be, in bytes.

The kernel keeps a gap of this size below the main thread's stack (``stack_guard_gap``);
compilers probe larger frames page by page.
"""


def is_stack_overflow(mappings: Sequence[Mapping], sp: int, fault: Address) -> bool:
    """Whether an access failed because a thread has used up its stack.

    Args:
        mappings: Mappings of the address space, by address.
        sp: The thread's stack pointer.
        fault: The address it accessed.

    Returns:
        True if ``fault`` is near ``sp``, in guard pages or unmapped memory right below a
        writable mapping.
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
