"""Events between stops: log points, notices, the program's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import events
from crabtrap.frontends import describe
from crabtrap.frontends.console.stop_display import reason_text
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap.frontends.console.output import Output


def show_event(output: Output, event: events.Event) -> None:
    """Show an event as it happens; what a command has done is shown by its reply."""
    match event:
        case events.StopEvent(reasons=(events.Exited(), *_)):
            output.restore_screen()
        case events.StopEvent() | events.Resumed() | events.ProcessDetached():
            pass
        case events.ThreadsChanged():
            pass  # noticed by listing the threads, which are shown then
        case events.SelectionChanged() | events.MemoryWritten() | events.RegisterWritten():
            pass  # the reply of the command that did it says so
        case events.ProgressChanged():
            output.progress(None if event.ended else progress_text(event))
        case events.OutputReceived(stream=stream, data=data):
            output.program(stream, data)
        case _:
            name = describe.event_name(event)
            output.event(name, describe.record(event), event_lines(event))


def progress_text(event: events.ProgressChanged) -> str:
    """An operation under way, in one line: what it does, and how far it is."""
    how_far = ""
    if event.total and event.done is not None:
        how_far = f": {100 * event.done // event.total}%"
    elif event.done:
        how_far = f": {event.done:,}"
    return f"{event.label}{how_far} (Ctrl-C ends it)"


def event_lines(event: events.Event) -> list[Text]:
    """An event as people read it; no lines for one that only programs care about."""
    match event:
        case events.LogMessage(breakpoint=number, text=text):
            mark = Text((f"[{number}] ", "log"))
            return [Text(mark, line) for line in text.split("\n")]
        case events.Notice(text=text):
            return [Text(("note: ", "hint"), line) for line in text.split("\n")]
        case events.SignalReceived():
            return [reason_text(event)[0]]
        case _:
            return []
