"""The program, its threads and frames as HTML fragments, for notebooks.

Everything that comes from the program is escaped; see ``crabtrap.present.output.value_html``.
"""

from __future__ import annotations

import os
from html import escape
from typing import TYPE_CHECKING

from crabtrap.engine.inspect.process import Process
from crabtrap.errors import CrabtrapError
from crabtrap.present.output.value_html import BLOCK, dim
from crabtrap.values.python_behaviour import readable_summary

if TYPE_CHECKING:
    from crabtrap.engine.inspect.stack_frame import Binding, CallStack, StackFrame
    from crabtrap.engine.inspect.thread import Thread

_MOST_FRAMES = 100
_MOST_THREADS = 1000

Rows = list[tuple[str, ...]]
"""The cells of a table, as HTML."""


def inspected_html(shown: Process | CallStack) -> str:
    """A process as its threads, a thread or task as its frames.

    What cannot be read any more, as after the program has run on, says why.
    """
    try:
        return process_html(shown) if isinstance(shown, Process) else stack_html(shown)
    except CrabtrapError as error:
        return _failure(error)


def process_html(process: Process) -> str:
    """All threads, and where each of them is."""
    threads = process.threads
    rows: Rows = [
        (dim(str(thread.index)), escape(thread.name), dim(f"tid {thread.tid}"), _where(thread))
        for thread in threads[:_MOST_THREADS]
    ]
    rest = len(threads) - len(rows)
    return _section(f"process {process.pid}", rows, f"... {rest} more" if rest else "")


def stack_html(stack: CallStack) -> str:
    """Its frames, innermost first."""
    frames = stack.frames(0, _MOST_FRAMES + 1)
    rows: Rows = [
        (dim(f"#{frame.index}"), _head(frame), _position(frame)) for frame in frames[:_MOST_FRAMES]
    ]
    return _section(stack.title, rows, "" if len(frames) == len(rows) else "more frames follow")


def frame_html(frame: StackFrame) -> str:
    """Its arguments and local variables, each of which opens."""
    title = f"#{frame.index} {frame.function or hex(frame.pc or 0)}"
    try:
        frame.check()
        rows: Rows = [_variable(one) for one in (*frame.arguments(), *frame.locals())]
    except CrabtrapError as error:
        return _failure(error)
    return _section(title, rows, "" if rows else "no variables", beside=_position(frame))


def _failure(error: CrabtrapError) -> str:
    return f'<div style="{BLOCK}">{dim(f"<{error}>")}</div>'


def _variable(one: Binding) -> tuple[str, ...]:
    return (
        f"{escape(one.name)}{dim(' (shadowed)') if one.shadowed else ''}",
        one.value.context.program.behaviour.html(one.value),
    )


def _where(thread: Thread) -> str:
    try:
        frame = thread.frame(0)
        return f"{_head(frame)} {_position(frame)}"
    except CrabtrapError as error:
        return dim(str(error))


def _head(frame: StackFrame) -> str:
    """Function and arguments; code that is not the user's stands back."""
    name = frame.function or hex(frame.pc or 0)
    if not frame.is_user:
        return dim(name)
    behaviour = frame.process.behaviour
    arguments = ", ".join(
        f"{one.name}={readable_summary(behaviour, one.value)}" for one in frame.arguments()
    )
    return f"{escape(name)}{dim(f'({arguments})')}"


def _position(frame: StackFrame) -> str:
    """File and line; the whole path is shown where the pointer rests on it."""
    if not frame.path:
        return dim(frame.module or "")
    text = f"{os.path.basename(frame.path)}:{frame.line}"
    return f'<span title="{escape(frame.path)}">{dim(text)}</span>'


def _section(title: str, rows: Rows, note: str, *, beside: str = "") -> str:
    """A title, as text, over a table, with a note below it."""
    cell = '<td style="text-align: left; vertical-align: top">'
    lines = "".join(
        f"<tr>{''.join(f'{cell}{content}</td>' for content in row)}</tr>" for row in rows
    )
    head = f"<b>{escape(title)}</b> {beside}"
    foot = f"<div>{dim(note)}</div>" if note else ""
    return f'<div style="{BLOCK}">{head}<table>{lines}</table>{foot}</div>'
