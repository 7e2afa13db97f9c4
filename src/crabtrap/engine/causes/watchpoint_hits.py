"""Watchpoint hits: what was written, and when the scope of a watched local ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.stoppoints import Watchpoint
from crabtrap.engine.breakpoints.watched import noted_bytes, text_of
from crabtrap.engine.causes.breakpoint_hits import condition_failed
from crabtrap.engine.causes.cause import AT_INSTRUCTION, Judgement, judge_each
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

    def judge(self, stop: TargetStop, state: Running) -> Judgement:
        """Judge every watchpoint whose frame returns to the pc."""
        if stop.pc is None:
            return IGNORE
        numbers = self._debuggee.sites.owners_at(stop.pc).get("scope", ())
        items = [self._debuggee.breakpoints.find(number) for number in numbers]
        return judge_each(
            partial(self._scope, item, stop) for item in items if isinstance(item, Watchpoint)
        )

    def _scope(self, item: Watchpoint, stop: TargetStop) -> Verdict:
        """Delete the watchpoint, unless a deeper recursion returned to the same address."""
        if stop.thread != item.scope_thread:
            return CONSUME
        view = self._inspector.view(stop.thread, stop.registers)
        if item.scope_cfa is not None and view.sp < item.scope_cfa:
            return CONSUME
        self._debuggee.breakpoints.remove(item.number)
        for owner in ("watch", "scope"):
            self._debuggee.sites.release_all((owner, item.number))
        unwound = view.pc != item.scope_return
        last = self._last(item) or None
        return Report(WatchScopeEnded(item.number, item.expression, last, unwound))

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

    def judge(self, stop: TargetStop, state: Running) -> Judgement:
        """Judge every watchpoint that covers the address, each once."""
        if stop.address is None:
            return IGNORE
        owners = dict.fromkeys(self._debuggee.sites.watching(stop.address))
        items = [self._debuggee.breakpoints.find(n) for kind, n in owners if kind == "watch"]
        return judge_each(
            partial(self._watchpoint, item, stop) for item in items if isinstance(item, Watchpoint)
        )

    def _watchpoint(self, item: Watchpoint, stop: TargetStop) -> Verdict:
        if not item.enabled:
            return CONSUME
        if stop.condition_error and item.on_target:
            return condition_failed(item, self._failure(item, stop), 0)
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

    def _failure(self, item: Watchpoint, stop: TargetStop) -> str:
        """Why a condition has no value, in the words of the language if it has none for it."""
        try:
            self._holds(item, stop)
        except CrabtrapError as error:
            return str(error)
        return stop.condition_error

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
        before, item.hits, item.judged = item.judged, count, count
        if count > before and count > item.ignore and item.temporary:
            self._debuggee.breakpoints.remove(item.number)
        return count > before and count > item.ignore

    def _before(self, item: Watchpoint) -> tuple[bytes, str | None]:
        """Return the value before the change, and its text where it can be told."""
        if item.kind != "write":
            return item.old, item.old_text
        before = noted_bytes(item, self._debuggee.control.read_counter, before=True)
        return before, text_of(item, before)
