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
    debuggee = program.debuggee
    with (
        program.inspector.preserved(),
        _state_kept(program, thread),
        debuggee.sites.suspended(),
        program.filters.suspended(),
    ):
        saved = debuggee.control.save_registers(thread)
        try:
            yield
        finally:
            if program.is_stopped:
                debuggee.control.restore_registers(saved)


@contextmanager
def _state_kept(program: Program, thread: int) -> Generator[None]:
    """Return to the present stop after the body, whatever stops it makes.

    Stop pcs and signals that other threads got during the body are kept; signals of the
    calling thread are left to the body.
    """
    debuggee = program.debuggee
    before, epoch = debuggee.state, debuggee.clock.current
    machine.require(before, Stopped, to="call a function")
    assert isinstance(before, Stopped)
    pcs, signals = before.threads.stop_pcs, before.threads.signals
    try:
        debuggee.state = Stopped(before.event, Threads(before.threads.moved(thread).stop_pcs))
        yield
    finally:
        after = program.controller.state
        if isinstance(after, Stopped):
            now_pcs = {tid: pc for tid, pc in after.threads.stop_pcs.items() if tid != thread}
            came = {tid: each for tid, each in after.threads.signals.items() if tid != thread}
            own = {tid: pc for tid, pc in pcs.items() if tid == thread}
            threads = Threads({**now_pcs, **own}, {**signals, **came}, after.threads.listed)
            debuggee.state = before if threads == before.threads else Stopped(before.event, threads)
            debuggee.clock.return_to(epoch)
