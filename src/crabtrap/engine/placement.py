"""Keeping breakpoints' places, and the traps for them, in step with what is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.breakpoints import AnyStoppoint, Breakpoint, Catchpoint, Watchpoint
from crabtrap.engine.language import NotCompilable
from crabtrap.engine.sites import Owner, SiteKey
from crabtrap.symbols.location import (
    AddressSpec,
    ExpressionSpec,
    LineSpec,
    Spec,
    resolve_spec,
)
from crabtrap.symbols.places import Resolution, ResolveContext
from crabtrap.target.base import SiteKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.engine.context import Context
    from crabtrap.engine.language import Language

_SPLIT_SIZES = (8, 4, 2, 1)
MAX_WATCHED = 32
"""Bytes that four debug registers cover."""


class Placer:
    """Finds places for breakpoints and owns their sites."""

    def __init__(self, context: Context, language: Language) -> None:
        self._context = context
        self._language = language
        self.evaluate_address: Callable[[str], Address] | None = None
        self.current_file: Callable[[], str | None] = lambda: None

    def resolve(self, item: Breakpoint) -> Resolution:
        """Find the places of a breakpoint in the modules that are there now."""
        assert item.spec is not None
        return self.find(item.spec)

    def find(self, spec: Spec) -> Resolution:
        """Find the places of a spec in the modules that are there now."""
        return resolve_spec(
            spec,
            ResolveContext(
                self._context.modules,
                current_file=self.current_file() if _needs_file(spec) else None,
                is_user_path=self._context.options.user_code.is_user_path,
                evaluate_address=self.evaluate_address,
            ),
        )

    def place(self, item: Breakpoint) -> Resolution:
        """Find a breakpoint's places anew and set its traps there."""
        if isinstance(item.spec, ExpressionSpec) and item.places:
            # Fixed when it was set; evaluating again would move it from stop to stop.
            resolution = Resolution(item.places)
        else:
            resolution = self.resolve(item)
        item.places = resolution.places
        item.problem = resolution.reason
        self.arm(item)
        return resolution

    def place_all(self) -> tuple[Breakpoint, ...]:
        """Find every breakpoint's places anew; returns those whose places changed."""
        changed: list[Breakpoint] = []
        for item in self._context.breakpoints.breakpoints:
            if isinstance(item.spec, AddressSpec):
                self.arm(item)
                continue
            before = item.addresses
            self.place(item)
            if item.addresses != before:
                changed.append(item)
                self._context.breakpoints.changed(item)
        return tuple(changed)

    def arm(self, item: AnyStoppoint) -> None:
        """Make the sites of a stoppoint what its fields say now."""
        match item:
            case Breakpoint():
                self._arm_breakpoint(item)
            case Watchpoint():
                self._arm_watchpoint(item)
            case Catchpoint():
                pass

    def disarm(self, item: AnyStoppoint) -> None:
        """Give up all sites of a stoppoint."""
        for kind in ("breakpoint", "watch", "scope"):
            self._context.sites.release_all((kind, item.number))

    def _arm_breakpoint(self, item: Breakpoint) -> None:
        sites = self._context.sites
        owner: Owner = ("breakpoint", item.number)
        sites.release_all(owner)
        item.on_target = False
        if not item.enabled or not item.places:
            return
        kind: SiteKind = "hardware" if item.hardware else "software"
        conditions = self._compile(item)
        for place in item.places:
            sites.acquire(SiteKey(kind, place.address), owner, conditions.get(place.address))
        item.on_target = bool(conditions)
        control = self._context.target.control if conditions else None
        if control is not None:
            control.set_counter(item.number, item.hits)

    def _compile(self, item: Breakpoint) -> dict[Address, bytes]:
        """Agent code for every place, or nothing at all: both ways at once would miscount."""
        abilities = self._context.target.abilities
        wanted = item.condition is not None or item.ignore > item.hits
        possible = abilities.conditions and abilities.counters and item.log is None
        if not (wanted and possible) or item.thread is not None:
            return {}
        codes: dict[Address, bytes] = {}
        for place in item.places:
            code = self._language.compile(item.condition, place, item.number, item.ignore)
            if isinstance(code, NotCompilable):
                return {}
            codes[place.address] = code
        return codes

    def _arm_watchpoint(self, item: Watchpoint) -> None:
        sites = self._context.sites
        watch, scope = ("watch", item.number), ("scope", item.number)
        sites.release_all(watch)
        sites.release_all(scope)
        if not item.enabled:
            return
        kind: SiteKind = "write" if item.kind == "write" else "access"
        for address, size in split_watched(item.address, item.size):
            sites.acquire(SiteKey(kind, address, size), watch)
        if item.scope_return is not None:
            sites.acquire(SiteKey("software", item.scope_return), scope)


def _needs_file(spec: Spec) -> bool:
    """Whether a place is a bare line number; finding the file it means takes a look-up."""
    return isinstance(spec, LineSpec) and spec.file is None


def split_watched(address: Address, size: int) -> tuple[tuple[Address, int], ...]:
    """Cut a range into aligned pieces of 8, 4, 2 and 1 bytes, as debug registers need.

    Example:
        >>> split_watched(0x1004, 12)
        ((4100, 4), (4104, 8))
    """
    pieces: list[tuple[Address, int]] = []
    while size > 0:
        piece = next(n for n in _SPLIT_SIZES if n <= size and address % n == 0)
        pieces.append((address, piece))
        address = Address(address + piece)
        size -= piece
    return tuple(pieces)
