"""Watchpoint hits: what was written, and when the scope of a watched local ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.stoppoints import Watchpoint
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
            return Report(WatchScopeEnded(number, item.expression, item.old_text or None))
        return IGNORE


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
        now = self._debuggee.target.read_memory(item.address, item.size)
        old, old_text, item.old = item.old, item.old_text, now
        if item.kind == "write" and now == old:
            return CONSUME
        new_text = item.render() if item.render is not None else now.hex(" ")
        item.old_text = new_text
        if item.condition is not None:
            try:
                frame = self._inspector.frame(stop.thread)
                if not self._language.holds(item.condition, frame):
                    return CONSUME
            except CrabtrapError as error:
                return condition_failed(item, str(error), 0)
        if not count_hit(self._debuggee.breakpoints, item):
            return CONSUME
        shown_old = old_text if now != old else None
        return Report(WatchHit(item.number, item.expression, shown_old, new_text))
