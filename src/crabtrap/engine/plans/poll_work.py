"""What ``AcrossPolls`` does while a coroutine is being polled: steps, and runs to an end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.plans.plan import FREELY, UNEXPLAINED, Done, Explanation, Resume
from crabtrap.engine.plans.user_callers import nearest_user_frame
from crabtrap.events import CoroutineEnded, StepDone
from crabtrap.records import dataclass, field
from crabtrap.symbols.names import body_name, function_name
from crabtrap.target.interface import TRAPPED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crabtrap.address import Address
    from crabtrap.engine.inspect.coroutines import Coroutine
    from crabtrap.engine.plans.run_to import FinishInlined
    from crabtrap.engine.plans.stepping import StepLine
    from crabtrap.engine.plans.thread_view import ThreadView
    from crabtrap.engine.plans.user_callers import Outside
    from crabtrap.symbols.code_rows import Function
    from crabtrap.target.interface import TargetStop


@dataclass(frozen=True, slots=True)
class Body:
    """The code of a coroutine in one poll: the compiler may have made several copies.

    Attributes:
        function: A function, or an instance inlined into what awaits the coroutine.
        depth: Where it is in the inline chain, counted from the concrete function.
    """

    function: Function
    depth: int


@dataclass(slots=True)
class _Arrival:
    """Where a coroutine's body goes on after what every poll begins with.

    A poll begins with a jump to where the last one has ended; code there may be said to be of
    other lines, of the function's head or of other awaits, with which it is shared.

    Attributes:
        coroutine: The coroutine.
        body: Its body in this poll.
        frame_cfa: CFA of the frame that polls it.
    """

    coroutine: Coroutine
    body: Body
    frame_cfa: int | None = None
    _places: frozenset[Address] = field(default=frozenset(), init=False)

    def await_in(self, view: ThreadView, *left: tuple[str, int]) -> Resume:
        """Trap the line of the await in the poll that has just begun.

        Where that has no code, all statements of the body are trapped. Where there are ways for
        the poll around that code, because an optimiser has given it the lines of something
        inlined, the first statements on these are trapped as well.

        Args:
            view: The thread, which has entered the poll.
            left: Path and line that the thread was on when the last poll ended.
        """
        self.frame_cfa = view.cfa
        found = view.code.body_statements(self.body.function, self.body.depth)
        lines = (self.coroutine.position(view.target), *left)
        own = frozenset(each for each, position in found.items() if position in lines)
        self._places = own | self._ways_around(view, found) if own else frozenset(found)
        return Resume(sites=self._places)

    def _ways_around(
        self, view: ThreadView, statements: Mapping[Address, tuple[str, int]]
    ) -> frozenset[Address]:
        """The statements that the poll may arrive at first, of whatever line.

        The function that is entered has to begin with a jump for the states of this coroutine.
        """
        outer = view.chain[len(view.chain) - self.body.depth :]
        if not view.chain or any(each.is_coroutine_body for each in outer):
            return frozenset()
        number = self.coroutine.number(view.target)
        return view.code.first_arrivals(view.chain[-1], number, statements)

    def has_come(self, stop: TargetStop, view: ThreadView) -> bool:
        """Whether a stop is at one of these, in the frame itself."""
        return stop.kind in TRAPPED and view.pc in self._places and view.cfa == self.frame_cfa


@dataclass(slots=True)
class StepInPoll:
    """Steps to another line.

    Attributes:
        step: Steps in the poll that is under way.
        coroutine: The coroutine.
        returned: ``None``; see ``Returning``.
    """

    step: StepLine
    coroutine: Coroutine
    returned: None = None
    _arrival: _Arrival | None = field(default=None, init=False)

    def begin(self, view: ThreadView) -> Resume | Done:
        """Leave the present line."""
        return self.step.begin(view)

    def go_on(self, view: ThreadView, body: Body) -> Resume:
        """Run to where the body goes on."""
        self._arrival = _Arrival(self.coroutine, body)
        return self._arrival.await_in(view, self.step.position)

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Leave the line where the body goes on, unless that is another one."""
        arrival = self._arrival
        if arrival is None:
            return self.step.explain_stop(stop, view)
        if not arrival.has_come(stop, view):
            return UNEXPLAINED
        self._arrival = None
        return self.step.go_on(view)

    def ended(self, view: ThreadView, frame: int | None) -> Explanation:
        """Stop in what has awaited it."""
        if frame is None:
            return completed(self.step.name, self.coroutine.function)
        return self.step.returned_to(view)


@dataclass(slots=True)
class FinishPolls:
    """Runs until the coroutine has returned its result.

    Attributes:
        function: Its body, out of line.
        returned: The body, once it has returned.
    """

    function: Function
    returned: Function | None = field(default=None, init=False)

    def begin(self, view: ThreadView) -> Resume | Done:
        """Run to the end of the poll."""
        return FREELY

    def go_on(self, view: ThreadView, body: Body) -> Resume:
        """Run to the end of the next one."""
        return FREELY

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Explain none: only the end of the poll is of interest."""
        return UNEXPLAINED

    def ended(self, view: ThreadView, frame: int | None) -> Explanation:
        """Stop where it has returned to, and show the user's function that has awaited it."""
        self.returned = self.function
        if frame is None:
            return completed("finish", self.function)
        return Done(StepDone("finish", frame=frame))


@dataclass(slots=True)
class FinishInlinedPolls:
    """Runs until a coroutine is left that is inlined into what awaits it.

    Attributes:
        finish: Leaves it in the poll that is under way.
        function: Its body, an inline instance.
        outside: As for ``AcrossPolls``.
        returned: ``None``: it returns nothing in registers; see ``Returning``.
    """

    finish: FinishInlined
    function: Function
    outside: Outside
    returned: None = None

    def begin(self, view: ThreadView) -> Resume | Done:
        """Trap the exits of its code."""
        return self.finish.begin(view)

    def go_on(self, view: ThreadView, body: Body) -> Resume:
        """Trap them in the frame of the next poll."""
        return self.finish.begin_in(body.function, view)

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Finish outside of its code."""
        explanation = self.finish.explain_stop(stop, view)
        if not isinstance(explanation, Done):
            return explanation
        return self.ended(view, nearest_user_frame(view, self.outside))

    def ended(self, view: ThreadView, frame: int | None) -> Explanation:
        """Stop in the user's function that has awaited it."""
        if frame is None:
            return completed("finish", self.function)
        return Done(StepDone("finish", frame=frame))


@dataclass(slots=True)
class RunToPoll:
    """Runs until the coroutine is polled again.

    Attributes:
        name: Name of the verb.
        coroutine: The coroutine.
        returned: ``None``; see ``Returning``.
    """

    name: str
    coroutine: Coroutine
    returned: None = None
    _arrival: _Arrival | None = field(default=None, init=False)

    def begin(self, view: ThreadView) -> Resume | Done:
        """Run to the end of the poll."""
        return FREELY

    def go_on(self, view: ThreadView, body: Body) -> Resume:
        """Run to where the body goes on."""
        self._arrival = _Arrival(self.coroutine, body)
        return self._arrival.await_in(view)

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Finish where the body goes on."""
        if self._arrival is None or not self._arrival.has_come(stop, view):
            return UNEXPLAINED
        return Done(
            StepDone(self.name, frame=max(len(view.chain) - 1 - self._arrival.body.depth, 0))
        )

    def ended(self, view: ThreadView, frame: int | None) -> Explanation:
        """Say that it will not be polled again."""
        return completed(self.name, self.coroutine.function)


def completed(name: str, function: Function) -> Done:
    """Report that a coroutine has returned its result, and no user's function awaits it."""
    return Done(CoroutineEnded(name, body_name(function_name(function)), "completed"))
