"""Scratch memory for calls: the thread's stack, below everything in use."""

from __future__ import annotations

from crabtrap.address import Address
from crabtrap.errors import RangeError
from crabtrap.records import dataclass, field

RED_ZONE = 256
"""Bytes below the stack pointer that are not used.

Leaf functions may use 128 bytes there, the red zone (System V ABI AMD64, 3.2.2).
"""

_LARGEST = 1 << 20
"""Limit in bytes for one expression: Rust's threads have stacks of 2 MiB by default."""


@dataclass(slots=True)
class Scratch:
    """An allocator of memory downwards from a stack pointer; it writes nothing itself.

    Attributes:
        top: First byte above; all allocated memory is below.
        writes: What must be written before the call, as ``(address, bytes)``.
    """

    top: int
    writes: list[tuple[Address, bytes]] = field(default_factory=list[tuple[Address, bytes]])
    _taken: int = field(default=0, init=False)

    def reserve(self, size: int, alignment: int = 8) -> Address:
        """Allocate ``size`` bytes.

        Raises:
            RangeError: More is allocated than one expression may use.
        """
        address = (self.bottom - size) // alignment * alignment
        self._taken = self.top - address
        if self._taken > _LARGEST:
            raise RangeError(f"the call needs more than {_LARGEST} bytes of the stack")
        return Address(address)

    def put(self, data: bytes, alignment: int = 8) -> Address:
        """Allocate memory for ``data``, to be written there before the call."""
        address = self.reserve(max(len(data), 1), alignment)
        self.writes.append((address, data))
        return address

    @property
    def bottom(self) -> int:
        """End of the memory that is still free, which is below."""
        return self.top - self._taken
