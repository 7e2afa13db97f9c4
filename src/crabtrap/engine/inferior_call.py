"""Inferior calls: a thread runs a function of the program and its state is restored.

During the call no stoppoint of the user is active: no breakpoint is hit or counted, no
watchpoint reports, no system call is caught, and pending signals are kept for later.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from crabtrap.engine import machine
from crabtrap.engine.machine import Stopped, Threads

if TYPE_CHECKING:
    from collections.abc import Generator

    from crabtrap.engine.program import Program
    from crabtrap.target.interface import SavedRegisters


@contextmanager
def inferior_call_scope(program: Program, thread: int) -> Generator[None]:
    """Let the body run ``thread``, then restore everything but memory.

    Nothing is restored if the program ends in the body or the target fails.

    Args:
        program: The program, which is stopped.
        thread: tid; all its registers are restored, its signal mask where the target can
            do that.

    Raises:
        StateError: The program is not stopped.
    """
    scope = _Scope(program, thread)
    with program.debuggee.interrupts.deferred():
        try:
            try:
                scope.begin()
                yield
            finally:
                scope.put_back()
        except BaseException:
            # Once more, because putting back may be what was interrupted.
            scope.put_back()
            raise


class _Scope:
    """What is put back: the stop, its objects, everybody's traps, the thread's registers."""

    def __init__(self, program: Program, thread: int) -> None:
        debuggee = program.debuggee
        before = debuggee.state
        machine.require(before, Stopped, to="call a function")
        assert isinstance(before, Stopped)
        self._program = program
        self._thread = thread
        self._before = before
        self._epoch = debuggee.clock.current
        self._wanted = debuggee.sites.wanted
        self._process = program.inspector.known_process
        self._saved: SavedRegisters | None = None

    def begin(self) -> None:
        """Set everything aside; signals are kept for later."""
        debuggee, before = self._program.debuggee, self._before
        debuggee.state = Stopped(before.event, Threads(before.threads.moved(self._thread).stop_pcs))
        debuggee.sites.suspend()
        self._program.filters.suspend()
        self._saved = debuggee.control.save_registers(self._thread)

    def put_back(self) -> None:
        """Come back to the stop; may be repeated, also where it has come half way only."""
        program = self._program
        try:
            if self._saved is not None and program.is_stopped:
                program.debuggee.control.restore_registers(self._saved)
                self._saved = None
        finally:
            program.filters.end_suspension()
            program.debuggee.sites.restore(self._wanted)
            self._put_state_back()
            program.inspector.return_to(self._process)

    def _put_state_back(self) -> None:
        """Come back to the stop, whatever stops the body has made.

        What other threads have come to meanwhile, and signals that came for them, is
        theirs; the signals of the calling thread are the body's affair.
        """
        debuggee, before = self._program.debuggee, self._before
        after, thread = debuggee.state, self._thread
        if not isinstance(after, Stopped):
            return
        pcs, signals = before.threads.stop_pcs, before.threads.signals
        now_pcs = {tid: pc for tid, pc in after.threads.stop_pcs.items() if tid != thread}
        came = {tid: each for tid, each in after.threads.signals.items() if tid != thread}
        own = {tid: pc for tid, pc in pcs.items() if tid == thread}
        threads = Threads({**now_pcs, **own}, {**signals, **came}, after.threads.listed)
        debuggee.state = before if threads == before.threads else Stopped(before.event, threads)
        debuggee.clock.return_to(self._epoch)
