"""Resolving breakpoints to locations in the loaded modules, and acquiring their sites."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.breakpoints.sites import Owner, SiteKey
from crabtrap.engine.breakpoints.stoppoints import (
    AnyStoppoint,
    Breakpoint,
    Catchpoint,
    Unjudged,
    Watchpoint,
)
from crabtrap.engine.breakpoints.watched import FIRST_STATE, free_state, state_of, watch_sites
from crabtrap.engine.inspect.user_code import is_system_library
from crabtrap.engine.language import NotCompilable
from crabtrap.errors import UsageError
from crabtrap.records import replace
from crabtrap.symbols.breakpoint_locations import (
    BreakpointLocation,
    Resolution,
    ResolveContext,
    rebased_location,
)
from crabtrap.symbols.linespec import (
    AddressSpec,
    Spec,
    resolve_spec,
)
from crabtrap.symbols.module_table import ModuleTable
from crabtrap.target.interface import SiteKind

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.language import Language


class LocationResolver:
    """Resolves breakpoints and acquires the sites of all stoppoints."""

    def __init__(self, debuggee: Debuggee, language: Language, inspector: Inspector) -> None:
        self._debuggee = debuggee
        self._language = language
        self._inspector = inspector

    def find(self, spec: Spec) -> Resolution:
        """Find the locations of a linespec in the modules that are loaded now.

        Args:
            spec: Anchored (see ``anchored``), so that its meaning does not depend on a frame.
        """
        return self._resolve(spec, self._debuggee.modules)

    def _resolve(self, spec: Spec | None, modules: ModuleTable) -> Resolution:
        assert spec is not None
        options, door = self._debuggee.options, self._debuggee.clock.door
        is_user = options.user_code.is_user_path
        context = ResolveContext(modules, is_user, substitutes=options.substitutes)
        if door is not None:
            context = replace(context, check=door.check)
        return resolve_spec(spec, context)

    def search(self, item: Breakpoint) -> Resolution:
        """Update a breakpoint's locations; its traps stay as they are.

        Locations in modules that are still loaded are rebased; only modules that were not
        searched before are searched.
        """
        if isinstance(item.spec, AddressSpec) and item.locations:
            resolution = Resolution(item.locations)
        else:
            resolution = self._search_new(item)
        if not item.every_poll:
            resolution = replace(resolution, locations=_arrivals(resolution.locations))
        if item.condition is not None and item.locations != resolution.locations:
            item.unjudged = self.find_unjudged(item.condition, resolution.locations)
        item.locations = resolution.locations
        item.problem, item.hint = resolution.reason, resolution.hint
        item.notes = resolution.notes
        return resolution

    def find_unjudged(
        self, condition: str, locations: tuple[BreakpointLocation, ...]
    ) -> tuple[Unjudged, ...]:
        """Find the locations at which a condition has no meaning.

        Raises:
            ParseError: It is no expression.
        """
        process = self._inspector.process
        self._language.check_condition(condition, process, None)
        found: list[Unjudged] = []
        for location in locations:
            try:
                self._language.check_condition(condition, process, location)
            except UsageError as error:
                found.append(Unjudged(location, error))
        return tuple(found)

    def _search_new(self, item: Breakpoint) -> Resolution:
        modules = self._debuggee.modules.modules
        by_image = {id(module.image): module for module in modules}
        kept = tuple(
            rebased_location(location, by_image[id(location.module.image)])
            for location in item.locations
            if location.module is not None and id(location.module.image) in by_image
        )
        searched = {id(image) for image in item.searched}
        fresh = [module for module in modules if id(module.image) not in searched]
        item.searched = tuple(module.image for module in modules)
        if kept:
            # A location in the program itself wins over the same name in a C library.
            fresh = [module for module in fresh if not is_system_library(module.path)]
        if not fresh:
            if kept:
                return Resolution(kept, notes=item.notes)
            return Resolution(reason=item.problem, hint=item.hint)
        found = self._resolve(item.spec, ModuleTable(fresh))
        return replace(
            found, locations=(*kept, *found.locations), reason="" if kept else found.reason
        )

    def resolve_all(self) -> tuple[Breakpoint, ...]:
        """Resolve every breakpoint again; returns those whose locations have changed."""
        changed: list[Breakpoint] = []
        for item in self._debuggee.breakpoints.breakpoints:
            before = item.addresses
            with self._telling(f"looking for {item.text}"):
                self.search(item)
            self.arm(item)
            if item.addresses != before:
                changed.append(item)
                self._debuggee.breakpoints.changed(item)
        return tuple(changed)

    def _telling(self, label: str) -> AbstractContextManager[None]:
        """Tell of the body if it takes long."""
        door = self._debuggee.clock.door
        return nullcontext() if door is None else door.progress.during(label)

    def arm(self, item: AnyStoppoint) -> None:
        """Update the sites of a stoppoint to its present fields."""
        match item:
            case Breakpoint():
                self._arm_breakpoint(item)
            case Watchpoint():
                self._arm_watchpoint(item)
            case Catchpoint():
                pass

    def disarm(self, item: AnyStoppoint) -> None:
        """Release all sites of a stoppoint."""
        for kind in ("breakpoint", "watch", "scope"):
            self._debuggee.sites.release_all((kind, item.number))

    def _arm_breakpoint(self, item: Breakpoint) -> None:
        # The old sites stay until the new ones are known: compiling may be interrupted.
        owner: Owner = ("breakpoint", item.number)
        self._keep_hits(item)
        item.on_target, item.not_on_target = False, ""
        item.visits.clear()
        locations = item.locations if item.enabled else ()
        conditions = self._compile(item) if locations else {}
        kind: SiteKind = "hardware" if item.hardware else "software"
        self._debuggee.sites.replace_conditional(
            owner,
            {SiteKey(kind, each.address): conditions.get(each.address) for each in locations},
        )
        item.on_target = bool(conditions)
        control = self._debuggee.live_control if conditions else None
        if control is not None:
            control.set_counter(item.number, item.hits)

    def _keep_hits(self, item: Breakpoint | Watchpoint) -> None:
        """Read the hits that the target has counted, before it is told where to count from."""
        control = self._debuggee.live_control if item.on_target else None
        if control is not None:
            item.hits = max(item.hits, control.read_counter(item.number))
        if not item.on_target:
            item.judged = item.hits

    def _compile(self, item: Breakpoint) -> dict[Address, bytes]:
        """Compile agent code for every location, or for none: a mixture would miscount."""
        wanted = item.condition is not None or item.ignore > item.hits
        if not wanted or self._debuggee.target.control is None:
            return {}
        item.not_on_target = self._obstacle(item)
        if item.not_on_target:
            return {}
        codes: dict[Address, bytes] = {}
        for location in item.locations:
            code = self._language.compile(item.condition, location, item.number, item.ignore)
            if isinstance(code, NotCompilable):
                item.not_on_target = code.reason
                return {}
            codes[location.address] = code
        return codes

    def _obstacle(self, item: Breakpoint) -> str:
        """Return why the target cannot evaluate the breakpoint's condition, ``""`` if it can."""
        abilities = self._debuggee.target.abilities
        if not (abilities.conditions and abilities.counters):
            return "the server counts no hits"
        if item.number >= FIRST_STATE:
            return "there are too many breakpoints"
        if item.log is not None:
            return "it writes a log"
        if item.has_continuations:
            return "its line is entered at several addresses"
        if item.of_task is not None:
            return "it is for one task"
        return "it is for one thread" if item.thread is not None else ""

    def _arm_watchpoint(self, item: Watchpoint) -> None:
        sites = self._debuggee.sites
        self._keep_hits(item)
        code = self._compile_watch(item) if item.enabled else None
        keys = watch_sites(item) if item.enabled else ()
        ends = _scope_ends(item) if item.enabled else frozenset[Address]()
        sites.replace_conditional(("watch", item.number), dict.fromkeys(keys, code))
        sites.replace_owned(("scope", item.number), (SiteKey("software", each) for each in ends))
        item.on_target = code is not None

    def _compile_watch(self, item: Watchpoint) -> bytes | None:
        """Compile what the target tests at each access, and set the variables it needs."""
        control, abilities = self._debuggee.live_control, self._debuggee.target.abilities
        item.not_on_target = ""
        if control is None:
            return None
        if not (abilities.conditions and abilities.counters):
            item.not_on_target = "the server evaluates no conditions of watchpoints"
            return None
        item.state = free_state(item, self._debuggee.breakpoints.watchpoints)
        code = self._language.compile_watch(item)
        if isinstance(code, NotCompilable):
            item.not_on_target = code.reason
            return None
        item.old = self._debuggee.target.read_memory(item.address, item.size)
        item.old_text = item.render() if item.render is not None else item.old.hex(" ")
        control.set_counter(item.number, item.hits)
        for number, value in state_of(item, item.old):
            control.set_counter(number, value)
        return code


def _arrivals(locations: tuple[BreakpointLocation, ...]) -> tuple[BreakpointLocation, ...]:
    """Leave out where polls go on with an await, unless that is all there is."""
    return tuple(each for each in locations if not each.resumes) or locations


def _scope_ends(item: Watchpoint) -> frozenset[Address]:
    """Return where a thread arrives when the frame that a watchpoint is for has ended."""
    returns = () if item.scope_return is None else (item.scope_return,)
    return frozenset((*item.scope_pads, *returns))
