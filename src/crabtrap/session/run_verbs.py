"""The verbs that let the program run: which plan each of them is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from crabtrap.engine.plans.run_to import Continue, Finish, FinishInlined, RunTo, StepInstruction
from crabtrap.engine.plans.stepping import StepLine
from crabtrap.errors import RangeError, StateError
from crabtrap.events import StepDone, StopEvent
from crabtrap.records import replace
from crabtrap.session.returns import find_return_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.plans.plan import Plan
    from crabtrap.session.selection import Selection
    from crabtrap.symbols.breakpoint_locations import Resolution
    from crabtrap.symbols.code import Function
    from crabtrap.values.value import Value


class Host(Protocol):
    """What the verbs need of their session."""

    def run_plan(self, plan: Plan) -> StopEvent:
        """Carry out a plan; what it stopped for is selected, and not yet published."""
        ...

    def publish(self, event: StopEvent) -> None:
        """Tell every listener."""
        ...

    def resolve(self, spec: str) -> Resolution:
        """Places that ``spec`` means."""
        ...

    def render_short(self, value: Value) -> str:
        """A value on one line."""
        ...


class Runner:
    """Makes plans out of verbs and carries them out on a session."""

    def __init__(self, host: Host, selection: Selection) -> None:
        self._host = host
        self._selection = selection

    def continue_(self) -> StopEvent:
        """Until something stops the program."""
        return self._run(Continue(self._selection.tid))

    def line(self, count: int, *, into: bool) -> StopEvent:
        """``count`` lines of the user's code."""
        return _repeat(count, lambda: self._line(into))

    def _line(self, into: bool) -> StopEvent:
        # Frame 0 is the usual case, and asking for another takes unwinding.
        inner = self._selection.index
        if inner and self._selection.frame.physical.index:
            inner = 0
        return self._run(StepLine(self._selection.tid, into, inner))

    def instruction(self, count: int, *, over: bool) -> StopEvent:
        """``count`` instructions."""
        tid = self._selection.tid
        return _repeat(count, lambda: self._run(StepInstruction(tid, over)))

    def finish(self) -> StopEvent:
        """Until the selected frame has returned.

        Raises:
            StateError: The frame is the outermost.
        """
        frame, tid = self._selection.frame, self._selection.tid
        if frame.inlined and frame.physical.index == 0:
            return self._run(FinishInlined(tid, frame.index))
        caller = frame.thread.stack.physical(frame.physical.index + 1)
        cfa = frame.physical.cfa
        if caller is None or cfa is None:
            raise StateError("the outermost frame has nowhere to return to")
        finished = None if frame.inlined else frame.code
        plan = Finish(tid, cfa, caller.pc)
        event = self._host.run_plan(plan)
        if plan.returned and finished is not None:
            event = self._with_return_value(event, finished)
        self._host.publish(event)
        return event

    def _with_return_value(self, event: StopEvent, function: Function) -> StopEvent:
        value = find_return_value(function, self._selection.frame)
        if value is None:
            return event
        done = StepDone("finish", self._host.render_short(value), value.type.name)
        reasons = tuple(done if isinstance(why, StepDone) else why for why in event.reasons)
        return replace(event, reasons=reasons)

    def until_below(self) -> StopEvent:
        """To a line below the present one: as ``next``, but through loops to their end."""
        start = self._selection.frame
        event = self._line(into=False)
        while self._is_still_above(start, event):
            event = self._line(into=False)
        return event

    def _is_still_above(self, start: Frame, event: StopEvent) -> bool:
        if not all(isinstance(why, StepDone) for why in event.reasons):
            return False
        here = self._selection.frame
        same = here.cfa == start.cfa and here.path == start.path
        return same and (here.pc <= start.pc or here.line == start.line)

    def run_to(self, name: str, spec: str) -> StopEvent:
        """To a place, or until the selected frame returns.

        Raises:
            NotFoundError: There is no such place.
        """
        resolution = self._host.resolve(spec)
        if not resolution.locations:
            raise resolution.not_found(spec)
        frame = self._selection.frame
        caller = frame.thread.stack.physical(frame.physical.index + 1)
        return self._run(
            RunTo(
                self._selection.tid,
                name,
                frozenset(location.address for location in resolution.locations),
                frame.physical.cfa,
                caller.pc if caller is not None else None,
            )
        )

    def _run(self, plan: Plan) -> StopEvent:
        event = self._host.run_plan(plan)
        self._host.publish(event)
        return event


def _repeat(count: int, once: Callable[[], StopEvent]) -> StopEvent:
    """Do it again as long as nothing else stops the program."""
    if count < 1:
        raise RangeError(f"cannot do that {count} times")
    event = once()
    for _ in range(count - 1):
        if not all(isinstance(why, StepDone) for why in event.reasons):
            break
        event = once()
    return event
