"""Tasks as text: where each waits, and what for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.styled_text import Role, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap import StackFrame, Task
    from crabtrap.frontends.console.context import CommandContext

_ROLES: dict[str, Role] = {"running": "marker", "queued": "hint", "cancelled": "warning"}


def task_title(task: Task) -> Text:
    """``Task 7 app::handle, idle``."""
    text = Text(("Task ", "thread"), (task.label, "thread"), " ", (task.name, "function"), ", ")
    text.add(state_text(task))
    return text.add(f" on thread {task.thread.index}") if task.thread is not None else text


def running_task(context: CommandContext) -> Task | None:
    """The task that the selected thread runs, where that is what is looked at."""
    client = context.client
    return None if client.task is not None else client.running_task


def state_text(task: Task) -> Text:
    """Whether it waits, runs, or has ended."""
    return Text((task.state, _ROLES.get(task.state, "dim")))


def waiting_frame(task: Task) -> StackFrame | None:
    """The innermost frame of the user's code, or else the innermost that has a line."""
    placed = [frame for frame in task.frames() if frame.path]
    return next((frame for frame in placed if frame.is_user), placed[0] if placed else None)


def where_text(task: Task) -> Text:
    """File and line of the await in the user's code."""
    frame = waiting_frame(task)
    return Text() if frame is None or not frame.path else location_text(frame.path, frame.line)


def waiting_for(task: Task) -> str:
    """What it waits for: the futures that await nothing further."""
    if task.state in ("complete", "cancelled", "running"):
        return ""
    innermost = [frame for frame in task.frames() if frame.is_innermost]
    return ", ".join(dict.fromkeys(_leaf_text(task, frame) for frame in innermost))


def _leaf_text(task: Task, frame: StackFrame) -> str:
    if frame.path and task.state == "queued":
        return "to be polled"
    return frame.function or "?"


def grouped(tasks: Iterable[Task]) -> list[list[Task]]:
    """Put tasks with the same stack together, the largest group first."""
    groups: dict[object, list[Task]] = {}
    for task in tasks:
        places = tuple((f.full_function, f.path, f.line, f.branch) for f in task.frames())
        groups.setdefault((task.root, task.state, places), []).append(task)
    return sorted(groups.values(), key=len, reverse=True)
