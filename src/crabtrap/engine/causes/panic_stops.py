"""Stops at Rust panics, when they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.causes.cause import AT_INSTRUCTION
from crabtrap.engine.causes.hits import find_caught
from crabtrap.engine.machine import CONSUME, IGNORE, Report

if TYPE_CHECKING:
    from crabtrap.engine.causes.panics import PanicWatcher
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.machine import CONSUME, IGNORE, Running, Verdict
    from crabtrap.target.interface import StopKind, TargetStop


class PanicStops:
    """The cause of stops in the functions that every panic calls."""

    kinds: tuple[StopKind, ...] = AT_INSTRUCTION

    def __init__(self, debuggee: Debuggee, inspector: Inspector, panics: PanicWatcher) -> None:
        self._debuggee = debuggee
        self._inspector = inspector
        self._panics = panics

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Follow the panic until its message is known, then report it."""
        if stop.pc is None:
            return IGNORE
        debuggee = self._debuggee
        sites = debuggee.sites
        threads = sites.owners_at(stop.pc).get("panic")
        if not threads:
            return IGNORE
        if 0 not in threads and stop.thread not in threads:
            return CONSUME
        hook = ("panic", stop.thread)
        step = self._panics.observe(self._inspector.thread(stop.thread))
        sites.release_all(hook)
        if step.stop_at is not None:
            sites.acquire(SiteKey("software", step.stop_at), hook)
        if step.panicked is None:
            return CONSUME
        caught = find_caught(debuggee.breakpoints, "panic") is not None
        return Report(step.panicked) if caught or debuggee.options.stop_on_panic else CONSUME
