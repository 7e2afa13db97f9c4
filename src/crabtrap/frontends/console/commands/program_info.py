"""Information about the program as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import Detached, Ended, NotStarted, Running, Stopped
from crabtrap.events import Exited as ExitReason
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.stop_display import exit_lines, reason_text
from crabtrap.frontends.console.styled_text import Text, columns

if TYPE_CHECKING:
    from crabtrap import State
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json

_MOST_FUNCTIONS = 200


def info_program(context: CommandContext, arguments: Arguments) -> Reply:
    """Show the state of the program: ``info program``."""
    arguments.end()
    return Reply(describe.state(context.session), _state_lines(context.session.state))


def _state_lines(state: State) -> list[Text]:
    match state:
        case NotStarted():
            return [Text("The program has not been started.")]
        case Stopped(event=event):
            lines = [Text(f"Process {event.pid} is stopped:")]
            for reason in event.reasons:
                head, more = reason_text(reason)
                lines += [Text("  ", line) for line in (head or Text("a step was done"), *more)]
            return lines
        case Running():
            return [Text("The program is running.")]
        case Detached(pid=pid):
            return [Text(f"Process {pid} was let go.")]
        case Ended(event=event):
            (exited, *_) = event.reasons
            return exit_lines(exited) if isinstance(exited, ExitReason) else []


def info_libraries(context: CommandContext, arguments: Arguments) -> Reply:
    """List the program and its libraries: ``info sharedlibrary [PART OF NAME]``."""
    wanted = arguments.take_rest()
    modules = [module for module in context.session.code.modules if wanted in module.name]
    rows: list[tuple[Text, ...]] = []
    data: list[Json] = []
    for module in modules:
        start = min((low for low, _ in module.executable_ranges), default=0)
        end = max((high for _, high in module.executable_ranges), default=0)
        level = module.debug_level
        data.append(
            {
                "path": module.name,
                "bias": describe.address(module.bias),
                "start": describe.address(start),
                "end": describe.address(end),
                "debug_info": level,
                "problems": list(module.problems),
            }
        )
        code = Text((f"{start:#x}", "address"), "-", (f"{end:#x}", "address"))
        role = "dim" if level in ("none", "symbols") else "plain"
        rows.append((code, Text((f"debug info: {level}", role)), Text((module.name, "path"))))
    return Reply({"libraries": data}, columns(rows) or [Text("Nothing is loaded.")])


def info_proc(context: CommandContext, arguments: Arguments) -> Reply:
    """Show the process or its memory map: ``info proc [mappings]``."""
    process = context.session.process
    if arguments.literal("mappings", "map", "m"):
        return _mappings(context)
    arguments.end()
    main = context.session.code.modules.main
    rows: list[tuple[str, str]] = [
        ("process", str(process.pid)),
        ("executable", main.path if main is not None else process.executable),
        ("threads", str(len(process.threads))),
        ("through", process.description),
    ]
    data: dict[str, Json] = {"pid": process.pid, **dict(rows[1:])}
    return Reply(data, columns([(Text((name, "dim")), Text(value)) for name, value in rows]))


def _mappings(context: CommandContext) -> Reply:
    mappings = context.session.process.mappings
    data: list[Json] = [
        {
            "start": describe.address(one.start),
            "end": describe.address(one.end),
            "permissions": one.permissions,
            "offset": one.offset,
            "path": one.path,
        }
        for one in mappings
    ]
    rows = [
        (
            Text((f"{one.start:#x}", "address"), "-", (f"{one.end:#x}", "address")),
            Text(one.permissions),
            Text((f"{one.offset:#x}", "dim")),
            Text((one.path, "path")),
        )
        for one in mappings
    ]
    return Reply({"mappings": data}, columns(rows))


def info_functions(context: CommandContext, arguments: Arguments) -> Reply:
    """List functions that match: ``info functions REGEX``."""
    pattern = arguments.need_rest("a regular expression")
    found = context.session.code.functions(pattern, _MOST_FUNCTIONS)
    data: list[Json] = [
        {
            "function": one.path,
            "address": describe.address(one.entry),
            "path": one.declaration_path,
            "line": one.declaration_line or None,
        }
        for one in found
    ]
    lines = [
        Text(
            (one.path, "function"),
            *(
                (" at ", location_text(one.declaration_path, one.declaration_line))
                if one.declaration_path
                else ()
            ),
        )
        for one in found
    ]
    if len(found) >= _MOST_FUNCTIONS:
        lines.append(Text((f"(the first {_MOST_FUNCTIONS}; narrow the expression)", "dim")))
    return Reply({"functions": data}, lines or [Text(f"No function matches {pattern}.")])


GROUP = Group(
    "The program",
    (
        Command(
            ("info program", "process status", "status"),
            info_program,
            "Show whether the program runs and why it stopped",
            ("info program",),
        ),
        Command(
            ("info sharedlibrary", "info dll", "image list"),
            info_libraries,
            "List the program and its libraries, with what is known of each",
            ("info sharedlibrary [PART OF NAME]",),
            (("info sharedlibrary libc", "one of them"),),
        ),
        Command(
            ("info proc",),
            info_proc,
            "Show the process, or its memory map",
            ("info proc [mappings]",),
            (("info proc mappings", "what is mapped where"),),
        ),
        Command(
            ("info functions",),
            info_functions,
            "List functions that match a regular expression",
            ("info functions REGEX",),
            (("info functions ^demo::", "every function of the crate demo"),),
        ),
    ),
)
