"""The program's modules and symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import Running, Stopped

if TYPE_CHECKING:
    from crabtrap.session.core import Core
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

    def symbol_at(self, address: int) -> str:
        """Return ``symbol+0x12``, or ``""`` where nothing is known."""
        return self.modules.describe_address(Address(address))
