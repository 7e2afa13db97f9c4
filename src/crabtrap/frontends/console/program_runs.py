"""Runs of the program: from a verb that resumes it to the stop that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crabtrap import Ended, NotStarted, events
from crabtrap.errors import StateError
from crabtrap.frontends import describe
from crabtrap.frontends.console.command import Reply
from crabtrap.frontends.console.context import ShownFrame
from crabtrap.frontends.console.display_view import show_displays
from crabtrap.frontends.console.event_display import show_event
from crabtrap.frontends.console.stop_display import exit_lines, selected_frame, stop_lines

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext

Verb = Callable[[], events.StopEvent]
"""A verb of the session that blocks until the program stops."""

_SANITISED = (
    "the program draws on the terminal; what it writes is shown, not obeyed: "
    "`set program-output raw` lets it, `set tty DEVICE` gives it another terminal"
)


def go(context: CommandContext, verb: Verb) -> Reply:
    """Run a verb and show the stop it ends at."""
    return show_stop(context, run_to_stop(context, verb))


def run_to_stop(context: CommandContext, verb: Verb) -> events.StopEvent:
    """Run a verb while the program has the terminal; Ctrl-C pauses the program.

    Raises:
        StateError: The program was asked to stop several times and does not.
    """
    context.lines.drop_queue()
    session = context.session
    try:
        with context.terminal.program_runs(session.interrupt, session.resize_terminal):
            return verb()
    except KeyboardInterrupt:
        raise StateError("the program does not stop when asked", hint="quit ends it") from None


def show_stop(context: CommandContext, event: events.StopEvent) -> Reply:
    """Show a stop, then queue the commands of the breakpoints it is for."""
    stops = context.stops
    if context.output.sanitised and not stops.sanitising_noted:
        stops.sanitising_noted = True
        show_event(context.output, events.Notice(_SANITISED))
    first = event.reasons[0]
    if isinstance(first, events.Exited):
        return _show_exit(context, first)
    stops.last_exit = None
    commands = _commands_of(context, event)
    silent = commands[:1] == ["silent"]
    context.lines.queue(commands[silent:])
    context.position.at_frame(context.client.frame)
    if not silent:
        data = describe.stop(context.client, event)
        lines = [] if context.output.json else stop_lines(context, event)
        context.output.event("stopped", data, lines)
        stops.frame = selected_frame(context)
        show_displays(context)
    return Reply({"state": "stopped"})


def is_stopped(context: CommandContext) -> bool:
    """The program is alive, at a stop."""
    return context.session.is_stopped


def require_program(context: CommandContext) -> None:
    """Fail with a hint where there is no program to act on.

    Raises:
        StateError: The program has not been started, or has ended.
    """
    if isinstance(context.session.state, NotStarted | Ended):
        raise StateError("the program is not being run", hint="run")


def _show_exit(context: CommandContext, exited: events.Exited) -> Reply:
    context.output.restore_screen()
    context.position.forget()
    context.stops.last_exit = exited
    context.stops.frame = ShownFrame()
    context.output.event("exited", describe.reason(exited), exit_lines(exited))
    return Reply({"state": "exited"})


def _commands_of(context: CommandContext, event: events.StopEvent) -> list[str]:
    """The commands of the breakpoints and watchpoints that stopped the program."""
    found: list[str] = []
    for reason in event.reasons:
        match reason:
            case events.BreakpointHit(breakpoint=number, temporary=False):
                found += context.client.breakpoints[number].commands
            case events.WatchHit(watchpoint=number):
                found += context.client.breakpoints[number].commands
            case _:
                pass
    return found
