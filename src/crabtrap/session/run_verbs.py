"""The verbs that run the program, each carried out by plans of the engine."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.plans.return_first import ReturnFirst
from crabtrap.engine.plans.run_to import Continue, Finish, FinishInlined, RunTo, StepInstruction
from crabtrap.engine.plans.stepping import StepLine
from crabtrap.errors import RangeError, StateError, StillRunningError, UsageError
from crabtrap.events import StepDone, StopEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.plans.plan import Plan
    from crabtrap.session.async_steps import PolledFrame
    from crabtrap.session.core import Core
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation, Resolution


class RunVerbs:
    """Carries out verbs by plans.

    Each verb blocks until the next visible stop and returns it.
    """

    def __init__(self, core: Core, timeout: float | None = None) -> None:
        """Limit all plans of one verb together to ``timeout`` seconds."""
        self._core = core
        self._timeout = timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def continue_(self, tid: int) -> StopEvent:
        """Run until something stops the program."""
        return self._run(Continue(tid))

    def line(self, tid: int, index: int, count: int, *, into: bool) -> StopEvent:
        """Step ``count`` lines of the user's code, beginning in frame ``index`` of a thread."""
        _check_count(count)
        event = self._line(tid, index, into)
        for _ in range(count - 1):
            if not _is_only_step(event):
                break
            event = self._line(*self._shown, into)
        return event

    def _line(self, tid: int, index: int, into: bool) -> StopEvent:
        # Frame 0 is the usual case; finding another one takes unwinding.
        frame = self._frame(tid, index) if index or self._is_polled(tid) else None
        polled = self._find_polled(frame) if frame is not None else None

        def plan(inner: int) -> Plan:
            if polled is not None:
                return polled.step(inner, into=into)
            return StepLine(tid, into, inner)

        if frame is None or not frame.physical.index:
            return self._run(plan(index))
        return self._in_outer_frame("step" if into else "next", frame, plan, to_line=True)

    def _find_polled(self, frame: Frame) -> PolledFrame | None:
        if frame.code is None or not frame.code.is_coroutine_body:
            return None
        from crabtrap.session.async_steps import find_polled  # noqa: PLC0415 - of use to few

        return find_polled(self._core.program.debuggee, frame)

    def _is_polled(self, tid: int) -> bool:
        """Whether the innermost frame of a thread is that of an async function."""
        chain = self._core.program.inspector.view(tid).chain
        return bool(chain) and chain[0].is_coroutine_body

    def _in_outer_frame(
        self, name: str, frame: Frame, then: Callable[[int], Plan], *, to_line: bool = False
    ) -> StopEvent:
        """Carry out a plan in a frame whose physical frame is not the innermost."""
        stack, physical = frame.thread.stack, frame.physical
        callee = stack.physical(physical.index - 1)
        assert callee is not None
        if callee.cfa is None:
            raise StateError("it is not known where the frames inside of this one end")
        arrival = Finish(frame.thread.tid, callee.cfa, physical.pc, name=name)
        depth = len(frame.thread.process.modules.inline_chain(Address(physical.pc - 1))) - 1
        depth -= frame.index - _first_index(frame)
        return self._run(ReturnFirst(name, arrival, then, max(depth, 0), to_line))

    def _frame(self, tid: int, index: int) -> Frame:
        return self._core.process.thread(tid).frame(index)

    @property
    def _shown(self) -> tuple[int, int]:
        """Thread and frame of the last stop, which every client has selected."""
        selection = self._core.selections[0]
        return selection.tid, selection.index

    def instruction(self, tid: int, count: int, *, over: bool) -> StopEvent:
        """Execute ``count`` instructions."""
        _check_count(count)
        event = self._run(StepInstruction(tid, over))
        for _ in range(count - 1):
            if not _is_only_step(event):
                break
            event = self._run(StepInstruction(tid, over))
        return event

    def finish(self, frame: Frame) -> StopEvent:
        """Run until a frame has returned; an async function, until it has its result.

        Raises:
            StateError: The frame is the outermost.
        """
        tid = frame.thread.tid
        polled = self._find_polled(frame)

        def leave(inner: int) -> Plan:
            return FinishInlined(tid, inner) if polled is None else polled.finish_inlined(inner)

        if frame.inlined and frame.physical.index == 0:
            return self._run(leave(frame.index))
        if frame.inlined:
            return self._in_outer_frame("finish", frame, leave)
        if polled is not None:
            return self._run(polled.finish())
        caller = frame.thread.stack.physical(frame.physical.index + 1)
        cfa = frame.physical.cfa
        if caller is None or cfa is None:
            raise StateError("the outermost frame has nowhere to return to")
        return self._run(Finish(tid, cfa, caller.pc, frame.code))

    def until_resumed(self, frame: StackFrame) -> StopEvent:
        """Run until the async function of a frame is polled again.

        Raises:
            StateError: It is none.
        """
        from crabtrap.session.async_steps import until_resumed  # noqa: PLC0415 - as above

        return self._run(until_resumed(self._core.program.debuggee, frame))

    def line_of_waiting(self, frame: StackFrame, count: int, *, into: bool) -> StopEvent:
        """Step ``count`` lines in what a task awaits, beginning at its await."""
        _check_count(count)
        event = self.until_resumed(frame)
        return self.line(*self._shown, count, into=into) if _is_only_step(event) else event

    def finish_waiting(self, frame: StackFrame) -> StopEvent:
        """Run until what a task awaits has its result."""
        from crabtrap.session.async_steps import finish_waiting  # noqa: PLC0415 - as above

        return self._run(finish_waiting(self._core.program.debuggee, frame))

    def until_below(self, start: Frame) -> StopEvent:
        """Run to a later line: as ``next``, but to the end of loops."""
        # Where a caller goes on is behind its call, and often on the next line already.
        begun_at = start.pc - 1 if start.physical.index else start.pc
        begun = (start.cfa, start.path, begun_at, start.line)
        event = self._line(start.thread.tid, start.index, into=False)
        while _is_only_step(event):
            here = self._frame(*self._shown)
            cfa, path, pc, line = begun
            same = here.cfa == cfa and here.path == path
            if not same or (here.pc > pc and here.line != line):
                break
            event = self._line(*self._shown, into=False)
        return event

    def run_to(self, name: str, frame: Frame, resolution: Resolution) -> StopEvent:
        """Run to a location, or until a frame returns."""
        caller = frame.thread.stack.physical(frame.physical.index + 1)
        plan = RunTo(
            frame.thread.tid,
            name,
            frozenset(location.address for location in resolution.locations),
            frame.physical.cfa,
            caller.pc if caller is not None else None,
        )
        return self._run(plan)

    def _run(self, plan: Plan) -> StopEvent:
        timeout = None
        if self._deadline is not None:
            timeout = max(0.0, self._deadline - time.monotonic())
        try:
            return self._core.run(plan, plan.thread, timeout=timeout)
        except StillRunningError:
            raise StillRunningError(self._timeout or 0.0) from None


def _first_index(frame: Frame) -> int:
    """Return the index of the innermost logical frame in the physical one of ``frame``."""
    index = frame.index
    while index and frame.thread.frame(index - 1).physical.index == frame.physical.index:
        index -= 1
    return index


def the_one_location(spec: str, resolution: Resolution) -> int:
    """Return the address of the only location.

    Raises:
        NotFoundError: There is no location.
        UsageError: There are several.
    """
    match resolution.locations:
        case ():
            raise resolution.not_found(spec)
        case (location,):
            return location.address
        case (first, *rest) if all(_same_function(first, each) for each in rest):
            # One line, entered at several addresses: its beginning is the first of them.
            return first.address
        case locations:
            text = f"{spec} means {len(locations)} locations"
            raise UsageError(text, hint="give an *address")


def _same_function(one: BreakpointLocation, other: BreakpointLocation) -> bool:
    return (one.module, one.function, one.inlined) == (other.module, other.function, False)


def _is_only_step(event: StopEvent) -> bool:
    """Whether the end of the plan is the only reason of a stop."""
    return all(isinstance(why, StepDone) for why in event.reasons)


def _check_count(count: int) -> None:
    if count < 1:
        raise RangeError(f"cannot do that {count} times")
