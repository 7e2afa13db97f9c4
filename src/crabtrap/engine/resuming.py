"""Resuming the threads of a program, as a state says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine import machine
from crabtrap.target.interface import ResumeAction

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.machine import Running
    from crabtrap.engine.stopping import Stopper

_ALL_OTHERS = ResumeAction(None)


class Resumer:
    """Resumes threads, and writes the state in which they run."""

    def __init__(self, debuggee: Debuggee, stopper: Stopper) -> None:
        """Serve ``debuggee``; ``stopper`` lists its threads."""
        self._debuggee = debuggee
        self._stopper = stopper

    def move(self, before: Running, after: Running, actions: list[ResumeAction]) -> None:
        """Resume threads; where that was not sent, they are still where they were."""
        debuggee = self._debuggee
        try:
            debuggee.clock.advance()
            debuggee.state = after
            debuggee.control.resume(actions)
        except BaseException:
            if not debuggee.control.is_running:
                debuggee.state = before
            raise

    def others(self, state: Running, only: int) -> frozenset[int]:
        """Threads that stay stopped when one is resumed; known where we stop them."""
        if self._debuggee.target.abilities.stops_all:
            return frozenset()
        return (state.threads.listed or self._stopper.list_threads()) - {only}

    def step_alone(self, state: Running, thread: int) -> None:
        """Have one thread execute one instruction, without traps."""
        debuggee = self._debuggee
        debuggee.sites.lift_all(debuggee.control)
        signal = state.threads.signals.get(thread, 0)
        after = machine.stepping_over(state, thread, self.others(state, thread))
        self.move(state, after, [ResumeAction(thread, "step", signal)])


def actions_of(state: Running) -> list[ResumeAction]:
    """Return the actions: the plan's thread, threads with a signal to deliver, all others."""
    run, kind, signals = state.run, state.resume.kind, state.threads.signals
    actions: list[ResumeAction] = []
    if kind != "continue" or run.alone:
        actions.append(ResumeAction(run.thread, kind, signals.get(run.thread, 0)))
    if not run.alone:
        for tid, number in signals.items():
            if kind == "continue" or tid != run.thread:
                actions.append(ResumeAction(tid, signal=number))
        actions.append(_ALL_OTHERS)
    return actions
