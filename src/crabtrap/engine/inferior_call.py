"""A thread runs something else and is put back: the program is at the same stop as before.

Nothing of the user's takes part meanwhile: no breakpoint is hit or counted, no watchpoint
reports, no system call is caught, and signals that wait are kept for later.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from crabtrap.engine.machine import Stopped

if TYPE_CHECKING:
    from collections.abc import Generator

    from crabtrap.engine.program import Program


@contextmanager
def inferior_call_scope(program: Program, thread: int, *, alone: bool) -> Generator[None]:
    """Let the body run ``thread`` elsewhere, then put everything but memory back.

    Where the program ends in the body, or is lost, there is nothing to put back.

    Args:
        program: Stopped.
        thread: Its tid; all its registers are restored, its signal mask where the target
            can do that.
        alone: Only that thread runs.

    Raises:
        StateError: The program is not stopped.
    """
    context = program.context
    options, control = context.options, context.control
    inspector, controller = program.inspector, program.controller
    with inspector.preserved(), controller.inferior_call_scope(thread), context.sites.suspended():
        saved = control.save_registers(thread)
        waiting, context.pending_signals = context.pending_signals, {}
        lock, options.scheduler_lock = options.scheduler_lock, alone
        if context.catching_syscalls:
            control.catch_syscalls(None)
        try:
            yield
        finally:
            options.scheduler_lock = lock
            came, context.pending_signals = context.pending_signals, waiting
            if isinstance(controller.state, Stopped):
                control.restore_registers(saved)
                # What came for others is theirs; the thread's own was judged by the body.
                waiting.update((tid, signal) for tid, signal in came.items() if tid != thread)
                if context.catching_syscalls:
                    program.apply_event_filters()
