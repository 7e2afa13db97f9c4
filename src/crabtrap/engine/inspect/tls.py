"""The address of a module's thread-local block in one thread.

x86-64 uses "TLS variant II" (U. Drepper, "ELF Handling For Thread-Local Storage"):
the executable's block ends at the thread pointer; the blocks of libraries are found
through the dynamic thread vector, whose address glibc keeps at thread pointer + 8.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.modules.link_map import find_r_debug, read_link_maps
from crabtrap.errors import MemoryFault
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.module import Module

_ENTRY = 16
"""Size of one entry of glibc's dynamic thread vector: value and to-be-freed pointer."""
_UNALLOCATED = (1 << 64) - 1
_PT_TLS = 7


@dataclass(frozen=True, slots=True)
class TlsBlock:
    """A module's thread-local storage in one thread.

    Attributes:
        address: First byte, ``None`` where the block does not exist or cannot be found.
        reason: Why there is no address, else ``""``.
    """

    address: Address | None
    reason: str = ""


def find_tls_block(process: Process, thread_pointer: Address | None, module: Module) -> TlsBlock:
    """Find the block of ``module`` in the thread whose ``fs_base`` is ``thread_pointer``."""
    if thread_pointer is None:
        return TlsBlock(None, "this target does not report the thread pointer")
    if thread_pointer == 0:
        return TlsBlock(None, "the thread has not set up its thread-local storage yet")
    if not any(segment.kind == "tls" for segment in module.image.segments):
        return TlsBlock(None, f"{module.name} has no thread-local storage")
    if module is process.modules.main:
        return TlsBlock(Address(thread_pointer - _aligned_tls_size(module)))
    return _library_block(process, thread_pointer, module)


def _library_block(process: Process, thread_pointer: Address, module: Module) -> TlsBlock:
    try:
        number = process.tls_module_number(module)
        if number is None:
            return TlsBlock(None, "the C library does not publish where this library's storage is")
        return _block_of(process, thread_pointer, number)
    except MemoryFault as fault:
        return TlsBlock(None, f"thread-local storage cannot be read: {fault}")


def _block_of(process: Process, thread_pointer: int, number: int) -> TlsBlock:
    vector = _read_word(process, thread_pointer + 8)
    count = _read_word(process, vector - _ENTRY)
    value = _read_word(process, vector + _ENTRY * number) if number <= count else _UNALLOCATED
    if value in (0, _UNALLOCATED):
        return TlsBlock(None, "this thread has not used the library's thread-locals yet")
    return TlsBlock(Address(value))


def _aligned_tls_size(module: Module) -> int:
    """Return the distance from the executable's block to the thread pointer.

    The linker computes it in the same way.
    """
    segment = next(s for s in module.image.segments if s.kind == "tls")
    size = segment.memory_size
    # Block and segment are congruent modulo the alignment, so that variables are aligned.
    return size + (-segment.address - size) % _tls_alignment(module)


def _tls_alignment(module: Module) -> int:
    """Read ``p_align`` of ``PT_TLS`` from the program headers in the module's file."""
    first = next(s for s in module.image.segments if s.kind == "load" and s.file_offset == 0)
    header = module.read(module.address(first.address), 64)
    offset, entry_size, count = (
        struct.unpack_from("<Q", header, 32)[0],
        *struct.unpack_from("<HH", header, 54),
    )
    for index in range(count):
        start = module.address(first.address + offset + index * entry_size)
        entry = module.read(start, 56)
        if struct.unpack_from("<I", entry)[0] == _PT_TLS:
            return max(1, struct.unpack_from("<Q", entry, 48)[0])
    return 1


# -- the loader's module numbers ---------------------------------------------------------


def find_tls_module_number(process: Process, module: Module) -> int | None:
    """Read the loader's number of a library's thread-local storage, ``None`` if unknown.

    It is in the loader's private ``struct link_map``; glibc describes the field for
    debuggers in ``_thread_db_link_map_l_tls_modid``: size in bits, count, byte offset.
    """
    offset = _modid_offset(process)
    if offset is None:
        return None
    for entry in read_link_maps(process, find_r_debug(process.modules)):
        if entry.bias == module.bias:
            return _read_word(process, entry.address + offset)
    return None


def _modid_offset(process: Process) -> int | None:
    for module in process.modules:
        for symbol in module.symbols_named("_thread_db_link_map_l_tls_modid"):
            bits, _, offset = struct.unpack("<III", process.read_memory(symbol.address, 12))
            if bits == 64 and offset < 4096:
                return offset
    return None


def _read_word(process: Process, address: int) -> int:
    return int.from_bytes(process.read_memory(Address(address), 8), "little")
