"""Stops as text: a headline, the values that belong to it, the source around it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from crabtrap import events, short_type_name
from crabtrap.frontends.console.context import ShownFrame
from crabtrap.frontends.console.frames import frame_text
from crabtrap.frontends.console.source_view import stop_context
from crabtrap.frontends.console.styled_text import Text
from crabtrap.frontends.console.task_view import running_task

if TYPE_CHECKING:
    from crabtrap import StackFrame
    from crabtrap.frontends.console.context import CommandContext


def stop_lines(context: CommandContext, event: events.StopEvent) -> list[Text]:
    """All lines that show a stop; those that repeat the frame shown before are left out."""
    frame, last = context.client.frame, context.stops.frame
    lines: list[Text] = []
    headline = _prefix(context, event, last)
    for reason in event.reasons:
        head, more = reason_text(reason)
        if head:
            lines.append(Text(headline, head))
            headline = Text()
        lines += more
    source = where_lines(context, frame)
    # A step inside the function shown before: its source says it all.
    inside = frame.is_user and last == selected_frame(context)
    if inside and source and not lines:
        return source
    # "Breakpoint 1, demo::parse (..) at .." reads better than two lines.
    if len(lines) == 1 and _joins(event.reasons[0]):
        lines[0].add(", ")
        return [lines[0].add(frame_text(context, frame, used=len(lines[0].plain))), *source]
    if frame.index and isinstance(event.reasons[0], events.SignalReceived):
        number = "  raised in #0 "
        inner = frame_text(context, frame.stack.frame(0), used=len(number))
        lines.append(Text((number, "dim"), inner))
    lines.append(Text(headline, frame_text(context, frame, used=len(headline.plain))))
    return lines + source


def where_lines(context: CommandContext, frame: StackFrame) -> list[Text]:
    """The source around a frame.

    For a frame without source outside of the user's code, the nearest caller in it is shown
    instead.
    """
    if frame.is_user:
        return stop_context(context, frame)
    file = context.session.sources.find(frame.path) if frame.path else None
    if context.preferences.std_frames or (file is not None and not file.reason):
        return stop_context(context, frame)
    how = "called from" if frame.thread is not None else "awaited in"
    for own in frame.stack.frames(frame.index + 1, _LOOK_OUT):
        if own.is_user and own.path:
            number = f"  {how} #{own.index} "
            head = Text((number, "dim"), frame_text(context, own, used=len(number)))
            return [head, *stop_context(context, own)]
    return stop_context(context, frame)


_LOOK_OUT = 40


def selected_frame(context: CommandContext) -> ShownFrame:
    """The identity of the selected frame."""
    frame, task = context.client.frame, running_task(context)
    tid = frame.thread.tid if frame.thread is not None else 0
    return ShownFrame(tid, frame.function, frame.cfa, "" if task is None else task.label)


def _prefix(context: CommandContext, event: events.StopEvent, last: ShownFrame) -> Text:
    """The thread, where it is another one than was shown last; a task always."""
    thread, several = context.client.thread, len(context.session.threads) > 1
    task = running_task(context)
    if task is not None:
        who = f'{task.title} "{task.short_name}"'
        who += f" on thread {thread.index}" if several else ""
    elif several and event.thread not in (0, last.thread):
        who = f"thread {thread.index}" + (f' "{thread.name}"' if thread.name else "")
    else:
        return Text()
    return Text(("[", "dim"), (who, "thread"), ("] ", "dim"))


def _joins(reason: events.StopReason) -> bool:
    return isinstance(reason, events.BreakpointHit | events.Interrupted | events.Started)


def reason_text(reason: events.StopReason) -> tuple[Text, list[Text]]:  # noqa: PLR0911, PLR0912, C901
    """The headline of one reason of a stop, possibly empty, and the lines below it."""
    match reason:
        case events.Started(pid=pid, attached=attached):
            return Text(("Attached" if attached else "Started", "strong"), f" process {pid}"), []
        case events.BreakpointHit(breakpoint=number, temporary=temporary):
            kind = "Temporary breakpoint" if temporary else "Breakpoint"
            return Text((f"{kind} {number}", "breakpoint")), []
        case events.ConditionFailed(breakpoint=number, condition=condition, error=error):
            return _condition_failed(number, condition, error)
        case events.WatchHit(watchpoint=number, expression=expression, old=old, new=new):
            return _watch(number, expression, old, new)
        case events.WatchScopeEnded(
            watchpoint=number, expression=expression, last=last, unwound=unwound
        ):
            tail = [] if last is None else [Text("  last ", (last, "old"))]
            head = Text((f"Watchpoint {number} deleted", "breakpoint"), ": ", (expression, "name"))
            how = "a panic has ended its frame" if unwound else "went out of scope"
            return head.add(f"{', ' if unwound else ' '}{how}"), tail
        case events.StepDone():
            return _returned(reason)
        case events.CoroutineEnded(function=function, how=how):
            ended = "has completed" if how == "completed" else "was dropped before it was done"
            value, more = _returned(reason)
            head = Text((function, "function"), f" {ended}", ": " if value else "")
            return head.add(value), more
        case events.FrameUnwound(function=function):
            return Text((function, "function"), " did not return: ", ("it panicked", "error")), []
        case events.SignalReceived():
            return _signal(reason), []
        case events.Panicked():
            return _panic(reason)
        case events.Interrupted():
            return Text(("Interrupted", "strong")), []
        case events.Forked(child=child, vfork=vfork, followed=followed):
            verb = "vforked" if vfork else "forked"
            tail = ", following the child" if followed else ""
            return Text(("Caught", "breakpoint"), f": {verb} process {child}{tail}"), []
        case events.Executed(path=path):
            return Text(("Caught", "breakpoint"), ": executes ", (path, "path")), []
        case events.SyscallStop(number=number, name=name, entered=entered, result=result):
            done = "" if entered or result is None else f" = {result}"
            verb = "call to" if entered else "return from"
            return Text(("Caught", "breakpoint"), f": {verb} {name or number}{done}"), []
        case events.LibrariesChanged(loaded=loaded, unloaded=unloaded):
            head = Text(("Libraries changed", "strong"))
            return head, [
                *(Text("  + ", (path, "path")) for path in loaded),
                *(Text("  - ", (path, "path")) for path in unloaded),
            ]
        case events.Exited():
            return exit_lines(reason)[0], []


def _condition_failed(number: int, condition: str, error: str) -> tuple[Text, list[Text]]:
    head = Text((f"Breakpoint {number}", "breakpoint"), ": its condition ")
    head.add((condition, "name"), " cannot be evaluated")
    later = "from now on this is only counted: info breakpoints"
    return head, [Text("  ", (error, "error")), Text("  ", (later, "dim"))]


def _watch(number: int, expression: str, old: str | None, new: str) -> tuple[Text, list[Text]]:
    head = Text((f"Watchpoint {number}", "breakpoint"), ": ", (expression, "name"))
    if old is None:
        return head, [Text("  value ", (new, "new"))]
    short = "\n" not in old + new and len(old) + len(new) <= 60
    if short:
        return head.add(" = ", (old, "old"), " → ", (new, "new")), []
    lines = [Text("  old ", (line, "old")) for line in old.split("\n")]
    return head, lines + [Text("  new ", (line, "new")) for line in new.split("\n")]


def _returned(done: events.StepDone | events.CoroutineEnded) -> tuple[Text, list[Text]]:
    if done.return_value is None:
        return Text(), []
    first, *more = done.return_value.split("\n")
    head = Text(("Returned ", "strong"), (first, "value"))
    lines = [head, *(Text(line) for line in more)]
    if done.return_type:
        lines[-1].add(" (", (short_type_name(done.return_type), "type"), ")")
    return head, lines[1:]


def _signal(received: events.SignalReceived) -> Text:
    meaning = signal.strsignal(received.number) or ""
    text = Text(("Signal ", "error"), (received.name, "error"))
    if meaning and not meaning.startswith("Real-time"):
        text.add(f": {meaning}")
    if received.stack_overflow:
        text.add(", the ", ("stack has overflowed", "error"))
    elif received.address is not None:
        text.add(" at address ", (f"{received.address:#x}", "address"))
    if received.sender is not None:
        text.add(f", sent by process {received.sender}")
    return text


def _panic(panic: events.Panicked) -> tuple[Text, list[Text]]:
    message = panic.message if panic.message is not None else "(message not readable)"
    first, *more = message.split("\n")
    head = Text(("Panic", "error"), ": ", (first, "strong"))
    lines = [Text("       ", (line, "strong")) for line in more]
    return head, lines


def exit_lines(exited: events.Exited) -> list[Text]:
    """The line that says how the program ended."""
    name = Text(f"Process {exited.pid} ")
    if exited.signal is not None:
        meaning = signal.strsignal(exited.signal)
        signal_name = exited.signal_name or f"signal {exited.signal}"
        return [name.add("was ended by ", (signal_name, "error"), f" ({meaning})")]
    if exited.code == 0:
        return [name.add("exited normally")]
    return [name.add("exited with code ", (str(exited.code), "error"))]
