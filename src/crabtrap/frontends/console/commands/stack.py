"""The stack of the selected thread: backtraces, and selection of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import NotFoundError, RangeError
from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.backtrace import (
    BacktraceStyle,
    backtrace_data,
    backtrace_lines,
    choose_frames,
)
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.frames import frame_text
from crabtrap.frontends.console.stop_display import selected_frame, where_lines
from crabtrap.frontends.console.styled_text import Text, columns
from crabtrap.frontends.console.task_view import running_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap import StackFrame
    from crabtrap.frontends.console.context import CommandContext


def backtrace(context: CommandContext, arguments: Arguments) -> Reply:
    """Show the stack: ``backtrace [full] [N|-N]``."""
    options = arguments.options({"full": False, "c": int, "count": int}) if (
        arguments.rest.startswith(("-f", "-c", "--"))
    ) else {}  # fmt: skip
    full = arguments.literal("full") is not None or "full" in options
    count = arguments.integer("a number of frames", signed=True)
    if count is None and (given := options.get("c") or options.get("count")):
        count = int(given)
    full = arguments.literal("full") is not None or full
    arguments.end()
    chosen = choose_frames(context.client.stack, count)
    selected = context.client.frame.index
    running = running_task(context)
    style = BacktraceStyle(full=full, selected=selected, task=running)
    lines = [] if context.output.json else backtrace_lines(context, chosen, style)
    data = backtrace_data(context, chosen, full=full)
    if running is not None:
        data |= {"task": describe.task(running), "task_frames": len(running.frames())}
    return Reply(data, lines)


def frame(context: CommandContext, arguments: Arguments) -> Reply:
    """Select a frame and show it: ``frame [N]``, ``frame function NAME``."""
    if arguments.literal("function"):
        return _frame_of_function(context, arguments.need_rest("a function"))
    index = arguments.integer("a frame number")
    arguments.end()
    if index is not None:
        context.client.select_frame(index)
    return show_frame(context)


def _frame_of_function(context: CommandContext, name: str) -> Reply:
    for one in context.client.stack.frames():
        if one.function and (one.function == name or one.function.endswith(f"::{name}")):
            context.client.select_frame(one.index)
            return show_frame(context)
    raise NotFoundError("frame of a function", name, hint="backtrace lists the frames")


def show_frame(context: CommandContext) -> Reply:
    """Show the selected frame with its source, as a stop does."""
    selected = context.client.frame
    context.position.at_frame(selected)
    context.stops.frame = selected_frame(context)
    head = Text((f"#{selected.index}", "number"), "  ", frame_text(context, selected))
    lines = [] if context.output.json else [head, *where_lines(context, selected)]
    return Reply({"frame": describe.frame(selected)}, lines)


def up(context: CommandContext, arguments: Arguments) -> Reply:
    """Select a caller: ``up [N]``."""
    return _move(context, arguments.count())


def down(context: CommandContext, arguments: Arguments) -> Reply:
    """Select a called frame: ``down [N]``."""
    return _move(context, -arguments.count())


def _move(context: CommandContext, distance: int) -> Reply:
    """Select the frame ``distance`` frames out, counting only those a backtrace does not fold."""
    stack, index = context.client.stack, context.client.frame.index
    step = _caller if distance > 0 else _called
    found = index
    for _ in range(abs(distance)):
        candidate = _neighbour(context, found, step)
        if candidate is None:
            break
        found = candidate
    if found == index:
        end = "outermost" if distance > 0 else "innermost"
        raise RangeError(f"this is the {end} frame of {stack.title}")
    context.client.select_frame(found)
    return show_frame(context)


def _neighbour(
    context: CommandContext, index: int, step: Callable[[StackFrame], int | None]
) -> int | None:
    """The next frame that a backtrace does not fold, or the next at all if it folds the rest."""
    stack = context.client.stack
    frame, plain = stack.frame(index), None
    while (following := step(frame)) is not None and stack.frames(following, 1):
        frame = stack.frame(following)
        if plain is None:
            plain = following
        if context.preferences.std_frames or frame.is_user:
            return following
    return plain


def _caller(frame: StackFrame) -> int | None:
    return frame.caller


def _called(frame: StackFrame) -> int | None:
    """The frame that this one has called; of several that it awaits, the last."""
    return None if frame.is_innermost else frame.index - 1


def info_frame(context: CommandContext, arguments: Arguments) -> Reply:
    """Show details of the selected frame: ``info frame``."""
    arguments.end()
    one = context.client.frame
    data = describe.frame(one) | {
        "cfa": describe.address(one.cfa),
        "language": one.language,
        "registers": {name: describe.address(value) for name, value in one.registers().items()},
    }
    return Reply(data, [Text(f"Frame {one.index}: ", frame_text(context, one)), *_facts(one)])


def _facts(one: StackFrame) -> list[Text]:
    if one.thread is None:
        rows = [("state", Text("waits in memory; no thread runs it"))]
    else:
        rows = [("pc", _address(one.pc)), ("frame address", _address(one.cfa))]
    rows += [
        ("module", Text((one.module or "unknown", "path"))),
        ("language", Text(one.language)),
    ]
    if one.inlined:
        rows.append(("inlined", Text("shares the activation of the next frame that is not")))
    if one.folded_reason:
        rows.append(("folded as", Text(one.folded_reason)))
    return columns([(Text((name, "dim")), value) for name, value in rows], indent=2)


def _address(address: int | None) -> Text:
    return Text(("unknown" if address is None else f"{address:#x}", "address"))


GROUP = Group(
    "The stack",
    (
        Command(
            ("backtrace", "bt", "where", "thread backtrace", "info stack"),
            backtrace,
            "Show how the program got here",
            ("backtrace [full] [COUNT | -COUNT]",),
            (
                ("backtrace", "frames of your code; those of the standard library folded"),
                ("backtrace 5", "the innermost five"),
                ("backtrace -5", "the outermost five"),
                ("backtrace full", "with local variables"),
            ),
            "`set print std-frames on` shows every frame.",
        ),
        Command(
            ("frame", "f", "frame select", "frame info"),
            frame,
            "Select a frame and show it",
            ("frame [NUMBER]", "frame function NAME"),
            (("frame 2", "look from there"), ("frame", "where was I?")),
        ),
        Command(
            ("up",),
            up,
            "Select the caller of the selected frame",
            ("up [COUNT]",),
            (("up", "one frame out, over those of the standard library"),),
            repeats="line",
        ),
        Command(
            ("down",),
            down,
            "Select the frame called by the selected one",
            ("down [COUNT]",),
            (("down", "one frame in, over those of the standard library"),),
            repeats="line",
        ),
        Command(
            ("info frame", "info f"),
            info_frame,
            "Show what is known of the selected frame",
            ("info frame",),
        ),
    ),
)
