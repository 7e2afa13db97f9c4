"""Information about the program as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import Detached, Ended, NotStarted, Running, Stopped
from crabtrap.events import Exited as ExitReason
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands.function_listing import INFO_FUNCTIONS
from crabtrap.frontends.console.stop_display import exit_lines, reason_text
from crabtrap.frontends.console.styled_text import Text, columns

if TYPE_CHECKING:
    from crabtrap import State
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json


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
        case Detached(pid=pid, lost=True):
            return [Text(f"Process {pid} was lost with its server.")]
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
    lines = list(columns(rows))
    for module in modules:
        lines += (Text((problem, "warning")) for problem in module.problems)
    return Reply({"libraries": data}, lines or [Text("Nothing is loaded.")])


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
        INFO_FUNCTIONS,
    ),
)
