"""The list of breakpoints, watchpoints and catchpoints: ``info breakpoints``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import AnyStoppoint, Breakpoint, Catchpoint, Watchpoint
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.styled_text import Text, columns

if TYPE_CHECKING:
    from crabtrap import BreakpointLocation
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json

LOCATIONS_SHOWN = 8
"""Locations of one breakpoint that are listed where nobody asked for all of them."""


def info_breakpoints(context: CommandContext, arguments: Arguments) -> Reply:
    """List breakpoints: ``info breakpoints [N…]``."""
    numbers = arguments.numbers()
    table = context.client.breakpoints
    items = [table[number] for number in numbers] if numbers else list(table)
    data: list[Json] = [describe.stoppoint(item) for item in items]
    if not items:
        return Reply({"breakpoints": data}, [Text("No breakpoints are set.")])
    rows: list[tuple[Text, ...]] = []
    notes: list[list[Text]] = []
    for item in items:
        rows.append(_row(item))
        notes.append(_notes(item, all_locations=bool(numbers)))
    lines: list[Text] = []
    for line, below in zip(columns(rows), notes, strict=True):
        lines += [line, *below]
    return Reply({"breakpoints": data}, lines)


def _row(item: AnyStoppoint) -> tuple[Text, ...]:
    number = Text((f"{item.number:>3}", "breakpoint" if item.enabled else "dim"))
    state = Text("on" if item.enabled else ("off", "dim"))
    hits = Text(
        (f"{item.hits} hit{'' if item.hits == 1 else 's'}", "plain" if item.hits else "dim")
    )
    return number, Text(_kind(item)), state, hits, _what(item)


def _kind(item: AnyStoppoint) -> str:
    match item:
        case Breakpoint():
            kind = "break" if item.log is None else "log"
            kind = "hardware " + kind if item.hardware else kind
        case Watchpoint():
            kind = {"write": "watch", "access": "watch access", "read": "watch read"}[item.kind]
        case Catchpoint():
            kind = "catch"
    return kind + (" once" if item.temporary else "")


def _what(item: AnyStoppoint) -> Text:
    match item:
        case Breakpoint():
            if not item.locations:
                return Text(item.text, (" (pending)", "warning"))
            if len(item.locations) == 1:
                return breakpoint_location_text(item.locations[0])
            return Text(item.text, (f" ({len(item.locations)} locations)", "dim"))
        case Watchpoint():
            return Text((item.expression, "name"))
        case Catchpoint():
            return catchpoint_text(item)


def catchpoint_text(item: Catchpoint) -> Text:
    """What a catchpoint stops at."""
    text = Text(item.kind, *(f" {name}" for name in item.names))
    if item.uncaught:
        text.add(" uncaught")
    if item.own:
        text.add(" own")
    if item.crate is not None:
        text.add(" crate ", (item.crate, "name"))
    if item.message is not None:
        text.add(" message ", (item.message, "string"))
    return text


def _notes(item: AnyStoppoint, *, all_locations: bool) -> list[Text]:
    """The lines below a breakpoint's row."""
    notes: list[Text] = []
    if item.condition is not None:
        notes.append(Text("if ", (item.condition, "name"), (_condition_evaluator(item), "dim")))
    if isinstance(item, Breakpoint):
        notes += unjudged_texts(item)
    if item.failures:
        times = "once" if item.failures == 1 else f"{item.failures} times"
        notes.append(Text((f"could not be evaluated {times}: {item.failure}", "warning")))
    if item.thread is not None:
        notes.append(Text(f"only thread {item.thread}"))
    if isinstance(item, Breakpoint) and item.task:
        notes.append(Text(f"only task {item.task}"))
    if left := describe.ignored_hits(item):
        notes.append(Text(f"the next {left} hit{' is' if left == 1 else 's are'} ignored"))
    if isinstance(item, Breakpoint):
        if item.log is not None:
            notes.append(Text("logs ", (item.log, "string")))
        if len(item.locations) > 1:
            shown = item.locations if all_locations else item.locations[:LOCATIONS_SHOWN]
            notes += [breakpoint_location_text(location) for location in shown]
            if len(shown) < len(item.locations):
                more = len(item.locations) - len(shown)
                notes.append(Text((f"… and {more} more: info breakpoints {item.number}", "dim")))
    if not isinstance(item, Watchpoint) and item.problem:
        notes.append(Text((item.problem, "warning")))
    notes += [Text(("> ", "dim"), command) for command in item.commands]
    return [Text("       ", note) for note in notes]


def unjudged_texts(item: Breakpoint) -> list[Text]:
    """Where a condition cannot be judged and why, the first of these locations."""
    shown = item.unjudged[:LOCATIONS_SHOWN]
    texts = [
        Text("it cannot be judged at ", breakpoint_location_text(one.location), f": {one.error}")
        for one in shown
    ]
    if more := len(item.unjudged) - len(shown):
        texts.append(Text((f"… nor at {more} more", "dim")))
    return texts


def _condition_evaluator(item: AnyStoppoint) -> str:
    """Who evaluates a condition: the target, without stopping, or else the engine."""
    if item.on_target:
        return " (evaluated by the guard)"
    return f" (evaluated by the debugger: {item.not_on_target})" if item.not_on_target else ""


def breakpoint_location_text(location: BreakpointLocation) -> Text:
    """One location of a breakpoint: its function and line, else its address."""
    text = Text()
    if location.function:
        text.add((location.function, "function"), " ")
    if location.path:
        text.add("at " if location.function else "", location_text(location.path, location.line))
    else:
        text.add((f"{location.address:#x}", "address"))
    return text.add((" [inlined]", "dim")) if location.inlined else text


COMMAND = Command(
    (
        *("info breakpoints", "info b", "info watchpoints"),
        *("breakpoint list", "br list", "br l", "watchpoint list"),
    ),
    info_breakpoints,
    "List breakpoints, watchpoints and catchpoints",
    ("info breakpoints [NUMBER…]",),
    (("info breakpoints", "all, with locations, conditions and hits"),),
    completes="breakpoint",
)
