"""Exceptions: which of them stop the program, and what is known of the present one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import events
from crabtrap.errors import StateError
from crabtrap.frontends.dap.exception_filters import described_filters
from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.stop_words import panic_text, stop_words

if TYPE_CHECKING:
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply

_FRAMES = 200


def set_exception_breakpoints(adapter: Adapter, arguments: Arguments) -> Reply:
    """Have these exceptions stop the program, and no others."""
    chosen = [(name, "") for name in arguments.texts("filters")]
    chosen += [
        (each.text("filterId"), each.text_or("condition", ""))
        for each in arguments.objects("filterOptions")
    ]
    if not adapter.configuration.debugs:
        chosen = []
    problems = adapter.exceptions.choose(chosen)
    return {"breakpoints": [_outcome(problem) for problem in problems]}


def _outcome(problem: str) -> protocol.Breakpoint:
    if not problem:
        return {"verified": True}
    return {"verified": False, "message": problem, "reason": "failed"}


def exception_info(adapter: Adapter, arguments: Arguments) -> Reply:
    """The panic or the signal that a thread has stopped for.

    Raises:
        StateError: It has stopped for something else.
    """
    from crabtrap import Stopped

    thread, state = arguments.number("threadId"), adapter.session.state
    reasons = state.event.reasons if isinstance(state, Stopped) else ()
    if isinstance(state, Stopped) and state.event.thread != thread:
        reasons = tuple(why for tid, why in state.event.also if tid == thread)
    for why in reasons:
        if isinstance(why, events.Panicked):
            message = why.message if why.message is not None else "(it cannot be read)"
            return _info(adapter, thread, "panic", panic_text(why), message)
        if isinstance(why, events.SignalReceived):
            text = stop_words(why).text
            return _info(adapter, thread, why.name, text, text)
    raise StateError("this thread has not stopped for an exception")


def _info(adapter: Adapter, thread: int, kind: str, text: str, message: str) -> Reply:
    details: protocol.ExceptionDetails = {
        "message": message,
        "typeName": kind,
        "stackTrace": _stack(adapter, thread),
    }
    return {"exceptionId": kind, "description": text, "breakMode": "always", "details": details}


def _stack(adapter: Adapter, thread: int) -> str:
    """The frames of the user's code, a line each, in which editors find the places."""
    lines: list[str] = []
    for frame in adapter.session.process.thread(thread).frames(0, _FRAMES):
        if frame.is_user and frame.path is not None:
            path = adapter.sources.path(frame.path) or frame.path
            lines.append(f"    at {frame.function} ({path}:{frame.line}:{frame.column})")
    return "\n".join(lines)


HANDLERS = (
    Handler(
        "setExceptionBreakpoints",
        set_exception_breakpoints,
        {
            "exceptionBreakpointFilters": described_filters(),
            "supportsExceptionFilterOptions": True,
        },
        shown=True,
    ),
    Handler("exceptionInfo", exception_info, {"supportsExceptionInfoRequest": True}),
)
