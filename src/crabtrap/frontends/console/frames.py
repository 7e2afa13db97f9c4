"""Frames as text: ``demo::parse (line="a,3") at src/main.rs:42``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.files import working_directory
from crabtrap.frontends.console.printing import short_value
from crabtrap.frontends.console.styled_text import Text
from crabtrap.frontends.describe import short_path

if TYPE_CHECKING:
    from crabtrap import StackFrame
    from crabtrap.frontends.console.context import CommandContext

# Widths that arguments are cut to, tried in turn until the frame fits the terminal's line.
_ARGUMENT_WIDTHS = (48, 32, 24, 16)


def frame_text(
    context: CommandContext,
    frame: StackFrame,
    *,
    address: bool = False,
    used: int = 6,
    values: bool = True,
) -> Text:
    """One frame on one line; its arguments are cut so that it fits, if possible.

    Args:
        context: For preferences and the width of the terminal.
        frame: What to show.
        address: Show its address, too.
        used: Characters before it on its line.
        values: Show its arguments.
    """
    room = context.terminal.columns
    text = Text()
    for width in _ARGUMENT_WIDTHS if values else (0,):
        text = _frame_text(context, frame, address, width)
        if room is None or len(text.plain) + used <= room:
            break
    return text


def _frame_text(context: CommandContext, frame: StackFrame, address: bool, width: int) -> Text:
    text = Text()
    if frame.pc is not None and (address or frame.function is None):
        text.add((f"{frame.pc:#018x}", "address"), " in " if frame.function else " ")
    if frame.function:
        text.add((frame.function, "function"))
        text.add(*_arguments(context, frame, width))
    if frame.path:
        text.add(" at ", location_text(frame.path, frame.line))
    elif frame.module and frame.thread is not None:
        text.add(" in " if frame.function else "in ", (os.path.basename(frame.module), "path"))
    if frame.inlined:
        text.add((" [inlined]", "dim"))
    return text


def location_text(path: str, line: int | None) -> Text:
    """``src/main.rs:42``, relative to the working directory."""
    text = Text((short_path(path, working_directory() or "/"), "path"))
    return text.add(":", (str(line), "number")) if line else text


def _arguments(context: CommandContext, frame: StackFrame, width: int) -> Sequence[str | Text]:
    if not frame.path or not width:
        return ()
    if not context.preferences.frame_arguments:
        return (" (…)",)
    parts = Text(" (")
    try:
        arguments = frame.arguments()
    except CrabtrapError as error:
        return (parts.add((f"<{error}>", "dim"), ")"),)
    if not arguments and frame.variables_unknown:
        return ()  # as of any function whose parameters nothing tells
    for number, binding in enumerate(arguments):
        if number:
            parts.add(", ")
        value = short_value(context, binding.value, width)
        parts.add((binding.name, "name"), "=", (value, "value"))
    return (parts.add(")"),)
