"""Whether a trap may be put at an address: it must be where an instruction begins.

A trap inside an instruction would make another instruction of it.  Damaged line tables,
smashed stacks and mistyped addresses lead there; so the code is decoded from the beginning
of its function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import MemoryFault

if TYPE_CHECKING:
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable

_LONGEST_INSTRUCTION = 15
_PREFIXES = frozenset(b"\xf0\xf2\xf3\x66\x67\x2e\x36\x3e\x26\x64\x65")
"""Hand-written code jumps over them, as over a ``lock`` where there is one thread."""
_MOST_CODE = 1 << 20
"""Bytes decoded for one address."""


def enclosing_instruction(table: ModuleTable, address: Address) -> Address | None:
    """Return the beginning of the instruction that ``address`` lies inside of.

    ``None`` where an instruction begins at ``address``, and where that is not known: outside
    of all modules and functions, and behind bytes that are no instructions.
    """
    module = table.find(address)
    start = _function_start(module, address) if module is not None else None
    if module is None or start is None or not 0 < address - start <= _MOST_CODE:
        return None
    code = _code(module, start, address)
    begins = _core.instruction_start(code, start, address)
    if begins is None or all(byte in _PREFIXES for byte in code[begins - start : address - start]):
        return None
    return Address(begins)


def _function_start(module: Module, address: Address) -> Address | None:
    """Return where the function begins: by its symbol, which the linker wrote, if it has one."""
    symbol = module.symbol_at(address)
    if symbol is not None and symbol.address <= address < symbol.address + symbol.size:
        return symbol.address if symbol.kind == "function" else None
    function = module.function_at(address)
    if function is None:
        return None
    return next((start for start, end in function.ranges if start <= address < end), None)


def _code(module: Module, start: Address, address: Address) -> bytes:
    """Read the file's bytes from ``start`` to behind the instruction at ``address``."""
    for more in (_LONGEST_INSTRUCTION, 1):
        try:
            return module.read(start, address - start + more)
        except MemoryFault:
            continue  # the segment may end there
    return b""
