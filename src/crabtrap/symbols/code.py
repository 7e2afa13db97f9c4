"""What a module says about code, in run-time addresses.

These are the run-time twins of ``crabtrap._core``'s ``Symbol``, ``Row`` and
``Function``, which speak file addresses.  Only ``crabtrap.symbols.module`` makes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crabtrap.address import Address
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.symbols.module import Module

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
        size: Bytes; 0 where the table does not say.
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
        is_stmt: A good place to stop.
        prologue_end: The first instruction after the function's prologue.
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
    """A concrete function, or one inlined copy of a function.

    Attributes:
        module: The module it is in; ``die``, ``origin`` and ``unit`` mean nothing elsewhere.
        die: Its debugging information entry.
        origin: The abstract instance all copies share, or ``die`` itself.
        name: Path by the DWARF tree, generics included.
        linkage_name: Mangled name, ``None`` where there is none.
        path: Path for people, without hash.
        entry: First instruction.
        ranges: Code of this copy, sorted.
        inlined: An inlined copy; ``call_*`` then tell where it was called.
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
        """Whether ``address`` is in the code of this copy (inlined callees included)."""
        return any(start <= address < end for start, end in self.ranges)

    @property
    def key(self) -> tuple[int, int]:
        """Identity of this copy: equal for two look-ups of the same one."""
        return (id(self.module), self.die)


@dataclass(frozen=True, slots=True)
class LineSpan:
    """A stretch of code that belongs to one line of one logical frame.

    Attributes:
        callee: The copy, inlined into that frame, which the code is in, if any.
        is_statement: Its first instruction is a good place to stop.
    """

    start: Address
    end: Address
    path: str
    line: int
    callee: Function | None = None
    is_statement: bool = False
