"""Steps in async functions: which coroutine they are about, and the plans that stay with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.inspect.coroutines import Coroutine, find_coroutine
from crabtrap.engine.inspect.frame import Frame
from crabtrap.engine.plans.across_polls import AcrossPolls, PollWork
from crabtrap.engine.plans.poll_work import (
    Body,
    FinishInlinedPolls,
    FinishPolls,
    RunToPoll,
    StepInPoll,
)
from crabtrap.engine.plans.run_to import FinishInlined
from crabtrap.engine.plans.stepping import StepLine
from crabtrap.errors import StateError
from crabtrap.records import dataclass
from crabtrap.tasks.runtime_code import runs_tasks
from crabtrap.tasks.task_frames import TaskFrame

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.plans.plan import Plan

_NO_PLACE = (
    "it is not known where this async function keeps its state: the debug information lacks it"
)


@dataclass(frozen=True, slots=True)
class PolledFrame:
    """A frame that is a poll of a coroutine.

    Attributes:
        frame: The frame.
        coroutine: The coroutine.
        poll: As for ``AcrossPolls``.
        depth: Place of the frame in its inline chain, counted from the concrete function.
        glue: As for ``AcrossPolls``.
    """

    frame: Frame
    coroutine: Coroutine
    poll: Coroutine | None
    depth: int
    glue: frozenset[Address]

    def step(self, inner: int, *, into: bool) -> Plan:
        """Plan a step to another line in it, when its physical frame is the innermost.

        Args:
            inner: Index of its frame then.
            into: As for ``StepLine``.
        """
        step = StepLine(self.frame.thread.tid, into, inner)
        return self._across(step.name, StepInPoll(step, self.coroutine))

    def finish(self) -> Plan:
        """Plan to run until its function has returned its result, from any frame."""
        plan = self._across("finish", FinishPolls(self.coroutine.function))
        return self._of_its_frame(plan)

    def finish_inlined(self, inner: int) -> Plan:
        """Plan to leave it, inlined, when its physical frame is the innermost."""
        finish = FinishInlined(self.frame.thread.tid, inner)
        return self._across(
            "finish", FinishInlinedPolls(finish, self.coroutine.function, runs_tasks)
        )

    def until_resumed(self) -> Plan:
        """Plan to run until it is polled again, from any frame."""
        work = RunToPoll("until-resumed", self.coroutine)
        return self._of_its_frame(self._across(work.name, work))

    def _across(self, name: str, work: PollWork) -> AcrossPolls:
        tid = self.frame.thread.tid
        body = Body(self.coroutine.function, self.depth)
        return AcrossPolls(name, tid, self.coroutine, body, self.poll, work, runs_tasks, self.glue)

    def _of_its_frame(self, plan: AcrossPolls) -> AcrossPolls:
        physical = self.frame.physical
        caller = self.frame.thread.stack.physical(physical.index + 1)
        if caller is None or physical.cfa is None:
            raise StateError("it is not known where this frame returns to")
        plan.frame_cfa, plan.return_address = physical.cfa, caller.pc
        return plan


def find_polled(debuggee: Debuggee, frame: Frame) -> PolledFrame | None:
    """Find out whether a frame of a coroutine's body is one that steps can stay with.

    That takes a free debug register where the coroutine's function is inlined into something
    else than an async function.
    """
    coroutine = find_coroutine(frame)
    if coroutine is None:
        return None
    outermost = _outermost(frame)
    poll = coroutine if outermost is frame else find_coroutine(outermost)
    is_watched = _can_watch(debuggee)
    if poll is None and not is_watched:
        return None
    glue = frozenset[Address]() if is_watched else _drop_functions(coroutine)
    return PolledFrame(frame, coroutine, poll, outermost.index - frame.index, glue)


def until_resumed(debuggee: Debuggee, frame: StackFrame) -> Plan:
    """Plan to run until the async function of a frame is polled again.

    Raises:
        StateError: It is none.
    """
    need_async(frame)
    if not isinstance(frame, Frame):
        work = RunToPoll("until-resumed", _waiting(frame))
        return _from_wait(debuggee, work.name, work.coroutine, work)
    found = find_polled(debuggee, frame)
    if found is None:
        raise StateError(_NO_PLACE)
    return found.until_resumed()


def finish_waiting(debuggee: Debuggee, frame: StackFrame) -> Plan:
    """Plan to run until what a task awaits has its result.

    Raises:
        StateError: It is no async function, or was not started.
    """
    need_async(frame)
    coroutine = _waiting(frame)
    return _from_wait(debuggee, "finish", coroutine, FinishPolls(coroutine.function))


def need_async(frame: StackFrame) -> None:
    """Check that a frame is that of an async function or block.

    Raises:
        StateError: It is not.
    """
    if frame.code is None or not frame.code.is_coroutine_body:
        name = frame.function or "this frame"
        raise StateError(f"{name} is no async function", hint="select a frame of one")


def _waiting(frame: StackFrame) -> Coroutine:
    """The coroutine of a frame that no thread runs."""
    assert isinstance(frame, TaskFrame)
    value = frame.level.value
    if frame.state != "suspended" or frame.code is None or value.address is None:
        raise StateError(f"{frame.function} is {frame.state}: it does not wait to be polled")
    return Coroutine(frame.code, value.address, value.shape)


def _from_wait(debuggee: Debuggee, name: str, coroutine: Coroutine, work: PollWork) -> Plan:
    poll = None if coroutine.function.inlined else coroutine
    is_watched = _can_watch(debuggee)
    if poll is None and not is_watched:
        raise StateError("no debug register is free", hint="delete a watchpoint")
    glue = frozenset[Address]() if is_watched else _drop_functions(coroutine)
    body = Body(coroutine.function, 0)
    return AcrossPolls(name, 0, coroutine, body, poll, work, runs_tasks, glue)


def _can_watch(debuggee: Debuggee) -> bool:
    return debuggee.sites.hardware_in_use < debuggee.target.abilities.hardware_slots


def _outermost(frame: Frame) -> Frame:
    """The concrete function's frame in the same activation."""
    index = frame.index
    while frame.inlined:
        index += 1
        frame = frame.thread.frame(index)
    return frame


def _drop_functions(coroutine: Coroutine) -> frozenset[Address]:
    """Where the coroutine's drop begins in functions of its own: that may be inlined, too."""
    found = coroutine.function.module.find_code(f"drop_in_place<{coroutine.type.path}>")
    return frozenset(each.entry for each in found)
