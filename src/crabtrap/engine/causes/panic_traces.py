"""Saving std's statics that a beginning panic changes, so that it can be undone.

Before std calls the panic hook, it counts the panic for the process and for the thread
and takes a read lock on the hook (``std::panicking``).  If the panic is abandoned there,
all three stay as they are: later panics would count as nested ones and abort.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import MemoryFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.symbols.code_rows import Symbol
    from crabtrap.symbols.module import Module

Traces = tuple[tuple[Address, bytes], ...]
"""``(address, bytes)`` of each static before the panic."""

_STATICS = ("std::panicking::panic_count::GLOBAL_PANIC_COUNT", "std::panicking::HOOK")
_COUNT_OF_THREAD = "^std::panicking::panic_count::LOCAL_PANIC_COUNT::"
_LARGEST = 256


def read_traces(thread: Thread) -> Traces:
    """Read what a panic of ``thread``, which is stopped where panics begin, will change."""
    found: list[tuple[Address, bytes]] = []
    for module in thread.process.modules:
        for address, size in _locations(thread, module):
            try:
                found.append((address, thread.process.read_memory(address, size)))
            except MemoryFault:
                continue  # a library that this thread has not initialised has counted nothing
    return tuple(found)


def _locations(thread: Thread, module: Module) -> Iterator[tuple[Address, int]]:
    for name in _STATICS:
        for symbol in module.symbols_named(name):
            if _is_data(symbol, "object"):
                yield symbol.address, symbol.size
    if not any(module.symbols_named(name) for name in _STATICS):
        return
    block = thread.tls_block(module).address
    for symbol in module.symbols_matching(_COUNT_OF_THREAD):
        if block is not None and _is_data(symbol, "tls"):
            yield Address(block + module.file_address(symbol.address)), symbol.size


def _is_data(symbol: Symbol, kind: str) -> bool:
    return symbol.kind == kind and 0 < symbol.size <= _LARGEST
