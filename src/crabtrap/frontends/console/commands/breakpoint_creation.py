"""Commands that set breakpoints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.errors import NotFoundError, UsageError
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.commands.breakpoint_listing import (
    LOCATIONS_SHOWN,
    breakpoint_location_text,
    unjudged_texts,
)
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap import Breakpoint
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json


def break_(context: CommandContext, arguments: Arguments) -> Reply:
    """Set a breakpoint: ``break [LOCATION] [thread N] [if CONDITION]``."""
    return _add(context, arguments, temporary=False, hardware=False)


def tbreak(context: CommandContext, arguments: Arguments) -> Reply:
    """Set a temporary breakpoint, for one stop: ``tbreak``."""
    return _add(context, arguments, temporary=True, hardware=False)


def hbreak(context: CommandContext, arguments: Arguments) -> Reply:
    """Set a breakpoint in a debug register: ``hbreak``."""
    return _add(context, arguments, temporary=False, hardware=True)


def rbreak(context: CommandContext, arguments: Arguments) -> Reply:
    """Set breakpoints at all functions that match: ``rbreak REGEX``."""
    pattern = arguments.need_rest("a regular expression")
    return _added(context.client.breakpoints.add_regex(pattern))


def dprintf(context: CommandContext, arguments: Arguments) -> Reply:
    """Set a log point: ``dprintf LOCATION, TEXT``."""
    rest = arguments.need_rest("a location and a text")
    location, comma, text = rest.partition(",")
    if not comma or not text.strip():
        raise UsageError("a comma belongs between the location and the text", hint=_LOG_USAGE)
    text = text.strip()
    if text[:1] == '"' and text[-1:] == '"' and len(text) > 1:
        text = text[1:-1]
    item = context.client.breakpoints.add(location.strip(), log=text)
    return _added([item])


_LOG_USAGE = 'dprintf parse, "line {line} has {words.len}"'


def _add(
    context: CommandContext, arguments: Arguments, *, temporary: bool, hardware: bool
) -> Reply:
    options = arguments.options(_LLDB_OPTIONS)
    location, condition = arguments.split_condition()
    location, thread = _split_thread(context, location)
    location, task = _split_task(location)
    spec = _spec_of(options, location) or _here(context)
    item = context.client.breakpoints.add(
        spec,
        condition=options.get("c") or options.get("condition") or condition,
        temporary=temporary or "o" in options or "one-shot" in options,
        ignore=int(options.get("i", "0")),
        thread=thread,
        task=task,
        hardware=hardware or "H" in options,
        every_poll="resume" in options,
    )
    return _added([item])


_LLDB_OPTIONS: dict[str, bool | type[int]] = {
    "n": True,
    "name": True,
    "f": True,
    "file": True,
    "l": int,
    "line": int,
    "a": True,
    "address": True,
    "r": True,
    "func-regex": True,
    "c": True,
    "condition": True,
    "i": int,
    "o": False,
    "one-shot": False,
    "H": False,
    "resume": False,
}


def _spec_of(options: dict[str, str], location: str) -> str:
    """The linespec that lldb's options mean, else the one that was typed."""
    line = options.get("l") or options.get("line")
    file = options.get("f") or options.get("file")
    name = options.get("n") or options.get("name")
    address = options.get("a") or options.get("address")
    pattern = options.get("r") or options.get("func-regex")
    if line:
        return f"{file}:{line}" if file else line
    if name:
        return name
    if address:
        return f"*{address}"
    return f"/{pattern}/" if pattern else location


def _split_thread(context: CommandContext, location: str) -> tuple[str, int | None]:
    """Separate gdb's ``thread N`` from the end of a linespec; the thread's tid."""
    head, word, number = location.rpartition("thread ")
    if not word or not number.strip().isdecimal() or (head and not head.endswith(" ")):
        return location, None
    index = int(number)
    for thread in context.session.threads:
        if thread.index == index:
            return head.strip(), thread.tid
    raise NotFoundError("thread", number, hint="info threads")


_OF_TASK = re.compile(r"(?P<location>.*?\s)?task\s+(?P<task>\d+|/.*/)")


def _split_task(location: str) -> tuple[str, str]:
    """Separate ``task N`` or ``task /REGEX/`` from the end of a linespec."""
    found = _OF_TASK.fullmatch(location.strip())
    return ((found["location"] or "").strip(), found["task"]) if found else (location, "")


def _here(context: CommandContext) -> str:
    """The linespec of the selected frame, for ``break`` without arguments."""
    frame = context.client.frame
    return f"{frame.path}:{frame.line}" if frame.pc is None else f"*{frame.pc:#x}"


def _added(items: Sequence[Breakpoint]) -> Reply:
    data: list[Json] = [describe.stoppoint(item) for item in items]
    return Reply({"breakpoints": data}, [line for item in items for line in set_lines(item)])


def set_lines(item: Breakpoint) -> list[Text]:
    """The lines that report a new breakpoint."""
    kind = "Log point" if item.log is not None else "Breakpoint"
    kind = f"Temporary {kind.lower()}" if item.temporary else kind
    head = Text((f"{kind} {item.number}", "breakpoint"))
    match item.locations:
        case ():
            head.add(" is pending: ", item.problem or f"nothing is called {item.text} yet")
            return [head, *_hint(item)]
        case (only,):
            return [head.add(": ", breakpoint_location_text(only)), *_problem(item), *_choice(item)]
        case locations:
            head.add(f" at {len(locations)} locations")
            shown = [
                Text("  ", breakpoint_location_text(location))
                for location in locations[:LOCATIONS_SHOWN]
            ]
            if len(locations) > LOCATIONS_SHOWN:
                shown.append(Text((f"  … and {len(locations) - LOCATIONS_SHOWN} more", "dim")))
            return [head, *shown, *_problem(item), *_choice(item)]


def _problem(item: Breakpoint) -> list[Text]:
    return [Text(("  ", "plain"), (item.problem, "warning"))] if item.problem else []


def _hint(item: Breakpoint) -> list[Text]:
    return [Text(("  try: ", "hint"), item.hint)] if item.hint else []


def _choice(item: Breakpoint) -> list[Text]:
    notes = [Text(note) for note in item.notes] + unjudged_texts(item)
    return [Text(("  note: ", "hint"), note) for note in notes]


_LOCATIONS = (
    "A location is a line of the current file (42), a line of a file (main.rs:42, src/main.rs:42),"
    "\na function by any trailing part of its path (parse, Config::parse, <Dog as Animal>::name),\n"
    "a regular expression (/^demo::.*parse/) or an address (*0x555555556a10).\n"
    "Every instance of a generic function and every inline instance gets its own stop."
)

COMMANDS = (
    Command(
        ("break", "b", "br", "breakpoint set", "br set", "br s"),
        break_,
        "Stop at a location",
        (
            "break [-resume] [LOCATION] [thread N | task N | task /REGEX/] [if CONDITION]",
            "break task-spawn|task-complete [/REGEX/]",
            "breakpoint set (-n NAME | -f FILE -l LINE | -r REGEX | -a ADDRESS) [-c CONDITION]",
        ),
        (
            ("break parse", "at the function parse, wherever it is"),
            ("break main.rs:42 if count > 3", "at a line, when the condition holds"),
            ("break Shape::area", "at a method, of a type or of every implementation"),
            ("break handle task 7 if id == 3", "in one task alone"),
            ("break handle task /serve/", "in tasks whose future has such a path"),
            ("break task-spawn /serve/", "where such a task is made"),
            ("break", "here, at the next instruction of the selected frame"),
        ),
        _LOCATIONS,
        completes="location",
    ),
    Command(
        ("tbreak", "tb"),
        tbreak,
        "Stop at a location once",
        ("tbreak [LOCATION] [thread N] [if CONDITION]",),
        (("tbreak main", "stop in main, then forget it"),),
        completes="location",
    ),
    Command(
        ("hbreak",),
        hbreak,
        "Stop at a location by a debug register",
        ("hbreak [LOCATION] [thread N] [if CONDITION]",),
        (("hbreak parse", "no byte of the program is changed"),),
        completes="location",
    ),
    Command(
        ("rbreak",),
        rbreak,
        "Stop at every function that matches a regular expression",
        ("rbreak REGEX",),
        (("rbreak ^demo::parse", "all functions whose path begins so"),),
    ),
    Command(
        ("dprintf", "logpoint"),
        dprintf,
        "Print a line whenever a location is passed, without stopping",
        ("dprintf LOCATION, TEXT",),
        ((_LOG_USAGE, "expressions in braces are evaluated there"),),
        completes="location",
    ),
)
