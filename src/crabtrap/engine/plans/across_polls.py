"""Steps and finishes that stay with one async function, from poll to poll.

The body of an async function is called for each poll, and returns at an await that is not
ready.  What has begun in it goes on with the next poll of the same instance, on whatever
thread: its function is trapped where it is entered, with the condition that it is called for
that instance, so that polls of others never leave the target.  The bytes that tell its state
are watched meanwhile, which every poll reads, and what drops it: that is how a function
inlined into its caller is found again, and how a step learns that it will not go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from crabtrap.engine.plans.plan import UNEXPLAINED, Done, Explanation, Resume, Returning
from crabtrap.engine.plans.poll_work import Body
from crabtrap.engine.plans.user_callers import nearest_user_frame
from crabtrap.errors import MemoryFault
from crabtrap.events import CoroutineEnded
from crabtrap.records import dataclass, field, replace
from crabtrap.symbols.names import body_name, function_name
from crabtrap.target.interface import TRAPPED

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.coroutines import Coroutine
    from crabtrap.engine.plans.thread_view import ThreadView
    from crabtrap.engine.plans.user_callers import Outside
    from crabtrap.symbols.code_rows import Function
    from crabtrap.target.interface import TargetStop

_RDI, _RSI = 5, 4
"""Where a poll function has its coroutine: in rsi where rdi is for a large result."""


class PollWork(Returning, Protocol):
    """What is done while a coroutine is being polled."""

    def begin(self, view: ThreadView) -> Resume | Done:
        """Begin in a poll that is under way."""
        ...

    def go_on(self, view: ThreadView, body: Body) -> Resume:
        """Go on in another poll, which has just begun."""
        ...

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Explain a stop during a poll, as plans do."""
        ...

    def ended(self, view: ThreadView, frame: int | None) -> Explanation:
        """Say what follows when the last poll has returned to its caller.

        Args:
            view: The thread.
            frame: Index of the user's function that awaits it, ``None`` where there is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Beside:
    """A frame that a coroutine is inlined into, while it waits for that to poll it again.

    Attributes:
        thread: tid.
        cfa: The frame's.
        return_address: Where the frame returns to; from then on the same code, on the same thread
            and at the same depth, polls others.
        places: Where the coroutine's body goes on.
    """

    thread: int
    cfa: int | None
    return_address: Address | None
    places: frozenset[Address]

    def goes_on(self, view: ThreadView) -> bool:
        """Whether a thread is where the body goes on."""
        return view.pc in self.places and (view.thread, view.cfa) == (self.thread, self.cfa)

    def has_ended(self, view: ThreadView) -> bool:
        """Whether the frame has returned."""
        is_there = (view.thread, view.pc) == (self.thread, self.return_address)
        return is_there and (self.cfa is None or view.sp >= self.cfa)


@dataclass(slots=True)
class AcrossPolls:
    """Does some work in one coroutine, in as many polls as it takes.

    Attributes:
        name: Name of the verb.
        thread: tid that polls the coroutine; 0 while it waits.
        coroutine: The coroutine.
        body: Its code in the poll that is under way.
        poll: The coroutine with whose poll its own begins: itself or, where its body is
            inlined, that which it is inlined into.  ``None`` where that is none.
        work: What is done.
        outside: What is not part of a task, but runs it.
        glue: Where the coroutine's drop begins, in functions of its own.
        frame_cfa: CFA of the frame that polls it, ``None`` while it waits.
    """

    name: str
    thread: int
    coroutine: Coroutine
    body: Body
    poll: Coroutine | None
    work: PollWork
    outside: Outside
    glue: frozenset[Address] = frozenset()
    frame_cfa: int | None = None
    return_address: Address | None = None
    _waits: bool = field(default=False, init=False)
    _sought: bool = field(default=False, init=False)
    _resume: Resume = field(default_factory=Resume, init=False)
    _beside: _Beside | None = field(default=None, init=False)

    @property
    def returned(self) -> Function | None:
        """The coroutine's function, just returned; see ``Returning``."""
        return self.work.returned

    def begin(self, view: ThreadView) -> Resume | Done:
        """Begin in the poll that is under way: of the innermost frame, unless one was given.

        Without a thread, no poll is under way.
        """
        if not self.thread:
            return self._wait()
        if self.frame_cfa is None:
            self._enter(view)
        first = self.work.begin(view)
        return first if isinstance(first, Done) else self._during_poll(first)

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Decide whether the poll has returned, the work is done, or the next poll begins."""
        if self._waits:
            return self._explain_wait(stop, view)
        if self._has_returned(stop, view):
            return self._poll_returned(view)
        if self._is_touched(stop):
            return self._found_again(view)
        if self._has_left_to_wait(view):
            return self._wait_beside(view) if self.poll is None else self._during_poll(Resume())
        explanation = self.work.explain_stop(stop, view)
        return self._during_poll(explanation) if isinstance(explanation, Resume) else explanation

    # -- a poll ----------------------------------------------------------------------------
    def _enter(self, view: ThreadView) -> None:
        self._waits, self.thread = False, view.thread
        self.frame_cfa, self.return_address = view.cfa, view.return_address

    def _during_poll(self, resume: Resume) -> Resume:
        """Trap the end of the poll, too; and the drop of what has not been polled in it yet."""
        if resume.kind == "continue" and self.return_address is not None:
            resume = replace(resume, sites=resume.sites | {self.return_address})
        if self._sought:
            resume = replace(resume, watched=self.coroutine.tag)
        self._resume = resume
        return resume

    def _is_touched(self, stop: TargetStop) -> bool:
        """Whether the bytes that tell the coroutine's state were accessed."""
        start, size = self.coroutine.tag
        return stop.kind == "watch" and start <= (stop.address or 0) < start + size

    def _found_again(self, view: ThreadView) -> Explanation:
        """Explain who has accessed them in the poll of what the coroutine is inlined into."""
        if self._body_in(view) is None:
            return self._dropped(view)
        self._sought = False
        return self._during_poll(replace(self._resume, watched=None))

    def _has_returned(self, stop: TargetStop, view: ThreadView) -> bool:
        return (
            stop.kind in TRAPPED
            and view.pc == self.return_address
            and (self.frame_cfa is None or view.sp >= self.frame_cfa)
        )

    def _poll_returned(self, view: ThreadView) -> Explanation:
        if self._is_suspended(view):
            return self._wait()
        self.frame_cfa = None
        return self.work.ended(view, nearest_user_frame(view, self.outside))

    def _has_left_to_wait(self, view: ThreadView) -> bool:
        """Whether an inlined coroutine was left because it is not ready."""
        own = self.body.function
        return (
            own.inlined
            and view.cfa == self.frame_cfa
            and not any(each.key == own.key for each in view.chain)
            and self._is_suspended(view)
        )

    def _is_suspended(self, view: ThreadView) -> bool:
        try:
            return self.coroutine.state(view.target) == "suspended"
        except MemoryFault:
            return False

    # -- between two polls --------------------------------------------------------------------
    def _wait(self) -> Resume:
        """Wait for the next poll or the drop, in any thread."""
        from crabtrap.target import agent_code as asm  # noqa: PLC0415 - needed by few steps

        self._waits, self.thread, self._beside = True, 0, None
        self.frame_cfa = self.return_address = None
        dropped = asm.any_register_is((_RDI,), self.coroutine.address)
        conditions = dict.fromkeys(self.glue, dropped)
        if self.poll is not None:
            polled = asm.any_register_is((_RDI, _RSI), self.poll.address)
            conditions[self.poll.function.entry] = polled
        return Resume(
            sites=frozenset(conditions), conditions=conditions, watched=self.coroutine.tag
        )

    def _wait_beside(self, view: ThreadView) -> Resume:
        """Wait in the frame that the coroutine is inlined into.

        If that polls it again, in a loop, it may know the state without reading it.
        """
        places = self.work.go_on(view, self.body).sites
        beside = _Beside(view.thread, view.cfa, self.return_address, places)
        resume = self._wait()
        self._beside = beside
        ends = () if beside.return_address is None else (beside.return_address,)
        return replace(resume, sites=resume.sites | places | frozenset(ends))

    def _explain_wait(self, stop: TargetStop, view: ThreadView) -> Explanation:
        registers = view.registers
        if stop.kind in TRAPPED:
            if self._beside is not None and self._beside.goes_on(view):
                self._enter(view)
                return self.explain_stop(stop, view)
            if self._beside is not None and self._beside.has_ended(view):
                return self._wait()
            if view.pc in self.glue and registers[_RDI] == self.coroutine.address:
                return self._dropped(view)
            poll = self.poll
            if poll is not None and view.pc == poll.function.entry:
                if poll.address not in (registers[_RDI], registers[_RSI]):
                    return UNEXPLAINED
                return self._polled_again(view)
        if self._is_touched(stop):
            return self._polled_again(view) if self._body_in(view) else self._dropped(view)
        return UNEXPLAINED

    def _body_in(self, view: ThreadView) -> Body | None:
        """The coroutine's body in which a thread is, perhaps another copy of it."""
        name = self.coroutine.function.name
        for depth, each in enumerate(reversed(view.chain)):
            if each.name == name:
                return Body(each, depth)
        return None

    def _polled_again(self, view: ThreadView) -> Explanation:
        if self.coroutine.state(view.target) != "suspended":
            return self._dropped(view)  # unseen, and another one is where it was
        self._enter(view)
        body = self._body_in(view)
        self._sought = body is None
        self.body = body or self.body
        return self._during_poll(self.work.go_on(view, self.body))

    def _dropped(self, view: ThreadView) -> Explanation:
        frame = nearest_user_frame(view, self.outside) or 0
        function = body_name(function_name(self.coroutine.function))
        return Done(CoroutineEnded(self.name, function, "cancelled", frame=frame))
