"""Tasks as text: where each waits, and what for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from crabtrap import Thread
from crabtrap.frontends.console.frames import location_text
from crabtrap.frontends.console.styled_text import Role, Text

if TYPE_CHECKING:
    from crabtrap import Runtime, StackFrame, Task, ThreadWork, Wait
    from crabtrap.frontends.console.context import CommandContext

_ROLES: dict[str, Role] = {"running": "marker", "queued": "hint", "cancelled": "warning"}


def task_title(task: Task) -> Text:
    """``Task 7 app::handle, idle``; a root says which thread it holds up."""
    blocked = task.blocked_thread
    text = Text((task.label if blocked else f"Task {task.label}", "thread"))
    text.add(" ", (task.name, "function"), ", ", state_text(task))
    if task.thread is not None:
        return text.add(f" on thread {task.thread.index}")
    return text if blocked is None else text.add(f", thread {blocked.index} is blocked on it")


def work_text(work: ThreadWork) -> Text:
    """What a thread does for a runtime; nothing, where it does nothing."""
    if work.task is None:
        return Text((work.kind, "dim"))
    verb = "runs " if work.kind == "task" else "blocked on "
    text = Text((verb, "dim"), (work.task.title, "thread"))
    return text.add((f' "{work.task.short_name}"', "dim"))


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
    """What it waits for, on one line."""
    from crabtrap import waits_of_user_code

    if task.state == "idle":
        return ", ".join(dict.fromkeys(map(_wait_text, waits_of_user_code(task.waits))))
    if task.place is not None:
        return f"a thread ({task.place.text})"
    return "to be polled" if task.state == "queued" else ""


def _wait_text(wait: Wait) -> str:
    what = " ".join((wait.what, *map(_label, wait.joined)))
    return f"{what} ({wait.text_of_details})" if wait.text_of_details else what


def _label(who: Task | Thread) -> str:
    if isinstance(who, Thread):
        return f"thread {who.index}"
    return who.label if who.thread is None else f"{who.label} on thread {who.thread.index}"


_FLAVORS = {
    "LocalSet": "local set",
    "CurrentThread": "current thread",
    "MultiThread": "multi thread",
}


def runtime_row(one: Runtime) -> tuple[Text, ...]:
    """Flavor, threads, tasks by state, and the pool for blocking calls."""
    flavor = Text((f"{one.library} {_FLAVORS.get(one.flavor, one.flavor)}", "strong"))
    return flavor, _threads_text(one), _tasks_text(one), _pool_text(one)


def _threads_text(one: Runtime) -> Text:
    indices = ", ".join(str(thread.index) for thread in one.workers or one.threads)
    if one.worker_count is None:
        return Text(f"in thread {indices}") if indices else Text()
    count = f"{one.worker_count} worker{'s' if one.worker_count != 1 else ''}"
    return Text(f"{count} (thread {indices})" if indices else count)


def _tasks_text(one: Runtime) -> Text:
    if not one.tasks:
        return Text("no tasks")
    states = Counter(task.state for task in one.tasks)
    counted = ", ".join(f"{count} {state}" for state, count in states.most_common())
    return Text(f"{len(one.tasks)} task{'s' if len(one.tasks) != 1 else ''}: {counted}")


def _pool_text(one: Runtime) -> Text:
    """The threads for blocking calls; workers are counted among them by the runtime."""
    if one.blocking_threads is None:
        return Text()
    others = one.blocking_threads - (one.worker_count or 0)
    parts = [f"{others} blocking thread{'s' if others != 1 else ''}"]
    if one.idle_blocking_threads:
        parts.append(f"{one.idle_blocking_threads} idle")
    if one.blocking_queue:
        parts.append(f"{one.blocking_queue} calls queued")
    return Text(", ".join(parts))
