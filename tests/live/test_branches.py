"""Backtraces of tasks that wait for several futures at once."""

from __future__ import annotations

import io

from crabtrap import Session, Stdio
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.output import Output
from tests.support.inferiors import build
from tests.support.looking import looking_at


def test_branches_of_a_select_stand_side_by_side():
    with looking_at(build("waiting"), "locks") as session:
        lines = shown(session, "tasks -root selects bt")
    assert [line[4:] for line in lines[1:]] == [
        "│ Acquire",
        "│ … #1-3 dependency",
        "├ waiting::locks::waits  (branch 0)",
        "├ Sleep  (branch 1)",
        "├ Pending<()>  (branch 2)",
        "… #7 standard library",
        "waiting::locks::selects",
    ]


def shown(session: Session, command: str) -> list[str]:
    """Its lines, without arguments and places."""
    stream = io.StringIO()
    output = Output(stream, colour=False)
    Console(session, output, stdio=Stdio.pipes()).execute(command)
    return [plain(line) for line in stream.getvalue().splitlines()]


def plain(line: str) -> str:
    start, _, rest = line.partition(" (mutex=")
    branch = rest.rpartition("  (branch ")
    return start + branch[1] + branch[2] if branch[1] else start
