"""Landings of a panic above the frame that a plan is about: the frame has not returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.causes.cause import AT_INSTRUCTION
from crabtrap.engine.causes.panics import find_user_frame
from crabtrap.engine.machine import CONSUME, IGNORE, Report
from crabtrap.events import FrameUnwound

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.machine import Running, Verdict
    from crabtrap.target.interface import StopKind, TargetStop


class UnwoundFrames:
    """The cause of stops where a panic out of the plan's frame is caught."""

    kinds: tuple[StopKind, ...] = AT_INSTRUCTION

    def __init__(self, debuggee: Debuggee, inspector: Inspector) -> None:
        self._debuggee = debuggee
        self._inspector = inspector

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Report the end of the frame, unless another thread or activation has landed."""
        if stop.pc is None or "catch" not in self._debuggee.sites.owners_at(stop.pc):
            return IGNORE
        plan, catches = state.run.plan, state.run.catches
        view = self._inspector.view(stop.thread, stop.registers)
        if stop.thread != plan.thread or not catches.has_landed(view):
            return CONSUME
        frame = find_user_frame(self._inspector.thread(stop.thread))
        return Report(FrameUnwound(plan.name, catches.function, frame))
