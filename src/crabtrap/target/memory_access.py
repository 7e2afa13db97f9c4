"""Access to a program's memory: through a descriptor at a stop, or through packets."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from crabtrap.errors import MemoryFault, ProcessGone

if TYPE_CHECKING:
    from crabtrap._core import FileMemory, Memory


def file_memory(descriptor: int, on_gone: Callable[[], object]) -> FileMemory:
    """Wrap a copy of a ``/proc/PID/mem`` descriptor.

    ``on_gone`` raises why there is no memory any more.
    """
    # Imported here, so that the protocol can be used without the native module.
    from crabtrap import _core  # noqa: PLC0415

    return _core.FileMemory(descriptor, on_gone)


def callback_memory(read: Callable[[int, int], bytes]) -> Memory:
    """Wrap a function ``read(address, size)``, which may return fewer bytes."""
    from crabtrap import _core  # noqa: PLC0415

    return _core.CallbackMemory(read)


def read_exactly(descriptor: int, address: int, size: int) -> bytes:
    """Read ``size`` bytes of a program's memory in one system call where possible.

    Raises:
        MemoryFault: Some byte of the range cannot be read.
        ProcessGone: There is no memory any more.
    """
    try:
        data = os.pread(descriptor, size, address)
    except OSError as error:
        raise MemoryFault(address, size, detail=error.strerror or "") from None
    except OverflowError:
        raise MemoryFault(address, size, detail="no such address") from None
    while len(data) < size:
        try:
            more = os.pread(descriptor, size - len(data), address + len(data))
        except OSError as error:
            raise MemoryFault(address, size, detail=error.strerror or "") from None
        if not more:
            raise ProcessGone
        data += more
    return data
