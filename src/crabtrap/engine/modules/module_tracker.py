"""Updating modules, breakpoint locations and traps when the program loads libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.modules.link_map import LinkMapList, find_r_debug
from crabtrap.events import LibrariesChanged, Notice
from crabtrap.log import Log

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap.engine.breakpoints.event_traps import EventTraps
    from crabtrap.engine.breakpoints.resolver import LocationResolver
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.modules.module_loader import ModuleLoader
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleChanges

_log = Log("crabtrap.engine")


class ModuleTracker:
    """Reads the link map when it may have changed, and updates locations and traps."""

    def __init__(
        self,
        debuggee: Debuggee,
        loader: ModuleLoader,
        resolver: LocationResolver,
        traps: EventTraps,
    ) -> None:
        self._debuggee = debuggee
        self._loader = loader
        self._resolver = resolver
        self._traps = traps
        self._settled = debuggee.modules
        self._link_maps: LinkMapList | None = None

    def follow(self) -> None:
        """Do as ``refresh`` if the link map is not as it was.

        So libraries are known at every stop, and no trap in the loader is needed for them.
        """
        known = self._link_maps
        if known is None or not known.is_current(self._debuggee.target):
            self.refresh()

    def refresh(self) -> ModuleChanges:
        """Read the link map again; if it has changed, resolve breakpoints and update traps."""
        debuggee = self._debuggee
        debuggee.modules = self._loader.load(debuggee.target, debuggee.modules)
        self._link_maps = LinkMapList(debuggee.target, find_r_debug(debuggee.modules))
        # Since the last time that all of this was done: something may have been raised.
        changes = debuggee.modules.changes_since(self._settled)
        if changes:
            _log.debug("modules: +%d -%d", len(changes.loaded), len(changes.unloaded))
            if not debuggee.target.abilities.lifts_traps:
                gone = (span for module in changes.unloaded for span in module.ranges)
                debuggee.sites.forget_unmapped(gone)
            self._drop_watchpoints(changes.unloaded)
            self._resolver.resolve_all()
            self._traps.update()
            self._settled = debuggee.modules
            debuggee.publish(libraries_changed(changes))
        return changes

    def _drop_watchpoints(self, unloaded: Iterable[Module]) -> None:
        """Delete the watchpoints on statics of libraries that are gone, and say so.

        Loaded again, a library may have them elsewhere; here there is something else then.
        """
        table = self._debuggee.breakpoints
        for module in unloaded:
            for item in table.watchpoints:
                if module.contains(item.address):
                    self._resolver.disarm(item)
                    table.remove(item.number)
                    name = f"watchpoint {item.number} ({item.expression})"
                    text = f"{name} was deleted: {module.name} was unloaded"
                    self._debuggee.publish(Notice(text))

    def await_entry(self) -> None:
        """Trap the entry point of an executed program, where its libraries are loaded."""
        main = self._debuggee.modules.main
        if main is not None and main.image.entry:
            entry = main.address(main.image.entry)
            self._debuggee.sites.replace_owned(("entry", 0), (SiteKey("software", entry),))

    def entry_reached(self) -> None:
        """Read the libraries of an executed program that has come to its entry point."""
        self._debuggee.sites.release_all(("entry", 0))
        self.refresh()


def libraries_changed(changes: ModuleChanges) -> LibrariesChanged:
    """Return the event for changes of modules, by path."""
    return LibrariesChanged(
        tuple(module.path for module in changes.loaded),
        tuple(module.path for module in changes.unloaded),
    )
