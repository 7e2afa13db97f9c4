"""Memory of the program that a call may use: its stack, below everything in use."""

from __future__ import annotations

from crabtrap.address import Address
from crabtrap.errors import RangeError
from crabtrap.records import dataclass, field

RED_ZONE = 256
"""Bytes below the stack pointer that stay as they are.

The ABI promises 128 to functions that call no other (System V ABI AMD64, 3.2.2).
"""

_LARGEST = 1 << 20
"""Most bytes one expression may take: threads have stacks of 2 MiB by default in Rust."""


@dataclass(slots=True)
class Scratch:
    """Hands out memory downwards from a stack pointer; nothing is written by it.

    Attributes:
        top: First byte above; all that is handed out lies below.
        writes: What has to be in memory before the call, as ``(address, bytes)``.
    """

    top: int
    writes: list[tuple[Address, bytes]] = field(default_factory=list[tuple[Address, bytes]])
    _taken: int = field(default=0, init=False)

    def reserve(self, size: int, alignment: int = 8) -> Address:
        """Take ``size`` bytes.

        Raises:
            RangeError: All that was taken would not fit a stack.
        """
        address = (self.bottom - size) // alignment * alignment
        self._taken = self.top - address
        if self._taken > _LARGEST:
            raise RangeError(f"the call needs more than {_LARGEST} bytes of the stack")
        return Address(address)

    def put(self, data: bytes, alignment: int = 8) -> Address:
        """Take memory for ``data``, which is to be there."""
        address = self.reserve(max(len(data), 1), alignment)
        self.writes.append((address, data))
        return address

    @property
    def bottom(self) -> int:
        """What may still be used lies below."""
        return self.top - self._taken
