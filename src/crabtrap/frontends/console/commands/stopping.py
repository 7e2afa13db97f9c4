"""Stopping at places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.stoppoints import AnyStoppoint, Breakpoint, Catchpoint, Watchpoint
from crabtrap.errors import NotFoundError, UsageError
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands.data import undisplay
from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.output import Text, columns

if TYPE_CHECKING:
    from crabtrap.frontends.console.console import Console
    from crabtrap.frontends.describe import Json
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation

_LOCATIONS_SHOWN = 8


def set_lines(item: Breakpoint) -> list[Text]:
    """What is said of a breakpoint that was just set."""
    kind = "Log point" if item.log is not None else "Breakpoint"
    kind = f"Temporary {kind.lower()}" if item.temporary else kind
    head = Text((f"{kind} {item.number}", "breakpoint"))
    match item.locations:
        case ():
            head.add(" is pending: ", item.problem or f"nothing is called {item.text} yet")
            return [head, *_hint(item)]
        case (only,):
            return [head.add(": ", _location_text(only)), *_problem(item), *_choice(item)]
        case locations:
            head.add(f" at {len(locations)} locations")
            shown = [
                Text("  ", _location_text(location)) for location in locations[:_LOCATIONS_SHOWN]
            ]
            if len(locations) > _LOCATIONS_SHOWN:
                shown.append(Text((f"  … and {len(locations) - _LOCATIONS_SHOWN} more", "dim")))
            return [head, *shown, *_problem(item), *_choice(item)]


def _problem(item: Breakpoint) -> list[Text]:
    return [Text(("  ", "plain"), (item.problem, "warning"))] if item.problem else []


def _hint(item: Breakpoint) -> list[Text]:
    return [Text(("  try: ", "hint"), item.hint)] if item.hint else []


def _choice(item: Breakpoint) -> list[Text]:
    return [Text(("  note: ", "hint"), note) for note in item.notes]


def _location_text(location: BreakpointLocation) -> Text:
    text = Text()
    if location.function:
        text.add((location.function, "function"), " ")
    if location.path:
        text.add("at " if location.function else "", location_text(location.path, location.line))
    else:
        text.add((f"{location.address:#x}", "address"))
    return text.add((" [inlined]", "dim")) if location.inlined else text


def _added(console: Console, numbers: Iterable[Breakpoint]) -> Reply:
    items = list(numbers)
    data: list[Json] = [describe.stoppoint(item) for item in items]
    return Reply({"breakpoints": data}, [line for item in items for line in set_lines(item)])


def _add(console: Console, arguments: Arguments, *, temporary: bool, hardware: bool) -> Reply:
    options = arguments.options(_LLDB_OPTIONS)
    location, condition = arguments.split_condition()
    location, thread = _split_thread(console, location)
    spec = _spec_of(options, location) or _here(console)
    item = console.session.breakpoints.add(
        spec,
        condition=options.get("c") or options.get("condition") or condition,
        temporary=temporary or "o" in options or "one-shot" in options,
        ignore=int(options.get("i", "0")),
        thread=thread,
        hardware=hardware or "H" in options,
    )
    return _added(console, [item])


_LLDB_OPTIONS = {
    "n": True,
    "name": True,
    "f": True,
    "file": True,
    "l": True,
    "line": True,
    "a": True,
    "address": True,
    "r": True,
    "func-regex": True,
    "c": True,
    "condition": True,
    "i": True,
    "o": False,
    "one-shot": False,
    "H": False,
}


def _spec_of(options: dict[str, str], location: str) -> str:
    """The place that lldb's options name, or the one that was typed."""
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


def _split_thread(console: Console, location: str) -> tuple[str, int | None]:
    """Take gdb's ``thread N`` from the end of a place."""
    head, word, number = location.rpartition("thread ")
    if not word or not number.strip().isdecimal() or (head and not head.endswith(" ")):
        return location, None
    index = int(number)
    for thread in console.session.threads:
        if thread.index == index:
            return head.strip(), thread.tid
    raise NotFoundError("thread", number, hint="info threads")


def _here(console: Console) -> str:
    """The place of the selected frame, for a bare ``break``."""
    return f"*{console.session.frame.pc:#x}"


def break_(console: Console, arguments: Arguments) -> Reply:
    """``break [PLACE] [thread N] [if CONDITION]``."""
    return _add(console, arguments, temporary=False, hardware=False)


def tbreak(console: Console, arguments: Arguments) -> Reply:
    """``tbreak``: one stop only."""
    return _add(console, arguments, temporary=True, hardware=False)


def hbreak(console: Console, arguments: Arguments) -> Reply:
    """``hbreak``: by a debug register."""
    return _add(console, arguments, temporary=False, hardware=True)


def rbreak(console: Console, arguments: Arguments) -> Reply:
    """``rbreak REGEX``."""
    pattern = arguments.need_rest("a regular expression")
    return _added(console, console.session.breakpoints.add_regex(pattern))


def dprintf(console: Console, arguments: Arguments) -> Reply:
    """``dprintf PLACE, TEXT``."""
    rest = arguments.need_rest("a location and a text")
    location, comma, text = rest.partition(",")
    if not comma or not text.strip():
        raise UsageError("a comma belongs between the location and the text", hint=_LOG_USAGE)
    text = text.strip()
    if text[:1] == '"' and text[-1:] == '"' and len(text) > 1:
        text = text[1:-1]
    item = console.session.breakpoints.add(location.strip(), log=text)
    return _added(console, [item])


_LOG_USAGE = 'dprintf parse, "line {line} has {words.len}"'


def info_breakpoints(console: Console, arguments: Arguments) -> Reply:
    """``info breakpoints [N…]``."""
    numbers = arguments.numbers()
    table = console.session.breakpoints
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
                return _location_text(item.locations[0])
            return Text(item.text, (f" ({len(item.locations)} locations)", "dim"))
        case Watchpoint():
            return Text((item.expression, "name"))
        case Catchpoint():
            return Text(item.kind, *(f" {name}" for name in item.names))


def _notes(item: AnyStoppoint, *, all_locations: bool) -> list[Text]:
    """The lines below a breakpoint's row."""
    notes: list[Text] = []
    if item.condition is not None:
        notes.append(Text("if ", (item.condition, "name"), (_condition_evaluator(item), "dim")))
    if item.failures:
        times = "once" if item.failures == 1 else f"{item.failures} times"
        notes.append(Text((f"could not be judged {times}: {item.failure}", "warning")))
    if item.thread is not None:
        notes.append(Text(f"only thread {item.thread}"))
    if left := describe.ignored_hits(item):
        notes.append(Text(f"the next {left} hit{' is' if left == 1 else 's are'} ignored"))
    if isinstance(item, Breakpoint):
        if item.log is not None:
            notes.append(Text("logs ", (item.log, "string")))
        if len(item.locations) > 1:
            shown = item.locations if all_locations else item.locations[:_LOCATIONS_SHOWN]
            notes += [_location_text(location) for location in shown]
            if len(shown) < len(item.locations):
                more = len(item.locations) - len(shown)
                notes.append(Text((f"… and {more} more: info breakpoints {item.number}", "dim")))
    if not isinstance(item, Watchpoint) and item.problem:
        notes.append(Text((item.problem, "warning")))
    notes += [Text(("> ", "dim"), command) for command in item.commands]
    return [Text("       ", note) for note in notes]


def _condition_evaluator(item: AnyStoppoint) -> str:
    """Who looks whether a condition holds: the target, at no cost, or the engine."""
    if not isinstance(item, Breakpoint):
        return ""
    if item.on_target:
        return " (judged by the guard)"
    return f" (judged by the debugger: {item.not_on_target})" if item.not_on_target else ""


def _numbers(console: Console, arguments: Arguments) -> list[int]:
    """Numbers that were typed, all of which exist; all there are when none was."""
    numbers = arguments.numbers() or [item.number for item in console.session.breakpoints]
    for number in numbers:
        console.session.breakpoints[number]
    return numbers


def delete(console: Console, arguments: Arguments) -> Reply | None:
    """``delete [N…]``."""
    if arguments.literal("display"):
        return undisplay(console, arguments)
    arguments.literal("breakpoints")
    asked = arguments.empty
    numbers = _numbers(console, arguments)
    if asked and numbers and not console.confirm("Delete all breakpoints?"):
        return None
    for number in numbers:
        console.session.breakpoints.remove(number)
    return Reply({"deleted": list(numbers)})


def clear(console: Console, arguments: Arguments) -> Reply:
    """``clear PLACE``."""
    location = arguments.need_rest("a location")
    matching = [item for item in console.session.breakpoints if _is_at(item, location)]
    if not matching:
        raise NotFoundError("breakpoint", location, hint="info breakpoints lists them")
    numbers = [item.number for item in matching]
    for number in numbers:
        console.session.breakpoints.remove(number)
    listed = ", ".join(map(str, numbers))
    return Reply({"deleted": list(numbers)}, [Text(f"Deleted breakpoint {listed}")])


def _is_at(item: AnyStoppoint, location: str) -> bool:
    if not isinstance(item, Breakpoint):
        return False
    if item.text == location:
        return True
    file, colon, line = location.rpartition(":")
    return any(
        str(where.line) == line and bool(colon) and (where.path or "").endswith(f"/{file}")
        for where in item.locations
    )


def enable(console: Console, arguments: Arguments) -> Reply:
    """``enable [N…]``."""
    return _switch(console, arguments, on=True)


def disable(console: Console, arguments: Arguments) -> Reply:
    """``disable [N…]``."""
    return _switch(console, arguments, on=False)


def _switch(console: Console, arguments: Arguments, *, on: bool) -> Reply:
    if arguments.literal("display"):
        for number in arguments.numbers() or [display.number for display in console.displays]:
            console.displays.find(number).enabled = on
        return Reply({})
    arguments.literal("breakpoints")
    numbers = _numbers(console, arguments)
    for number in numbers:
        console.session.breakpoints.enable(number, on)
    return Reply({"breakpoints": list(numbers), "enabled": on})


def condition(console: Console, arguments: Arguments) -> Reply:
    """``condition N [EXPRESSION]``."""
    number = arguments.integer("a breakpoint number")
    if number is None:
        arguments.fail("condition needs a breakpoint number")
    text = arguments.take_rest() or None
    console.session.breakpoints.set_condition(number, text)
    said = f"stops only if {text}" if text else "stops always now"
    return Reply({"breakpoint": number, "condition": text}, [Text(f"Breakpoint {number} {said}")])


def ignore(console: Console, arguments: Arguments) -> Reply:
    """``ignore N COUNT``."""
    number = arguments.integer("a breakpoint number")
    if number is None:
        arguments.fail("ignore needs a breakpoint number and a count")
    count = arguments.count()
    console.session.breakpoints.set_ignore(number, count)
    hits = "hit" if count == 1 else f"{count} hits"
    said = f"The next {hits} of breakpoint {number} {'is' if count == 1 else 'are'} ignored"
    return Reply({"breakpoint": number, "ignore": count}, [Text(said)])


def commands(console: Console, arguments: Arguments) -> Reply:
    """``commands [N…]``, then lines, then ``end``."""
    numbers = arguments.numbers()
    if not numbers:
        existing = [item.number for item in console.session.breakpoints]
        if not existing:
            raise UsageError("there is no breakpoint to give commands to", hint="break PLACE")
        numbers = existing[-1:]
    for number in numbers:
        console.session.breakpoints[number]
    lines = console.read_block("> ")
    for number in numbers:
        console.session.breakpoints.set_commands(number, lines)
    return Reply({"breakpoints": list(numbers), "commands": list(lines)})


_LOCATIONS = (
    "A location is a line of the current file (42), a line of a file (main.rs:42, src/main.rs:42),"
    "\na function by any trailing part of its path (parse, Config::parse, <Dog as Animal>::name),\n"
    "a regular expression (/^demo::.*parse/) or an address (*0x555555556a10).\n"
    "Every instance of a generic function and every inline instance gets its own stop."
)

GROUP = Group(
    "Breakpoints",
    (
        Command(
            ("break", "b", "br", "breakpoint set", "br set", "br s"),
            break_,
            "Stop at a location",
            (
                "break [PLACE] [thread N] [if CONDITION]",
                "breakpoint set (-n NAME | -f FILE -l LINE | -r REGEX | -a ADDRESS) [-c CONDITION]",
            ),
            (
                ("break parse", "at the function parse, wherever it is"),
                ("break main.rs:42 if count > 3", "at a line, when the condition holds"),
                ("break Shape::area", "at a method, of a type or of every implementation"),
                ("break", "here, at the next instruction of the selected frame"),
            ),
            _LOCATIONS,
            completes="location",
        ),
        Command(
            ("tbreak", "tb"),
            tbreak,
            "Stop at a location once",
            ("tbreak [PLACE] [thread N] [if CONDITION]",),
            (("tbreak main", "stop in main, then forget it"),),
            completes="location",
        ),
        Command(
            ("hbreak",),
            hbreak,
            "Stop at a location by a debug register",
            ("hbreak [PLACE] [thread N] [if CONDITION]",),
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
            ("dprintf PLACE, TEXT",),
            ((_LOG_USAGE, "expressions in braces are evaluated there"),),
            completes="location",
        ),
        Command(
            (
                *("info breakpoints", "info b", "info watchpoints"),
                *("breakpoint list", "br list", "br l", "watchpoint list"),
            ),
            info_breakpoints,
            "List breakpoints, watchpoints and catchpoints",
            ("info breakpoints [NUMBER…]",),
            (("info breakpoints", "all, with locations, conditions and hits"),),
            completes="breakpoint",
        ),
        Command(
            ("delete", "d", "del", "breakpoint delete", "watchpoint delete"),
            delete,
            "Delete breakpoints",
            ("delete [NUMBER…]", "delete display [NUMBER…]"),
            (("delete 2", "number 2"), ("delete 2-4 7", "several"), ("delete", "all")),
            completes="breakpoint",
        ),
        Command(
            ("clear", "cl"),
            clear,
            "Delete the breakpoints at a location",
            ("clear PLACE",),
            (("clear main.rs:42", "whatever stops at that line"),),
            completes="location",
        ),
        Command(
            ("enable", "en", "breakpoint enable", "watchpoint enable"),
            enable,
            "Make breakpoints stop again",
            ("enable [NUMBER…]", "enable display [NUMBER…]"),
            (("enable 2", "number 2"), ("enable", "all")),
            completes="breakpoint",
        ),
        Command(
            ("disable", "dis", "breakpoint disable", "watchpoint disable"),
            disable,
            "Keep breakpoints, but do not stop at them",
            ("disable [NUMBER…]", "disable display [NUMBER…]"),
            (("disable 2", "number 2"), ("disable", "all")),
            completes="breakpoint",
        ),
        Command(
            ("condition", "cond"),
            condition,
            "Stop only when an expression is true",
            ("condition NUMBER [EXPRESSION]",),
            (
                ("condition 1 count > 3", "stop only then"),
                ("condition 1", "stop always"),
            ),
            "A condition that has no value (an index out of range, a variable optimised out)\n"
            "counts neither as true nor as false: it stops once per run and says why, and is\n"
            "counted from then on, which `info breakpoints` shows.",
            completes="expression",
        ),
        Command(
            ("ignore",),
            ignore,
            "Pass a breakpoint some times without stopping",
            ("ignore NUMBER COUNT",),
            (("ignore 1 99", "stop at the hundredth hit"),),
            completes="breakpoint",
        ),
        Command(
            ("commands",),
            commands,
            "Run commands whenever a breakpoint stops",
            ("commands [NUMBER…]",),
            (("commands 1", "then one command a line, and `end`"),),
            "`silent` as the first command leaves out the usual report of the stop.",
            completes="breakpoint",
        ),
    ),
)
