"""The program's modules and symbols."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import Running, Stopped
from crabtrap.symbols.function_search import EVERYTHING, find_symbols_matching
from crabtrap.symbols.linespec import parse_spec

if TYPE_CHECKING:
    from crabtrap.session.core import Core
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation
    from crabtrap.symbols.code_rows import AddressRange, Function, Symbol
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable


@through_door()
class Code:
    """Modules and symbols by run-time address."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def door(self) -> Door:
        """The check that refuses calls of other threads."""
        return self._core.door

    @property
    def modules(self) -> ModuleTable:
        """The loaded modules; before launch, the program's own file at its file addresses."""
        return self._core.program.debuggee.modules

    def refresh(self) -> tuple[Module, ...]:
        """Read the link map again and return all modules."""
        if isinstance(self._core.state, Stopped | Running):
            self._core.program.tracker.refresh()
            self._core.program.controller.apply_changes()
        return self.modules.modules

    def functions(self, pattern: str, limit: int = EVERYTHING) -> tuple[Function, ...]:
        """Functions whose path matches a regular expression, the program's own first.

        All of them, unless a ``limit`` is given, here and below.

        Those with code of their own: ``inlined_functions`` and ``symbols`` have the others.

        Raises:
            CrabtrapError: The expression cannot be read.
        """
        found: list[Function] = []
        with self.door.cancellable("looking for functions"):
            for module in self.modules:
                if len(found) < limit:
                    found += module.find_code_matching(pattern, limit - len(found))
        return tuple(found)

    def inlined_functions(
        self, pattern: str, limit: int = EVERYTHING
    ) -> tuple[tuple[Function, int], ...]:
        """Functions whose path matches, and that were inlined wherever they are used.

        Returns:
            One inline instance of each function, and how many there are.

        Raises:
            CrabtrapError: The expression cannot be read.
        """
        found: list[tuple[Function, int]] = []
        with self.door.cancellable("looking for inlined functions"):
            for module in self.modules:
                if len(found) < limit:
                    found += module.find_only_inlined_matching(pattern, limit - len(found))
        return tuple(found)

    def symbols(self, pattern: str, limit: int = EVERYTHING) -> tuple[Symbol, ...]:
        """Functions without debug information whose symbol matches a regular expression.

        Raises:
            CrabtrapError: The expression cannot be read.
        """
        with self.door.cancellable("looking for symbols"):
            found, _ = find_symbols_matching(self.modules, pattern, EVERYTHING)
            bare = (each for each in found if each.module.function_at(each.address) is None)
            return tuple(islice(bare, limit))

    def complete(self, prefix: str, limit: int = EVERYTHING) -> tuple[str, ...]:
        """Names of functions and source files that begin with ``prefix``, each once.

        Of the source files, those in and below the directory of the one with ``main``: a
        list of all would take reading all debug information, while whether one of a given
        name is among them is found quickly.
        """
        if not prefix:
            return ()
        found: list[str] = []
        with self.door.cancellable("looking for names"):
            for module in self.modules:
                found += module.complete_function(prefix, limit)
        return tuple(dict.fromkeys((*found, *self._source_names(prefix, limit))))[:limit]

    def _source_names(self, prefix: str, limit: int) -> list[str]:
        main = self.modules.main
        start = next((one.path for one in self._locations_of_main() if one.path), None)
        if main is None or start is None:
            return []
        from glob import escape  # noqa: PLC0415 - slow to import, rarely needed
        from pathlib import Path  # noqa: PLC0415 - the same

        beside = islice(Path(start).parent.rglob(f"{escape(prefix)}*.rs"), limit)
        return [name for name in sorted({path.name for path in beside}) if main.find_files(name)]

    def _locations_of_main(self) -> tuple[BreakpointLocation, ...]:
        return self._core.program.resolver.find(parse_spec("main")).locations

    def function_at(self, address: int) -> Function | None:
        """The function that covers an address, inlined ones left out."""
        return self.modules.function_at(Address(address))

    def line_at(self, address: int) -> tuple[str, int] | None:
        """Source file and line of an address, ``None`` where the debug information has none."""
        row = self.modules.row_at(Address(address))
        return None if row is None else (row.path, row.line)

    def code_at(self, address: int) -> tuple[str, tuple[AddressRange, ...]] | None:
        """Name and address ranges of the function at an address, by symbols where need be."""
        function = self.function_at(address)
        if function is not None:
            return function.path, function.ranges
        symbol = self.modules.symbol_at(Address(address))
        if symbol is None or not symbol.size:
            return None
        return symbol.name, ((symbol.address, Address(symbol.address + symbol.size)),)

    def symbol_at(self, address: int) -> str:
        """Return ``symbol+0x12``, or ``""`` where nothing is known."""
        return self.modules.describe_address(Address(address))
