"""One loaded file: its symbols and lines by run-time address.

Only this module converts between file addresses and run-time addresses.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from crabtrap.address import Address, FileAddress
from crabtrap.lazy import lazy
from crabtrap.symbols.closed_image import closed_image
from crabtrap.symbols.code_flow import CodeFlow, never_returns, read_flow
from crabtrap.symbols.code_rows import (
    AddressRange,
    Function,
    LandingPad,
    LineSpan,
    Row,
    Symbol,
)
from crabtrap.symbols.types import TypeTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap import _core
    from crabtrap.symbols.source_evidence import SourceEvidence

PAGE = 4096
_CACHE_LIMIT = 4096


class Module:
    """An ELF file, its debug information, and the address it is loaded at.

    Its methods take and return run-time addresses.  A module is immutable; a file that is
    loaded again elsewhere is another module of the same image.

    Attributes:
        image: The contents of the file, by file address.
        bias: Run-time address minus file address; 0 in the static view before launch.
        path: Path in the program's mount namespace, ``[vdso]`` for the vDSO.
        ranges: The pages it occupies, sorted.
    """

    def __init__(
        self,
        image: _core.Image,
        bias: int,
        path: str,
        ranges: Sequence[AddressRange] | None = None,
    ) -> None:
        """Join ``image`` and ``bias``; the default ``ranges`` are those of its load segments."""
        self.image = image
        self.bias = bias
        self.path = path
        self.ranges = tuple(ranges) if ranges is not None else _segment_ranges(image, bias)
        self._chains: dict[int, tuple[Function, ...]] = {}
        self._named: dict[str, tuple[Function, ...]] = {}
        self._rows: dict[int, Row | None] = {}
        self._flows: dict[int, CodeFlow] = {}
        self._diverging: dict[int, bool] = {}
        self.dropped_types: dict[str, bool] = {}  # whether code drops them, by path
        self.known_locals: dict[str, tuple[_core.Variable, ...]] = {}  # thread-locals, by path
        self.known_symbols: dict[str, bool] = {}  # whether any fits, by pattern
        self.source_evidence: dict[str, SourceEvidence] = {}  # by path
        # Of structs by path, from their sources.
        self.declared_tails: dict[str, str] = {}
        self.declared_flags: dict[str, tuple[tuple[str, str], ...]] = {}

    def __repr__(self) -> str:
        return f"Module({self.path!r}, bias={self.bias:#x})"

    def close(self) -> None:
        """Give back the file's memory, for good: every later question raises ``StateError``.

        Functions, frames and types refer to their module and to each other; they would keep
        the mapped file until Python happens to look for such circles.
        """
        if "types" in self.__dict__:
            self.types.close()
        self.image = closed_image()
        self._chains.clear()
        self._named.clear()
        self._rows.clear()

    @property
    def name(self) -> str:
        """Last component of the path."""
        return os.path.basename(self.path) or self.path

    @property
    def debug_level(self) -> str:
        """What is known of it: "none", "symbols", "lines" or "full"."""
        return self.image.debug_level

    @property
    def problems(self) -> tuple[str, ...]:
        """What of its debug information is damaged and was skipped."""
        return self.image.problems

    # -- addresses ---------------------------------------------------------------
    def address(self, file_address: int) -> Address:
        """Convert a file address to a run-time address."""
        return Address((file_address + self.bias) & 0xFFFF_FFFF_FFFF_FFFF)

    def file_address(self, address: int) -> FileAddress:
        """Convert a run-time address to a file address."""
        return FileAddress((address - self.bias) & 0xFFFF_FFFF_FFFF_FFFF)

    def contains(self, address: int) -> bool:
        """Whether ``address`` lies in one of the module's ranges."""
        return any(start <= address < end for start, end in self.ranges)

    @property
    def executable_ranges(self) -> tuple[AddressRange, ...]:
        """Its executable load segments, not rounded to pages."""
        return tuple(
            (self.address(s.address), self.address(s.address + s.memory_size))
            for s in self.image.segments
            if s.kind == "load" and s.executable
        )

    def read(self, address: Address, size: int) -> bytes:
        """Read bytes from the *file*, not from the program's memory.

        Raises:
            MemoryFault: The range is not inside one segment.
        """
        return self.image.read(self.file_address(address), size)

    # -- symbols and functions -----------------------------------------------------
    def symbol_at(self, address: Address) -> Symbol | None:
        """The symbol that covers ``address``, or the nearest one below it."""
        found = self.image.symbol_at(self.file_address(address))
        return None if found is None else self._symbol(found)

    def symbols_named(self, name: str) -> tuple[Symbol, ...]:
        """Symbols whose linkage name, or demangled path, is exactly ``name``."""
        return tuple(map(self._symbol, self.image.symbols_named(name)))

    def symbols_matching(self, pattern: str, limit: int = 1000) -> tuple[Symbol, ...]:
        """Symbols whose demangled path matches a regular expression."""
        return tuple(map(self._symbol, self.image.symbols_matching(pattern, limit)))

    def function_at(self, address: Address) -> Function | None:
        """The out-of-line function that covers ``address``."""
        found = self.image.function_at(self.file_address(address))
        return None if found is None else self._function(found)

    def inline_chain(self, address: Address) -> tuple[Function, ...]:
        """Innermost inline instance first, out-of-line function last; ``()`` where unknown."""
        known = self._chains.get(address)
        if known is None:
            found = self.image.inline_chain(self.file_address(address))
            known = tuple(map(self._function, found))
            _remember(self._chains, address, known)
        return known

    def find_functions(self, query: str) -> tuple[Function, ...]:
        """Out-of-line functions whose path ends with ``query``."""
        return without_bodies(self.find_code(query), query)

    def find_inlined(self, query: str) -> tuple[Function, ...]:
        """Every inline instance of the functions whose path ends with ``query``."""
        return without_bodies(self.find_inlined_code(query), query)

    def find_code(self, query: str) -> tuple[Function, ...]:
        """Out-of-line functions whose path ends with ``query``, bodies of async functions too."""
        known = self._named.get(query)
        if known is None:  # what is evaluated at every stop asks for the same names
            known = tuple(map(self._function, self.image.find_functions(query)))
            _remember(self._named, query, known)
        return known

    def find_inlined_code(self, query: str) -> tuple[Function, ...]:
        """Every inline instance of what ``find_code`` means, whether or not it finds any."""
        return tuple(map(self._function, self.image.find_inlined(query)))

    def complete_function(self, prefix: str, limit: int) -> tuple[str, ...]:
        """Paths of functions, and trailing parts of them, that begin with ``prefix``."""
        return self.image.complete(prefix, ("function",), limit)

    def find_code_matching(self, pattern: str, limit: int) -> tuple[Function, ...]:
        """Out-of-line functions whose path matches a regular expression; at most ``limit``.

        The body of an async function matches by the path of its function, too.
        """
        found = self.image.find_functions_matching(pattern, limit)
        return tuple(map(self._function, found))

    def find_inlined_code_matching(self, pattern: str, limit: int) -> tuple[Function, ...]:
        """Inline instances of functions whose path matches, as in ``find_code_matching``."""
        found = self.image.find_inlined_matching(pattern, limit)
        return tuple(map(self._function, found))

    def find_only_inlined_matching(
        self, pattern: str, limit: int
    ) -> tuple[tuple[Function, int], ...]:
        """One inline instance of each function that has no code of its own, and how many."""
        found = self.image.find_only_inlined_matching(pattern, limit)
        return tuple((self._function(function), count) for function, count in found)

    def flow_of(self, function: Function) -> CodeFlow:
        """How control flows through an out-of-line function of this module."""
        flow = self._flows.get(function.die)
        if flow is None:
            flow = read_flow(function)
            _remember(self._flows, function.die, flow)
        return flow

    def diverges(self, address: Address) -> bool:
        """Whether the function at ``address`` is known never to return."""
        known = self._diverging.get(address)
        if known is None:
            known = never_returns(self, address)
            _remember(self._diverging, address, known)
        return known

    def relocated_pointer(self, address: Address) -> Address | None:
        """Where in this module the pointer at ``address`` leads once it is relocated."""
        found = self.image.relocated_pointer(self.file_address(address))
        return None if found is None else self.address(found)

    def landing_pads(self, address: Address) -> tuple[LandingPad, ...]:
        """Where the code around ``address`` goes on when a call in it unwinds."""
        return tuple(
            LandingPad(
                self.address(pad.start),
                self.address(pad.end),
                self.address(pad.address),
                pad.catches,
            )
            for pad in self.image.landing_pads(self.file_address(address))
        )

    # -- lines -----------------------------------------------------------------------
    def row_at(self, address: Address) -> Row | None:
        """The line-table row that covers ``address``."""
        if address in self._rows:
            return self._rows[address]
        found = self.image.row_at(self.file_address(address))
        row = None if found is None else self._row(found)
        _remember(self._rows, address, row)
        return row

    def rows_between(self, start: Address, end: Address) -> tuple[Row, ...]:
        """All rows that overlap ``[start, end)``, sorted by address."""
        rows = self.image.rows_between(self.file_address(start), self.file_address(end))
        return tuple(map(self._row, rows))

    def line_spans(self, address: Address, depth: int) -> tuple[LineSpan, ...]:
        """Divide the code of one logical frame into ranges of one line each, by address.

        Args:
            address: Any address in the frame's code.
            depth: Logical frame counted from the out-of-line function, which is 0.
        """
        spans = self.image.line_spans(self.file_address(address), depth)
        callees = {raw.die: self._function(raw) for span in spans if (raw := span.callee)}
        return tuple(
            LineSpan(
                self.address(span.start),
                self.address(span.end),
                span.path,
                span.line,
                callees[span.callee.die] if span.callee else None,
                span.is_statement,
            )
            for span in spans
        )

    def instances_called_between(self, path: str, first: int, end: int) -> tuple[Function, ...]:
        """Inline instances called on lines ``[first, end)`` of ``path``, by line and address."""
        instances = self.image.inline_instances_called_between(path, first, end)
        return tuple(map(self._function, instances))

    def rows_for_line(self, path: str, line: int) -> tuple[Row, ...]:
        """Statement rows of exactly this line, sorted by address."""
        return tuple(map(self._row, self.image.rows_for_line(path, line)))

    def find_files(self, suffix: str) -> tuple[str, ...]:
        """Source files whose path ends with the path components of ``suffix``."""
        return self.image.find_files(suffix)

    def lines_with_code(self, path: str) -> tuple[int, ...]:
        """Sorted lines of ``path`` that have a statement row."""
        return self.image.lines_with_code(path)

    # -- data --------------------------------------------------------------------------
    @lazy
    def types(self) -> TypeTable:
        """Its types; the same entry always gives the same ``Type``."""
        return TypeTable(self.image)

    def static_at(self, address: Address) -> _core.Variable | None:
        """The static or vtable whose storage begins at ``address``."""
        return self.image.static_at(self.file_address(address))

    def locate(
        self,
        die: int,
        *,
        pc: Address,
        registers: _core.Registers,
        cfa: int | None,
        memory: _core.Memory,
        tls: Address | None = None,
    ) -> tuple[_core.Piece, ...]:
        """Evaluate a variable's location description at run-time ``pc``; never empty."""
        return self.image.locate(
            die,
            pc=self.file_address(pc),
            bias=self.bias,
            registers=registers,
            cfa=cfa,
            memory=memory,
            tls=tls,
        )

    # -- conversion ----------------------------------------------------------------------
    def _symbol(self, raw: _core.Symbol) -> Symbol:
        return Symbol(
            self,
            raw.name,
            raw.linkage_name,
            self.address(raw.address),
            raw.size,
            raw.kind,
            raw.is_global,
        )

    def _ranges(self, raw: tuple[_core.Range, ...]) -> tuple[AddressRange, ...]:
        return tuple((self.address(start), self.address(end)) for start, end in raw)

    def _row(self, raw: _core.Row) -> Row:
        return Row(
            self.address(raw.address),
            self.address(raw.end),
            raw.path,
            raw.line,
            raw.column,
            raw.is_stmt,
            raw.prologue_end,
        )

    def _function(self, raw: _core.Function) -> Function:
        return Function(
            module=self,
            die=raw.die,
            origin=raw.origin,
            name=raw.name,
            linkage_name=raw.linkage_name,
            path=raw.path,
            entry=self.address(raw.entry),
            ranges=self._ranges(raw.ranges),
            declaration_path=raw.declaration_path,
            declaration_line=raw.declaration_line,
            inlined=raw.inlined,
            call_path=raw.call_path,
            call_line=raw.call_line,
            call_column=raw.call_column,
            unit=raw.unit,
        )


def without_bodies(functions: tuple[Function, ...], query: str) -> tuple[Function, ...]:
    """Leave out bodies of async functions that were found by the name of the function."""
    if query.endswith("}"):
        return functions
    return tuple(function for function in functions if not function.is_async_body)


_K = TypeVar("_K")
_V = TypeVar("_V")


def _remember(cache: dict[_K, _V], key: _K, value: _V) -> None:
    """Cache a look-up; repeated stops and recursion ask for the same addresses again."""
    if len(cache) >= _CACHE_LIMIT:
        cache.clear()
    cache[key] = value


def _segment_ranges(image: _core.Image, bias: int) -> tuple[AddressRange, ...]:
    """Return the pages that the load segments occupy, adjoining ones merged."""
    merged: list[tuple[int, int]] = []
    for segment in sorted((s for s in image.segments if s.kind == "load"), key=lambda s: s.address):
        start = (segment.address + bias) // PAGE * PAGE
        end = -(-(segment.address + bias + segment.memory_size) // PAGE) * PAGE
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple((Address(start), Address(end)) for start, end in merged)
