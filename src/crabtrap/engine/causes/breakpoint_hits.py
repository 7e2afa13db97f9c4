"""Breakpoint hits: whose trap was hit, whether its condition holds, and what follows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.stoppoints import Breakpoint
from crabtrap.engine.causes.cause import AT_INSTRUCTION, Judgement, judge_each
from crabtrap.engine.machine import CONSUME, IGNORE, Report
from crabtrap.errors import CrabtrapError
from crabtrap.events import BreakpointHit, ConditionFailed, LogMessage, SignalReceived
from crabtrap.log import Log
from crabtrap.target.interface import TRAPPED

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.breakpoints.stoppoints import AnyStoppoint
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.language import Language
    from crabtrap.engine.machine import CONSUME, IGNORE, Running, Verdict
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation
    from crabtrap.target.interface import StopKind, TargetStop

_log = Log("crabtrap.engine")

_SIGTRAP = 5
_SI_KERNEL = 128
_INT3 = b"\xcc"


class BreakpointHits:
    """The cause of stops at the user's breakpoints."""

    kinds: tuple[StopKind, ...] = AT_INSTRUCTION

    def __init__(self, debuggee: Debuggee, inspector: Inspector, language: Language) -> None:
        self._debuggee = debuggee
        self._inspector = inspector
        self._language = language

    def judge(self, stop: TargetStop, state: Running) -> Judgement:
        """Judge every breakpoint with a location at the pc."""
        pc = stop.pc
        if pc is None:
            return IGNORE
        owners = self._debuggee.sites.owners_at(pc)
        if not owners and stop.kind in TRAPPED:
            return self._nobodys_trap(stop, pc)
        found = map(self._debuggee.breakpoints.find, owners.get("breakpoint", ()))
        items = [each for each in found if isinstance(each, Breakpoint) and each.enabled]
        return judge_each(partial(self._breakpoint, item, stop, pc) for item in items)

    def _nobodys_trap(self, stop: TargetStop, pc: Address) -> Verdict:
        """Handle a hit of a removed trap, or of an ``int3`` of the program itself.

        Some servers take the latter for a breakpoint and leave the pc at it, where it
        would be hit again and again.
        """
        if self._debuggee.target.memory.read_partial(pc, 1) != _INT3:
            _log.debug("hit of a trap that is gone: %#x", pc)
            return CONSUME
        self._debuggee.control.write_registers(stop.thread, {"rip": pc + 1})
        return Report(SignalReceived(_SIGTRAP, "SIGTRAP", _SI_KERNEL))

    def _breakpoint(self, item: Breakpoint, stop: TargetStop, pc: Address) -> Verdict:
        if item.thread is not None and item.thread != stop.thread:
            return CONSUME
        if item.of_task is not None and not item.of_task(self._inspector.thread(stop.thread)):
            return CONSUME
        if not self._arrives(item, stop):
            return CONSUME
        if stop.condition_error and item.on_target:
            return self._judged_again(item, stop)
        if item.on_target and stop.kind in TRAPPED and self._was_evaluated(item, pc):
            if not self._counted_by_target(item):
                return CONSUME
        else:
            try:
                if not self._holds(item, stop):
                    return CONSUME
            except CrabtrapError as error:
                return condition_failed(item, str(error), frame_index(item, stop))
            if not self._count(item):
                return CONSUME
        return self._hit(item, stop)

    def _judged_again(self, item: Breakpoint, stop: TargetStop) -> Verdict:
        """Judge by the language where the target failed, at this condition or at another's.

        The language says why there is no value in the words that evaluating uses.
        """
        try:
            holds = self._holds(item, stop)
        except CrabtrapError as error:
            return condition_failed(item, str(error), frame_index(item, stop))
        if self._debuggee.control.read_counter(item.number) > item.judged:
            counts = self._counted_by_target(item)
        else:
            counts = holds and self._count(item)
        return self._hit(item, stop) if counts else CONSUME

    def _arrives(self, item: Breakpoint, stop: TargetStop) -> bool:
        """Whether the thread arrives at the line now, and was not on it all the time."""
        location = location_at(item, stop)
        if location is None or not item.has_continuations:
            return True
        visit = (stop.thread, self._inspector.view(stop.thread, stop.registers).cfa or 0)
        if location.continues and visit in item.visits:
            item.visits.discard(visit)
            return False
        if any(location.address in other.continues for other in item.locations):
            item.visits.add(visit)
        return True

    def _hit(self, item: Breakpoint, stop: TargetStop) -> Verdict:
        if item.callback is not None and item.callback(self._frame(item, stop)) is False:
            return CONSUME
        if item.log is not None:
            self._write_log(item, stop)
            return CONSUME
        if item.temporary:
            self._debuggee.breakpoints.remove(item.number)
            self._debuggee.sites.release_all(("breakpoint", item.number))
        index = frame_index(item, stop)
        return Report(BreakpointHit(item.number, item.hits, item.temporary, index))

    def _was_evaluated(self, item: Breakpoint, pc: Address) -> bool:
        owner = ("breakpoint", item.number)
        return self._debuggee.sites.condition_evaluated_by_target(pc, owner)

    def _counted_by_target(self, item: Breakpoint) -> bool:
        """Whether this breakpoint's condition held: its counter rose and is above ``ignore``."""
        count = self._debuggee.control.read_counter(item.number)
        before, item.hits, item.judged = item.judged, count, count
        return count > before and count > item.ignore

    def _holds(self, item: Breakpoint, stop: TargetStop) -> bool:
        if item.condition is None:
            return True
        return self._language.holds(item.condition, self._frame(item, stop))

    def _count(self, item: Breakpoint) -> bool:
        item.hits += 1
        item.judged = item.hits
        if item.on_target:
            self._debuggee.control.set_counter(item.number, item.hits)
        return item.hits > item.ignore

    def _write_log(self, item: Breakpoint, stop: TargetStop) -> None:
        assert item.log is not None
        try:
            text = self._language.expand(item.log, self._frame(item, stop))
        except CrabtrapError as error:
            text = f"{item.log}  <error: {error}>"
        self._debuggee.publish(LogMessage(item.number, stop.thread, text))

    def _frame(self, item: Breakpoint, stop: TargetStop) -> Frame:
        return self._inspector.frame(stop.thread, frame_index(item, stop))


def location_at(item: Breakpoint, stop: TargetStop) -> BreakpointLocation | None:
    """Return the location of a breakpoint that a stop is at."""
    return next((each for each in item.locations if each.address == stop.pc), None)


def frame_index(item: Breakpoint, stop: TargetStop) -> int:
    """Return the index of the frame that a stop at one of a breakpoint's locations is about."""
    location = location_at(item, stop)
    return location.frame if location is not None else 0


def condition_failed(item: AnyStoppoint, error: str, frame: int) -> Verdict:
    """Report that a condition could not be evaluated, the first time; then only count it."""
    item.failures, item.failure = item.failures + 1, error
    if item.failures > 1:
        return CONSUME
    return Report(ConditionFailed(item.number, item.condition or "", error, frame))
