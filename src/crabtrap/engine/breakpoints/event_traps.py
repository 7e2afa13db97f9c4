"""Traps that belong to no breakpoint: in std's panic functions and in the dynamic loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.modules.lasting import find_lasting
from crabtrap.symbols.linespec import AddressSpec
from crabtrap.symbols.module import Module

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap.address import Address
    from crabtrap.engine.breakpoints.stoppoints import Breakpoint
    from crabtrap.engine.causes.panics import PanicWatcher
    from crabtrap.engine.debuggee import Debuggee

_LOADER_HOOK = "_dl_debug_state"
"""The function the dynamic loader calls after every change of the link map (``link.h``)."""


class EventTraps:
    """Sets the traps for panics and, where breakpoints depend on it, for the loader."""

    def __init__(self, debuggee: Debuggee, panics: PanicWatcher) -> None:
        self._debuggee = debuggee
        self._panics = panics
        self._judged = debuggee.modules
        self._lasting = frozenset[Module]()

    def update(self) -> None:
        """Update the traps for the present breakpoints and modules."""
        debuggee = self._debuggee
        panics: Iterable[Address] = ()
        if self._catching("panic"):
            panics = (each.address for each in self._panics.locations(debuggee.modules))
        self._own("panic", panics)
        waiting = any(map(self._depends_on_loader, debuggee.breakpoints.breakpoints)) or any(
            self._may_go(debuggee.modules.find(each.address))
            for each in debuggee.breakpoints.watchpoints
            if each.enabled
        )
        self._own("loader", self._hooks() if waiting or self._catching("load") else ())

    def _depends_on_loader(self, item: Breakpoint) -> bool:
        """Whether a library that comes or goes may change where a breakpoint is.

        Whatever it has places in already, a library may have more of that name or line.
        Traps in one are gone once it is unloaded, and are not in it when it is loaded again,
        at the same address or another.  What the program itself needs is never unloaded.
        """
        if not item.enabled:
            return False
        return not isinstance(item.spec, AddressSpec) or any(
            self._may_go(each.module) for each in item.locations
        )

    def _may_go(self, module: Module | None) -> bool:
        """Whether a library may be unloaded."""
        modules = self._debuggee.modules
        if module in (None, modules.main):
            return False
        if self._judged is not modules:
            self._judged, self._lasting = modules, find_lasting(self._debuggee.target, modules)
        return module not in self._lasting

    def _own(self, kind: str, addresses: Iterable[Address]) -> None:
        keys = tuple(SiteKey("software", address) for address in addresses)
        self._debuggee.sites.replace_owned((kind, 0), keys)

    def _catching(self, kind: str) -> bool:
        catchpoints = self._debuggee.breakpoints.catchpoints
        return any(each.kind == kind and each.enabled for each in catchpoints)

    def _hooks(self) -> tuple[Address, ...]:
        return tuple(
            symbol.address
            for module in self._debuggee.modules
            for symbol in module.symbols_named(_LOADER_HOOK)
            if symbol.kind == "function"
        )
