"""Threads, their stacks, and what each frame has in scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.task_threads import FIRST_NUMBER
from crabtrap.frontends.dap.variable_rows import Locals, RegisterRows, RowMaker, returned

if TYPE_CHECKING:
    from crabtrap import CallStack, StackFrame
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.references import Container
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply
    from crabtrap.frontends.dap.variable_rows import ReturnedRow

NAME_WIDTH = 60
"""Characters of a function's name in a list of frames, if it can be shortened to that."""


def threads(adapter: Adapter, _arguments: Arguments) -> Reply:
    """All threads, also while they run."""
    session = adapter.session
    if not session.has_program:
        return {"threads": []}
    rows: list[protocol.Thread] = [
        {"id": each.tid, "name": f"{each.index}: {each.name or 'thread'}"}
        for each in session.process.threads
    ]
    return {"threads": rows + (adapter.tasks.rows() if adapter.configuration.tasks else [])}


def stack_trace(adapter: Adapter, arguments: Arguments) -> Reply:
    """Some frames of a thread."""
    stack = stack_of(adapter, arguments.number("threadId"))
    start, levels = max(0, arguments.number_or("startFrame", 0)), arguments.number_or("levels", 0)
    if levels <= 0:
        frames = stack.frames(start)
        total = start + len(frames)
    else:
        # One more tells whether there is one.
        found = stack.frames(start, levels + 1)
        frames, total = found[:levels], start + len(found)
    return {"stackFrames": [_frame(adapter, each) for each in frames], "totalFrames": total}


def stack_of(adapter: Adapter, number: int) -> CallStack:
    """Return the stack of a thread or of a task.

    Raises:
        NotFoundError: There is no such thread.
    """
    if number > FIRST_NUMBER:
        return adapter.tasks.find(number)
    return adapter.session.process.thread(number)


def _frame(adapter: Adapter, frame: StackFrame) -> protocol.StackFrame:
    from crabtrap import fit_path

    abilities = adapter.abilities
    row: protocol.StackFrame = {
        "id": adapter.references.number_frame(frame),
        "name": fit_path(frame.function or "???", NAME_WIDTH),
        "line": 0,
        "column": 0,
    }
    if frame.path is not None:
        foreign = not frame.is_user
        row["source"] = adapter.sources.describe(frame.path, abilities, foreign=foreign)
        row["line"] = abilities.line_to_client(frame.line)
        row["column"] = abilities.column_to_client(max(1, frame.column))
    if frame.pc is not None:
        row["instructionPointerReference"] = f"{frame.pc:#x}"
    if frame.loaded_module is not None:
        row["moduleId"] = frame.loaded_module.path
    if not frame.is_user:
        row["presentationHint"] = "subtle"
    return row


def scopes(adapter: Adapter, arguments: Arguments) -> Reply:
    """What a frame has: its variables, what was returned to it, and registers."""
    frame = adapter.references.frame(arguments.number("frameId"))
    result = _result(adapter, frame)
    found: list[protocol.Scope] = []
    if result is not None:
        found.append(_scope(adapter, "Return value", "returnValue", result))
    found.append(_scope(adapter, "Locals", "locals", Locals(RowMaker(adapter, frame), frame)))
    registers = _scope(adapter, "Registers", "registers", RegisterRows(frame))
    registers["expensive"] = True
    return {"scopes": [*found, registers]}


def _scope(adapter: Adapter, name: str, hint: str, container: Container) -> protocol.Scope:
    return {
        "name": name,
        "presentationHint": hint,
        "variablesReference": adapter.references.number_container(container),
        "expensive": False,
    }


def _result(adapter: Adapter, frame: StackFrame) -> ReturnedRow | None:
    """What was returned to a frame, if the stop is of a step out of a function."""
    stop, number = adapter.stop, adapter.references.number_frame
    is_selected = number(frame) == number(adapter.client.frame)
    return returned(stop.reasons) if stop is not None and is_selected else None


HANDLERS = (
    Handler("threads", threads),
    Handler("stackTrace", stack_trace, {"supportsDelayedStackTraceLoading": True}),
    Handler("scopes", scopes),
)
