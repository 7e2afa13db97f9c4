"""Tasks of asynchronous runtimes: listed, grouped, selected, and commands run for one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, get_args

from crabtrap.errors import UsageError
from crabtrap.frontends import describe
from crabtrap.frontends.console.backtrace import (
    BacktraceStyle,
    backtrace_data,
    backtrace_lines,
    choose_frames,
)
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands.stack import show_frame
from crabtrap.frontends.console.styled_text import Text, columns
from crabtrap.frontends.console.task_view import (
    runtime_row,
    state_text,
    task_title,
    waiting_for,
    waiting_frame,
    where_text,
)

if TYPE_CHECKING:
    from crabtrap import Task
    from crabtrap.frontends.console.arguments import Arguments
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json

_OPTIONS = {"state": True, "root": True, "wait": True, "group": False}
_SHOWN_LABELS = 8


def tasks(context: CommandContext, arguments: Arguments) -> Reply:
    """List tasks: ``tasks [-state STATE] [-root REGEX] [-wait REGEX] [-group] [bt]``."""
    options = arguments.options(_OPTIONS)
    found = context.session.tasks
    chosen = _chosen(found, options)
    if arguments.literal("bt", "backtrace"):
        arguments.end()
        return _backtraces(context, chosen)
    arguments.end()
    if "group" in options:
        return _groups(context, chosen)
    data: list[Json] = [describe.task(one) for one in chosen]
    rows = [] if context.output.json else [_row(context, one) for one in chosen]
    none = [] if rows else [Text("No tasks." if not options else "No such tasks.")]
    problems = context.session.task_problems
    doubtful = 0 if "state" in options else sum(one.state == "unknown" for one in found)
    lines = [*(columns(rows) or none), *([_doubt(doubtful)] if doubtful else [])]
    lines += [Text((problem, "warning")) for problem in problems]
    return Reply({"tasks": data, "doubtful": doubtful, "problems": list(problems)}, lines)


def _doubt(count: int) -> Text:
    what = "place looks" if count == 1 else "places look"
    why = "like a task that has ended or is damaged: tasks -state unknown"
    return Text((f"({count} {what} {why})", "dim"))


def _chosen(found: Iterable[Task], options: dict[str, str]) -> list[Task]:
    """The tasks that every filter lets through."""
    filters: list[Callable[[Task], bool]] = []
    if state := options.get("state"):
        from crabtrap import TaskState

        if state not in get_args(TaskState):
            raise UsageError(
                f"no task is ever {state!r}", hint=f"states are {', '.join(get_args(TaskState))}"
            )
        filters.append(lambda task: task.state == state)
    else:
        filters.append(lambda task: task.state != "unknown")
    if root := options.get("root"):
        pattern = _pattern(root)
        filters.append(lambda task: any(map(pattern.search, (task.name, task.root))))
    if wait := options.get("wait"):
        awaited = _pattern(wait)
        filters.append(lambda task: awaited.search(_wait_line(task)) is not None)
    return [task for task in found if all(let_through(task) for let_through in filters)]


def _wait_line(task: Task) -> str:
    """Where a task waits and what for, as its row has it."""
    frame = waiting_frame(task)
    place = "" if frame is None else f"{frame.path}:{frame.line} {frame.function} "
    return place + waiting_for(task)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(f"{text!r} is no regular expression: {error}") from None


def _row(context: CommandContext, task: Task) -> tuple[Text, ...]:
    selected = context.client.task
    here = selected is not None and selected.address == task.address
    arrow = "▶" if context.output.symbols else "*"
    mark = Text((arrow if here else " ", "marker"), (f" {task.label:>2}", "number"))
    root = Text((task.name, "function"))
    cells = (mark, state_text(task), root, where_text(task), Text(waiting_for(task)))
    return tuple(cells[: 1 + max(place for place, cell in enumerate(cells) if cell.plain)])


def _backtraces(context: CommandContext, chosen: list[Task]) -> Reply:
    data: list[Json] = []
    lines: list[Text] = []
    for one in chosen:
        frames = choose_frames(one, None)
        data.append(describe.task(one) | backtrace_data(context, frames, full=False))
        if context.output.json:
            continue
        if lines:
            lines.append(Text())
        lines.append(task_title(one))
        lines += backtrace_lines(context, frames, BacktraceStyle())
    return Reply({"tasks": data}, lines or [Text("No tasks.")])


def _groups(context: CommandContext, chosen: list[Task]) -> Reply:
    data: list[Json] = []
    lines: list[Text] = []
    for group in context.session.group_tasks(chosen):
        first = group.sample
        labels = [task.label for task in group.tasks]
        frames = choose_frames(first, None)
        data.append(
            {"count": len(labels), "tasks": labels, "state": first.state, "root": first.root}
            | backtrace_data(context, frames, full=False)
        )
        if context.output.json:
            continue
        if lines:
            lines.append(Text())
        shown = ", ".join(labels[:_SHOWN_LABELS]) + (", …" if len(labels) > _SHOWN_LABELS else "")
        head = Text((str(len(labels)), "number"), " × ", (first.name, "function"), ", ")
        lines.append(head.add(state_text(first), (f"  (task {shown})", "dim")))
        lines += backtrace_lines(context, frames, BacktraceStyle(values=False))
    problems = context.session.task_problems
    lines = lines or [Text("No tasks.")]
    lines += [Text((problem, "warning")) for problem in problems]
    return Reply({"groups": data, "problems": list(problems)}, lines)


def task(context: CommandContext, arguments: Arguments) -> Reply | None:
    """Select a task and show where it waits: ``task [NUMBER [COMMAND]]``."""
    label = arguments.word()
    command = arguments.take_rest()
    if label is None:
        return _shown(context)
    if command:
        return _run_for(context, label, command)
    context.client.select_task(label)
    return _shown(context)


def _shown(context: CommandContext) -> Reply:
    selected = context.client.task
    if selected is None:
        raise UsageError("no task is selected", hint="task NUMBER; tasks lists them")
    described = describe.task(selected)
    if not selected.frames():
        return Reply({"task": described, "frame": None}, [task_title(selected)])
    reply = show_frame(context)
    return Reply(reply.data | {"task": described}, [task_title(selected), *reply.lines])


def _run_for(context: CommandContext, label: str, command: str) -> None:
    """Run a command with a task selected, then select what was selected."""
    client, process = context.client, context.session.process
    thread, before, index = client.thread.index, client.task, client.frame.index
    client.select_task(label)
    context.lines.run_nested(command)
    if not context.session.is_stopped or context.session.process is not process:
        return  # it has run, and what it stopped at is selected
    if before is None:
        client.select_thread(thread)
    else:
        client.select_task(before)
    client.select_frame(index)


def runtimes(context: CommandContext, arguments: Arguments) -> Reply:
    """List runtimes: ``runtimes``."""
    arguments.end()
    found = context.session.runtimes
    rows = [] if context.output.json else [runtime_row(one) for one in found]
    lines = columns(rows) or [Text("No asynchronous runtime is in use.")]
    return Reply({"runtimes": [describe.runtime(one) for one in found]}, lines)


GROUP = Group(
    "Tasks",
    (
        Command(
            ("tasks", "info tasks", "task list"),
            tasks,
            "List the tasks of asynchronous runtimes, and where each waits",
            (
                "tasks [-state STATE] [-root REGEX] [-wait REGEX] [-group]",
                "tasks [FILTER…] bt",
            ),
            (
                ("tasks", "all of them"),
                ("tasks -root handle", "those whose root's name matches"),
                (
                    "tasks -wait 'sleep|Mutex'",
                    "those that wait for such a thing, or at such a line",
                ),
                ("tasks -state idle", "also queued, running, complete, cancelled, unknown"),
                ("tasks -group", "one entry for all tasks with the same stack"),
                ("tasks bt", "every stack"),
            ),
            "A root is the future that was spawned.",
        ),
        Command(
            ("task", "task select"),
            task,
            "Select a task, to look at it as at a thread",
            ("task [NUMBER]", "task NUMBER COMMAND"),
            (
                ("task 7", "backtrace, frame, print, info locals and list are about it then"),
                ("task 7 bt", "one command for it"),
                ("task", "which one is selected?"),
            ),
            "`thread NUMBER` goes back to a thread; so does every stop.",
            completes="task",
        ),
        Command(
            ("runtimes", "info runtimes"),
            runtimes,
            "List asynchronous runtimes, with their workers and tasks",
            ("runtimes",),
            (("runtimes", "flavor, workers, tasks, threads for blocking calls"),),
            "A runtime is known by the threads that have entered it and by its tasks.",
        ),
    ),
)
