"""Requests that run the program, and the one that pauses it.

None of them waits: the program's next stop is an event.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crabtrap.errors import StateError, StillRunningError
from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.task_threads import FIRST_NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.events import StopEvent
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply

_AT_ONCE = 0.0
"""Seconds to wait for the stop."""


def set_going(adapter: Adapter, verb: Callable[[], StopEvent]) -> None:
    """Resume the program by a verb that has no time to wait; its stop is told when it comes."""
    adapter.resuming = True
    try:
        with contextlib.suppress(StillRunningError):
            verb()
    finally:
        adapter.resuming = False


def _run(adapter: Adapter, arguments: Arguments, verb: Callable[[], StopEvent]) -> None:
    """Carry out a verb, by one thread alone where the client wants that."""
    if adapter.session.has_program and not adapter.session.is_stopped:
        raise StateError("the program runs already", hint="pause it first")
    options = adapter.session.options
    before = options.scheduler_lock
    options.scheduler_lock = before or arguments.flag("singleThread")
    try:
        set_going(adapter, verb)
    finally:
        options.scheduler_lock = before


def continue_(adapter: Adapter, arguments: Arguments) -> Reply:
    """Run until something stops the program."""
    thread, alone = arguments.number("threadId"), arguments.flag("singleThread")
    client = adapter.client
    resumed = None if thread >= FIRST_NUMBER else thread
    _run(adapter, arguments, lambda: client.continue_(thread=resumed, timeout=_AT_ONCE))
    return {"allThreadsContinued": not alone}


def next_(adapter: Adapter, arguments: Arguments) -> Reply:
    """Step over one line, or one instruction."""
    client, thread = adapter.client, _stepped(adapter, arguments)
    verb = client.next_instruction if _by_instruction(arguments) else client.next
    _run(adapter, arguments, lambda: verb(thread=thread, timeout=_AT_ONCE))


def step_in(adapter: Adapter, arguments: Arguments) -> Reply:
    """Step into the user's functions, or by one instruction."""
    client, thread = adapter.client, _stepped(adapter, arguments)
    verb = client.step_instruction if _by_instruction(arguments) else client.step
    _run(adapter, arguments, lambda: verb(thread=thread, timeout=_AT_ONCE))


def step_out(adapter: Adapter, arguments: Arguments) -> Reply:
    """Run until the innermost function of the thread that is the user's has returned."""
    client, thread = adapter.client, _stepped(adapter, arguments)

    def verb() -> StopEvent:
        if thread is not None and client.thread.tid != thread:
            client.select_thread(thread)
        return client.finish(timeout=_AT_ONCE)

    _run(adapter, arguments, verb)


def _stepped(adapter: Adapter, arguments: Arguments) -> int | None:
    """Return the thread that is stepped; ``None`` for a task, which is selected."""
    number = arguments.number("threadId")
    if number < FIRST_NUMBER:
        return number
    adapter.client.select_task(adapter.tasks.find(number))
    return None


def pause(adapter: Adapter, _arguments: Arguments) -> Reply:
    """Stop a program that runs."""
    if not adapter.session.has_program or adapter.session.is_stopped:
        raise StateError("the program does not run")
    adapter.session.interrupt()


def _by_instruction(arguments: Arguments) -> bool:
    return arguments.text_or("granularity", "statement") == "instruction"


HANDLERS = (
    Handler("continue", continue_, {"supportsSingleThreadExecutionRequests": True}),
    Handler("next", next_, {"supportsSteppingGranularity": True}),
    Handler("stepIn", step_in),
    Handler("stepOut", step_out),
    Handler("pause", pause),
)
