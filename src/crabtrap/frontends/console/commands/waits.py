"""Who waits for whom, and who can never go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import NotFoundError
from crabtrap.frontends import describe_waits
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.styled_text import Text
from crabtrap.frontends.console.wait_view import (
    diagnosis_lines,
    wait_lines,
    waiter_line,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap import Session, Wait
    from crabtrap.frontends.console.arguments import Arguments
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json


def waits(context: CommandContext, arguments: Arguments) -> Reply:
    """Show who waits for whom: ``waits [-all] [-dot|-svg] [TASK…]``."""
    options = arguments.options({"all": False, "dot": False, "svg": False})
    labels = arguments.labels()
    others = 0
    if labels:
        chosen: Sequence[Wait] = _waits_of(context.session, labels)
    elif "all" in options:
        chosen = context.session.waits
    else:
        chosen = context.session.waits_for_somebody
        others = context.session.wait_count - len(chosen)
    for form in ("dot", "svg"):
        if form in options:
            return _drawn(form, chosen)
    data: list[Json] = [describe_waits.wait(each) for each in chosen]
    return Reply({"waits": data}, [] if context.output.json else _lines(chosen, others))


def _drawn(form: str, chosen: Sequence[Wait]) -> Reply:
    # Of use to few, and slow to import.
    from crabtrap.frontends.wait_graph import dot_lines, graph_of, svg_lines

    graph = graph_of(chosen)
    lines = dot_lines(graph) if form == "dot" else svg_lines(graph)
    return Reply({form: "\n".join(lines)}, [Text(line) for line in lines])


def _waits_of(session: Session, labels: Sequence[str]) -> list[Wait]:
    tasks = {task.label: task for task in session.tasks}
    for label in labels:
        if label not in tasks:
            raise NotFoundError("task", label, hint="tasks lists them")
    return [wait for label in labels for wait in tasks[label].waits]


def _lines(chosen: Sequence[Wait], others: int) -> list[Text]:
    lines: list[Text] = []
    before = None
    for wait in chosen:
        if wait.who is not before:
            lines.append(waiter_line(wait.who, wait.where))
            before = wait.who
        lines += wait_lines(wait)
    if others:
        end = "end by themselves" if others > 1 else "ends by itself"
        text = f"{others} more {end}, from outside or in libraries: waits -all"
        lines.append(Text((text, "dim")))
    return lines or [Text("Nobody waits.")]


def deadlocks(context: CommandContext, arguments: Arguments) -> Reply:
    """Show who can never go on: ``deadlocks [--check]``."""
    options = arguments.options({"check": False})
    arguments.end()
    found = context.session.diagnoses
    stuck = any(one.is_deadlock for one in found)
    data: list[Json] = [describe_waits.diagnosis(one) for one in found]
    lines: list[Text] = []
    for one in found:
        lines += diagnosis_lines(one)
    return Reply(
        {"diagnoses": data},
        lines or [Text("No deadlock is found.")],
        failed=stuck and "check" in options,
    )


GROUP = Group(
    "Who waits for whom",
    (
        Command(
            ("waits", "info waits"),
            waits,
            "Show what tasks wait for, and who can end it",
            ("waits [-all] [-dot|-svg] [TASK…]",),
            (
                ("waits", "locks, channels, tasks: whatever somebody in the program ends"),
                ("waits -all", "timers and the outside world, too"),
                ("waits 7", "what task 7 waits for"),
                ("waits -dot", "as a graph for Graphviz"),
                ("waits -svg", "as a drawing for a browser"),
            ),
            "docs/async.md says what each wait means, and how to describe futures of your own.",
        ),
        Command(
            ("deadlocks", "info deadlocks"),
            deadlocks,
            "Show who can never go on",
            ("deadlocks [--check]",),
            (
                ("deadlocks", "those who wait for each other, and those behind them"),
                ("deadlocks --check", "counts as failed if there are any: for scripts"),
            ),
            "Whatever is unknown is taken to go on, so that what is shown is really stuck.\n"
            "`crabtrap -p PID --batch -ex 'deadlocks --check'` ends with exit code 1 then.",
        ),
    ),
)
