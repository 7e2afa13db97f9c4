"""Symbols, line-table rows and functions of a module, by run-time address.

``crabtrap.symbols.module`` makes them from ``crabtrap._core``'s ``Symbol``, ``Row`` and
``Function``, which have file addresses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from crabtrap.address import Address
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.symbols.module import Module

_COROUTINE = re.compile(r"::\{(?:async_|gen_|coroutine)\w*#\d+\}(?:<[^{}]*>)?$")

AddressRange = tuple[Address, Address]
"""Half-open ``[start, end)``."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """One entry of a symbol table.

    Attributes:
        module: The module whose table it is in.
        name: Demangled, without the hash.
        linkage_name: As in the file.
        address: First byte.
        size: Bytes; 0 where the symbol table gives none.
    """

    module: Module
    name: str
    linkage_name: str
    address: Address
    size: int
    kind: Literal["function", "object", "tls", "other"]
    is_global: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a line table, valid for ``[address, end)``.

    Attributes:
        path: Source file as the debug information names it.
        line: 1-based, 0 for code without a line.
        column: 1-based, 0 where unknown.
        is_stmt: Recommended for a breakpoint (DWARF 5, section 6.2.2).
        prologue_end: Where a breakpoint at the function's entry belongs (the same).
    """

    address: Address
    end: Address
    path: str
    line: int
    column: int
    is_stmt: bool
    prologue_end: bool


@dataclass(frozen=True, slots=True)
class Function:
    """One instance of a function: out-of-line or inline (DWARF 5, section 3.3.8).

    Attributes:
        module: The module it is in; ``die``, ``origin`` and ``unit`` are only valid there.
        die: Its debugging information entry.
        origin: The abstract instance that all its instances share, or ``die`` itself.
        name: Path by the DWARF tree, generics included.
        linkage_name: Mangled name, ``None`` where there is none.
        path: Path by the demangled symbol, without hash; with the numbers of closures and
            the generic arguments that legacy symbols lack.
        entry: First instruction.
        ranges: Code of this instance, sorted.
        inlined: An inline instance; ``call_*`` are then the position of the call.
    """

    module: Module
    die: int
    origin: int
    name: str
    linkage_name: str | None
    path: str
    entry: Address
    ranges: tuple[AddressRange, ...]
    declaration_path: str | None
    declaration_line: int
    inlined: bool
    call_path: str | None
    call_line: int
    call_column: int
    unit: int

    def contains(self, address: Address) -> bool:
        """Whether ``address`` is in the code of this instance (inlined callees included)."""
        return any(start <= address < end for start, end in self.ranges)

    @property
    def is_async_body(self) -> bool:
        """Whether it is what an ``async fn`` does; the function itself only makes the future."""
        _, found, generics = self.name.rpartition("::{async_fn#0}")
        return bool(found) and (not generics or generics.endswith(">"))

    @property
    def is_coroutine_body(self) -> bool:
        """Whether it is what an async function, block or closure, or a generator does."""
        return _COROUTINE.search(self.name) is not None

    @property
    def key(self) -> tuple[int, int]:
        """Identity of this instance: equal for two look-ups of the same one."""
        return (id(self.module), self.die)


@dataclass(frozen=True, slots=True)
class LineSpan:
    """A range of code that belongs to one line of one logical frame.

    Attributes:
        callee: The inline instance called by that frame that the code is in, if any.
        is_statement: Its first instruction is recommended for a breakpoint (``is_stmt``).
    """

    start: Address
    end: Address
    path: str
    line: int
    callee: Function | None = None
    is_statement: bool = False


@dataclass(frozen=True, slots=True)
class LandingPad:
    """Where a function goes on when one of its calls in ``[start, end)`` unwinds.

    Attributes:
        catches: The unwinding may end there; otherwise the code only cleans up, or aborts.
    """

    start: Address
    end: Address
    address: Address
    catches: bool
