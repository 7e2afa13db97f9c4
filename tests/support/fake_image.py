"""A fake ``_core.Image`` with the functions, rows and symbols that a test gives it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from crabtrap.errors import MemoryFault
from crabtrap.symbols.module import Module

if TYPE_CHECKING:
    from crabtrap import _core


@dataclass
class FakeFunction:
    """An out-of-line function, or with ``parent`` an inline instance in one."""

    name: str
    ranges: tuple[tuple[int, int], ...]
    path: str = ""
    parent: FakeFunction | None = None
    die: int = 0
    origin: int = 0
    linkage_name: str | None = None
    declaration_path: str | None = "/home/me/app/src/main.rs"
    declaration_line: int = 1
    call_path: str | None = None
    call_line: int = 0
    call_column: int = 0
    unit: int = 0

    def __post_init__(self) -> None:
        self.path = self.path or self.name
        self.die = self.die or self.ranges[0][0] + (1 << 40 if self.parent else 0)
        self.origin = self.origin or self.die

    @property
    def entry(self) -> int:
        return self.ranges[0][0]

    @property
    def inlined(self) -> bool:
        return self.parent is not None

    def covers(self, address: int) -> bool:
        return any(start <= address < end for start, end in self.ranges)

    @property
    def depth(self) -> int:
        return 0 if self.parent is None else self.parent.depth + 1


@dataclass
class FakeRow:
    """One line-table row."""

    address: int
    end: int
    line: int
    path: str = "/home/me/app/src/main.rs"
    column: int = 1
    is_stmt: bool = True
    prologue_end: bool = False


@dataclass
class FakeSymbol:
    """One symbol-table entry."""

    name: str
    address: int
    size: int = 16
    linkage_name: str = ""
    kind: str = "function"
    is_global: bool = True


@dataclass
class FakeImage:
    """The look-ups of ``_core.Image``, over lists in file addresses."""

    functions: Sequence[FakeFunction] = ()
    rows: Sequence[FakeRow] = ()
    symbols: Sequence[FakeSymbol] = ()
    code: dict[int, bytes] = field(default_factory=dict[int, bytes])
    size: int = 0x4000
    debug_level: str = "full"
    is_pie: bool = True
    entry: int = 0
    interpreter: str | None = None
    sections: tuple[Any, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def segments(self) -> tuple[SimpleNamespace, ...]:
        return (
            SimpleNamespace(
                kind="load", address=0, memory_size=self.size, file_offset=0, executable=True
            ),
        )

    def symbol_at(self, address: int) -> FakeSymbol | None:
        below = [s for s in self.symbols if s.address <= address]
        return max(below, key=lambda s: s.address, default=None)

    def symbols_named(self, name: str) -> tuple[FakeSymbol, ...]:
        return tuple(s for s in self.symbols if name in (s.name, s.linkage_name))

    def symbols_matching(self, pattern: str, limit: int = 1000) -> tuple[FakeSymbol, ...]:
        return tuple(s for s in self.symbols if re.search(pattern, s.name))[:limit]

    def function_at(self, address: int) -> FakeFunction | None:
        return next((f for f in self.functions if not f.inlined and f.covers(address)), None)

    def inline_chain(self, address: int) -> tuple[FakeFunction, ...]:
        found = [f for f in self.functions if f.covers(address)]
        return tuple(sorted(found, key=lambda f: -f.depth))

    def find_functions(self, query: str) -> tuple[FakeFunction, ...]:
        return tuple(f for f in self._ending(query) if not f.inlined)

    def find_inlined(self, query: str) -> tuple[FakeFunction, ...]:
        return tuple(f for f in self._ending(query) if f.inlined)

    def find_functions_matching(self, pattern: str, limit: int) -> tuple[FakeFunction, ...]:
        found = (f for f in self.functions if not f.inlined and re.search(pattern, f.path))
        return tuple(found)[:limit]

    def find_inlined_matching(self, pattern: str, limit: int) -> tuple[FakeFunction, ...]:
        found = (f for f in self.functions if f.inlined and re.search(pattern, f.path))
        return tuple(found)[:limit]

    def complete(self, prefix: str, kinds: Sequence[str], limit: int) -> tuple[str, ...]:
        names = {f.path for f in self.functions if f.path.split("::")[-1].startswith(prefix)}
        return tuple(sorted(names))[:limit]

    def _ending(self, query: str) -> list[FakeFunction]:
        paths = ((f, f"::{f.path}", f"::{query}") for f in self.functions)
        return [
            f
            for f, path, end in paths
            if path.endswith(end) or path.removesuffix("::{async_fn#0}").endswith(end)
        ]

    def find_files(self, suffix: str) -> tuple[str, ...]:
        paths = dict.fromkeys(row.path for row in self.rows)
        return tuple(p for p in paths if not suffix or p.endswith(f"/{suffix}") or p == suffix)

    def lines_with_code(self, path: str) -> tuple[int, ...]:
        return tuple(sorted({r.line for r in self.rows if r.path == path and r.is_stmt}))

    def rows_for_line(self, path: str, line: int) -> tuple[FakeRow, ...]:
        return tuple(r for r in self.rows if (r.path, r.line) == (path, line) and r.is_stmt)

    def inline_instances_called_between(
        self, path: str, first: int, end: int
    ) -> tuple[FakeFunction, ...]:
        found = (f for f in self.functions if f.inlined and f.call_path == path)
        called = [f for f in found if first <= f.call_line < end]
        return tuple(sorted(called, key=lambda f: (f.call_line, f.entry)))

    def row_at(self, address: int) -> FakeRow | None:
        return next((r for r in self.rows if r.address <= address < r.end), None)

    def rows_between(self, start: int, end: int) -> tuple[FakeRow, ...]:
        return tuple(r for r in self.rows if r.address < end and start < r.end)

    def line_spans(self, address: int, depth: int) -> tuple[SimpleNamespace, ...]:
        frame = self.inline_chain(address)[-1 - depth]
        return tuple(
            self._span(row, depth)
            for row in self.rows
            if any(s <= row.address < e for s, e in frame.ranges)
        )

    def _span(self, row: FakeRow, depth: int) -> SimpleNamespace:
        chain = self.inline_chain(row.address)
        callee = chain[-2 - depth] if len(chain) > depth + 1 else None
        return SimpleNamespace(
            start=row.address,
            end=row.end,
            path=(callee and callee.call_path) or row.path,
            line=callee.call_line if callee else row.line,
            callee=callee,
            is_statement=row.is_stmt,
        )

    def return_type(self, function: int) -> int | None:
        return None

    def relocated_pointer(self, address: int) -> int | None:
        return None

    def landing_pads(self, address: int) -> tuple[SimpleNamespace, ...]:
        return ()

    def read(self, address: int, size: int) -> bytes:
        for start, data in self.code.items():
            if start <= address and address + size <= start + len(data):
                return data[address - start : address - start + size]
        raise MemoryFault(address, size)


def fake_module(image: FakeImage, bias: int = 0, path: str = "/home/me/app/app") -> Module:
    """Load a fake image as a module."""
    return Module(cast("_core.Image", image), bias, path)
