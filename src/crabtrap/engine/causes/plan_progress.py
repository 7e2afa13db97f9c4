"""Progress of the plan: whether it is done, or how it continues."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from crabtrap.engine.causes.cause import AT_INSTRUCTION
from crabtrap.engine.machine import CONSUME, IGNORE, Proceed, Report
from crabtrap.engine.plans.plan import Done, Resume
from crabtrap.events import Notice
from crabtrap.records import replace
from crabtrap.target.interface import ENDS, TRAPPED, StopKind

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.machine import CONSUME, IGNORE, Running, Verdict
    from crabtrap.target.interface import TargetStop


class PlanProgress:
    """Shows the plan the stops of its own thread."""

    kinds: tuple[StopKind, ...] = tuple(kind for kind in get_args(StopKind) if kind not in ENDS)

    def __init__(self, debuggee: Debuggee, inspector: Inspector) -> None:
        self._debuggee = debuggee
        self._inspector = inspector

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Have the plan explain the stop; hits of its traps by other threads are consumed."""
        plan = state.run.plan
        if not plan.thread and stop.kind not in AT_INSTRUCTION:
            return IGNORE
        if stop.kind == "watch" and stop.pc in state.resume.sites:
            # It will not be stopped there again: the trap at its pc is stepped over.
            stop = replace(stop, kind="breakpoint")
        at_site = stop.kind in TRAPPED and stop.pc in state.resume.sites
        if plan.thread not in (0, stop.thread):
            return CONSUME if at_site else IGNORE
        view = self._inspector.view(stop.thread, stop.registers)
        explanation = plan.explain_stop(stop, view)
        if isinstance(explanation, Resume):
            if explanation.note:
                self._debuggee.publish(Notice(explanation.note))
            return Proceed(explanation)
        if isinstance(explanation, Done):
            return Report(explanation.reason)
        return CONSUME if at_site else IGNORE
