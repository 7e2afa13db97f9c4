"""All modules of a program at one stop, and look-ups over all of them."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.lazy import lazy
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crabtrap.address import Address
    from crabtrap.symbols.code_rows import Function, Row, Symbol
    from crabtrap.symbols.module import Module


@dataclass(frozen=True, slots=True)
class ModuleChanges:
    """Modules loaded and unloaded between two tables."""

    loaded: tuple[Module, ...]
    unloaded: tuple[Module, ...]

    def __bool__(self) -> bool:
        return bool(self.loaded or self.unloaded)


class ModuleTable:
    """The modules of a program; immutable, replaced by another table on changes.

    Modules that stay loaded are the same objects in the old and the new table, so
    their caches survive.

    Attributes:
        modules: Main program first, then in load order.
        main: The main program, ``None`` where there is none.
    """

    def __init__(self, modules: Iterable[Module] = (), main: Module | None = None) -> None:
        self.modules = tuple(modules)
        self.main = main if main is not None else (self.modules[0] if self.modules else None)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules)

    def __len__(self) -> int:
        return len(self.modules)

    def close(self) -> None:
        """Give back the files of all modules; see ``Module.close``."""
        self.__dict__.pop("unwinding_map", None)
        for module in self.modules:
            module.close()

    def find(self, address: int) -> Module | None:
        """The module that occupies ``address``."""
        starts, spans = self._spans
        index = bisect_right(starts, address) - 1
        if index < 0:
            return None
        end, module = spans[index]
        return module if address < end else None

    def find_named(self, name: str) -> Module | None:
        """The first module whose path or file name is ``name``."""
        return next((m for m in self.modules if name in (m.path, m.name)), None)

    def changes_since(self, old: ModuleTable) -> ModuleChanges:
        """Compare with an older table of the same program."""
        before, now = set(map(id, old.modules)), set(map(id, self.modules))
        return ModuleChanges(
            loaded=tuple(m for m in self.modules if id(m) not in before),
            unloaded=tuple(m for m in old.modules if id(m) not in now),
        )

    @lazy
    def unwinding_map(self) -> _core.ModuleMap:
        """The executable ranges of all modules, for ``_core.unwind``."""
        return _core.ModuleMap(
            [
                (module.image, module.bias, start, end)
                for module in self.modules
                for start, end in module.executable_ranges
            ]
        )

    # -- look-ups over all modules -----------------------------------------------------
    def symbol_at(self, address: Address) -> Symbol | None:
        """The symbol that covers ``address``, or the nearest below it in its module."""
        module = self.find(address)
        return None if module is None else module.symbol_at(address)

    def function_at(self, address: Address) -> Function | None:
        """The out-of-line function that covers ``address``."""
        module = self.find(address)
        return None if module is None else module.function_at(address)

    def inline_chain(self, address: Address) -> tuple[Function, ...]:
        """Innermost inline instance first, out-of-line function last; ``()`` where unknown."""
        module = self.find(address)
        return () if module is None else module.inline_chain(address)

    def row_at(self, address: Address) -> Row | None:
        """The line-table row that covers ``address``."""
        module = self.find(address)
        return None if module is None else module.row_at(address)

    def describe_address(self, address: Address) -> str:
        """Name an address as ``symbol+0x12``; ``""`` where no symbol is known."""
        symbol = self.symbol_at(address)
        if symbol is None:
            return ""
        offset = address - symbol.address
        return symbol.name if offset == 0 else f"{symbol.name}+{offset:#x}"

    @lazy
    def _spans(self) -> tuple[list[int], list[tuple[int, Module]]]:
        spans = sorted(
            ((start, end, module) for module in self.modules for start, end in module.ranges),
            key=lambda span: span[0],
        )
        return [start for start, _, _ in spans], [(end, module) for _, end, module in spans]
