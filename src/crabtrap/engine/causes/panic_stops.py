"""Stops at Rust panics, when they begin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.sites import SiteKey
from crabtrap.engine.causes.breakpoint_hits import condition_failed
from crabtrap.engine.causes.cause import AT_INSTRUCTION, judge_each
from crabtrap.engine.causes.hits import count_hit
from crabtrap.engine.causes.panic_choice import Panic
from crabtrap.engine.machine import CONSUME, IGNORE, Report
from crabtrap.errors import CrabtrapError

if TYPE_CHECKING:
    from crabtrap.engine.breakpoints.stoppoints import Catchpoint
    from crabtrap.engine.causes.cause import Judgement
    from crabtrap.engine.causes.panics import PanicWatcher
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.language import Language
    from crabtrap.engine.machine import CONSUME, IGNORE, Running, Verdict
    from crabtrap.target.interface import StopKind, TargetStop


class PanicStops:
    """The cause of stops in the functions that every panic calls."""

    kinds: tuple[StopKind, ...] = AT_INSTRUCTION

    def __init__(
        self, debuggee: Debuggee, inspector: Inspector, panics: PanicWatcher, language: Language
    ) -> None:
        self._debuggee = debuggee
        self._inspector = inspector
        self._panics = panics
        self._language = language

    def judge(self, stop: TargetStop, state: Running) -> Judgement:
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
        return self._verdicts(Panic(step.panicked, stop, self._inspector))

    def _verdicts(self, panic: Panic) -> tuple[Verdict, ...]:
        """Show the panic to every catchpoint; it is reported once, however many stop at it."""
        table = self._debuggee.breakpoints
        wanting = [each for each in table.catchpoints if each.kind == "panic" and each.enabled]
        verdicts = judge_each(partial(self._catchpoint, each, panic) for each in wanting)
        return tuple(dict.fromkeys(verdicts)) or (CONSUME,)

    def _catchpoint(self, item: Catchpoint, panic: Panic) -> Verdict:
        if not panic.is_wanted_by(item):
            return CONSUME
        try:
            if item.condition and not self._language.holds(item.condition, panic.frame):
                return CONSUME
        except CrabtrapError as error:
            return condition_failed(item, str(error), panic.reason.frame)
        return Report(panic.reason) if count_hit(self._debuggee.breakpoints, item) else CONSUME
