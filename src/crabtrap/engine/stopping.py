"""Having every thread of a program stopped: taking the stops of a batch, or asking for one.

The target reports stops one by one; here they become part of the state, so that none is
lost whatever is raised in between.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from crabtrap.engine import machine
from crabtrap.engine.machine import Running
from crabtrap.errors import TargetError
from crabtrap.records import replace
from crabtrap.target.interface import ENDS

if TYPE_CHECKING:
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.target.interface import TargetStop

STOP_SECONDS = 10.0
"""A thread that has not stopped this long after the request hangs in the kernel."""
_POLL_SECONDS = 0.05
_REPORT_SECONDS = 30.0
"""Time for the stops that come with the first one of a batch."""


class UnstoppableError(TargetError):
    """A thread does not stop although it was asked to."""

    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} does not stop when asked",
            hint="it hangs in the kernel (state D): wait, detach or kill",
        )


class Stopper:
    """Takes the stops of one program from its target."""

    def __init__(self, debuggee: Debuggee) -> None:
        """Serve ``debuggee``, whose state gets the stops."""
        self._debuggee = debuggee
        # A stop that was taken from the target and is not part of the state yet.
        self._taken: TargetStop | None = None

    def take_stop(self, timeout: float | None) -> bool:
        """Wait for one stop and note it; ``False`` where none has come."""
        if self._taken is None:
            self._taken = self._debuggee.control.wait(timeout)
        return self.note_taken()

    def note_taken(self) -> bool:
        """Make the stop that was taken part of the state, once."""
        stop, state = self._taken, self._debuggee.state
        if stop is None:
            return False
        if stop.kind == "no-resumed":  # which is about no thread; a stop has to show one
            stop = replace(stop, thread=min(self.list_threads(), default=stop.thread))
        if isinstance(state, Running) and state.moving and stop not in state.stops:
            self._debuggee.state = machine.reported(state, stop)
        self._taken = None
        return True

    def take_end(self) -> TargetStop | None:
        """Take the end of a program that is gone; what it had stopped for is of no interest."""
        control, pid = self._debuggee.control, self._debuggee.target.pid
        while (stop := self._taken or control.wait(0)) is not None:
            self._taken = None
            if stop.kind in ENDS and stop.pid == pid:
                return stop
        return None

    def complete_batch(self) -> None:
        """Stop every thread and note every stop, after the first one of a batch."""
        debuggee = self._debuggee
        listed = frozenset[int]()
        if not debuggee.target.abilities.stops_all:
            listed = self._stop_others()
        deadline = time.monotonic() + _REPORT_SECONDS
        while self.take_stop(0):
            if time.monotonic() > deadline:
                raise TargetError("the server reports stops without end")
        debuggee.sites.note_failures(debuggee.control.take_site_failures())
        state = debuggee.state
        if isinstance(state, Running):
            debuggee.state = machine.gathered(state, listed)

    def stop_now(self, seconds: float) -> None:
        """Interrupt the program; its stops are noted and not yet handled."""
        debuggee = self._debuggee
        control = debuggee.control
        deadline = time.monotonic() + seconds
        self.note_taken()
        state = debuggee.state
        if isinstance(state, Running) and not state.stops:
            if not control.is_running:
                debuggee.state = machine.gathered(state)  # the resume was never sent
                return
            control.interrupt()
        while isinstance(state := debuggee.state, Running) and not state.stops:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise UnstoppableError("the program")
            self.take_stop(remaining)
        self.complete_batch()

    def _stop_others(self) -> frozenset[int]:
        """Stop every other thread, for targets that leave that to us; returns all threads."""
        control = self._debuggee.control
        deadline = time.monotonic() + STOP_SECONDS
        while isinstance(state := self._debuggee.state, Running):
            if any(stop.kind in ENDS for stop in state.stops):
                break
            listed = self.list_threads()
            moving = listed - state.held - {stop.thread for stop in state.stops}
            if not moving:
                return listed
            if time.monotonic() > deadline:
                raise UnstoppableError(f"thread {min(moving)}")
            control.interrupt()
            # Briefly: a thread may end instead of stopping, and nobody reports that.
            stopped = self.take_stop(_POLL_SECONDS)
            while stopped:
                stopped = self.take_stop(0)
        return frozenset()

    def list_threads(self) -> frozenset[int]:
        """The tids of all threads, as the target lists them."""
        return frozenset(info.tid for info in self._debuggee.target.threads())
