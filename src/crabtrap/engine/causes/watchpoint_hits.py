"""Watchpoint hits: what was written, and when the scope of a watched local ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.stoppoints import Watchpoint
from crabtrap.engine.breakpoints.watched import noted_bytes, text_of
from crabtrap.engine.causes.breakpoint_hits import condition_failed
from crabtrap.engine.causes.cause import AT_INSTRUCTION
from crabtrap.engine.causes.hits import count_hit
from crabtrap.engine.machine import CONSUME, IGNORE, Report
from crabtrap.errors import CrabtrapError
from crabtrap.events import WatchHit, WatchScopeEnded

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.language import Language
    from crabtrap.engine.machine import CONSUME, IGNORE, Running, Verdict
    from crabtrap.target.interface import StopKind, TargetStop


class WatchScopes:
    """The frame that owns a watched local has returned."""

    kinds: tuple[StopKind, ...] = AT_INSTRUCTION

    def __init__(self, debuggee: Debuggee, inspector: Inspector) -> None:
        self._debuggee = debuggee
        self._inspector = inspector

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Delete the watchpoint, unless a deeper recursion returned to the same address."""
        if stop.pc is None:
            return IGNORE
        table, sites = self._debuggee.breakpoints, self._debuggee.sites
        for number in sites.owners_at(stop.pc).get("scope", ()):
            item = table.find(number)
            if not isinstance(item, Watchpoint):
                continue
            if stop.thread != item.scope_thread:
                return CONSUME
            view = self._inspector.view(stop.thread, stop.registers)
            if item.scope_cfa is not None and view.sp < item.scope_cfa:
                return CONSUME
            table.remove(number)
            sites.release_all(("watch", number))
            sites.release_all(("scope", number))
            return Report(WatchScopeEnded(number, item.expression, self._last(item) or None))
        return IGNORE

    def _last(self, item: Watchpoint) -> str | None:
        """Return the text of the value when it was last written, not of what lies there now."""
        if not item.on_target or item.kind != "write":
            return item.old_text
        noted = noted_bytes(item, self._debuggee.control.read_counter, before=False)
        return text_of(item, noted)


class WatchpointHits:
    """Watched bytes were accessed."""

    kinds: tuple[StopKind, ...] = ("watch",)

    def __init__(self, debuggee: Debuggee, inspector: Inspector, language: Language) -> None:
        self._debuggee = debuggee
        self._inspector = inspector
        self._language = language

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Evaluate every watchpoint that covers the address; report if one of them does."""
        if stop.address is None:
            return IGNORE
        verdict: Verdict = CONSUME
        seen: set[int] = set()
        for kind, number in self._debuggee.sites.watching(stop.address):
            item = self._debuggee.breakpoints.find(number)
            if kind == "watch" and isinstance(item, Watchpoint) and number not in seen:
                seen.add(number)
                this = self._watchpoint(item, stop)
                verdict = this if isinstance(this, Report) else verdict
        return verdict

    def _watchpoint(self, item: Watchpoint, stop: TargetStop) -> Verdict:
        if not item.enabled:
            return CONSUME
        if stop.condition_error and item.on_target:
            return condition_failed(item, stop.condition_error, 0)
        if self._debuggee.sites.condition_sent(("watch", item.number)):
            if not self._counted_by_target(item):
                return CONSUME
            old, old_text = self._before(item)
            self._look(item)
        else:
            old, old_text = item.old, item.old_text
            self._look(item)
            if item.kind == "write" and item.old == old:
                return CONSUME
            try:
                if not self._holds(item, stop):
                    return CONSUME
            except CrabtrapError as error:
                return condition_failed(item, str(error), 0)
            if not self._count(item):
                return CONSUME
        shown_old = old_text if item.old != old else None
        return Report(WatchHit(item.number, item.expression, shown_old, item.old_text))

    def _look(self, item: Watchpoint) -> None:
        """Read the watched value as it is now."""
        now = self._debuggee.target.read_memory(item.address, item.size)
        if now != item.old or not item.old_text:
            item.old = now
            item.old_text = item.render() if item.render is not None else now.hex(" ")

    def _holds(self, item: Watchpoint, stop: TargetStop) -> bool:
        """Whether the condition is true where its names belong: where it was set."""
        if item.condition is None:
            return True
        process = self._inspector.process
        home = item.home.find(process) if item.home is not None else None
        if home is not None:
            return self._language.holds(item.condition, home)
        return self._language.holds_outside(item.condition, process)

    def _count(self, item: Watchpoint) -> bool:
        stops = count_hit(self._debuggee.breakpoints, item)
        if item.on_target:
            self._debuggee.control.set_counter(item.number, item.hits)
        return stops

    def _counted_by_target(self, item: Watchpoint) -> bool:
        """Whether this watchpoint was hit: its counter rose and is above ``ignore``."""
        count = self._debuggee.control.read_counter(item.number)
        before, item.hits = item.hits, count
        if count > before and count > item.ignore and item.temporary:
            self._debuggee.breakpoints.remove(item.number)
        return count > before and count > item.ignore

    def _before(self, item: Watchpoint) -> tuple[bytes, str | None]:
        """Return the value before the change, and its text where it can be told."""
        if item.kind != "write":
            return item.old, item.old_text
        before = noted_bytes(item, self._debuggee.control.read_counter, before=True)
        return before, text_of(item, before)
