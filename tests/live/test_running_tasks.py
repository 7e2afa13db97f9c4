"""Which task a thread runs: the stack that it has then, and what stops say of it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from crabtrap import Frame, Session, Stdio
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.json_lines import JsonOutput
from tests.support.console_texts import shown
from tests.support.inferiors import EVERY_TOKIO, USUAL_PROFILES, Inferior, build
from tests.support.looking import WAYS, Way, looking_at


@pytest.fixture(params=USUAL_PROFILES)
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("tasks", request.param)


@pytest.fixture
def session(program: Inferior) -> Iterator[Session]:
    """Stopped in a function that a task calls."""
    with looking_at(program) as session:
        yield session


def test_the_task_on_the_stack_is_the_one_that_runs(session: Session) -> None:
    found = session.task_on(session.thread)
    assert found is not None
    (running,) = (task for task in session.tasks if task.state == "running")
    assert (found.address, found.number, found.root) == (
        running.address,
        running.number,
        "tasks::looks",
    )
    assert running.thread is session.thread


def test_async_functions_that_await_each_other_are_all_frames(
    session: Session, program: Inferior
) -> None:
    """While the inner one is polled; what they keep in memory says otherwise."""
    session.restart()
    session.breakpoints.add("tasks::leaf")
    while not (task := session.client.running_task) or task.name != "tasks::mid":
        session.continue_()
    assert [frame.function for frame in task.frames() if frame.is_user] == [
        "tasks::leaf",
        "tasks::mid",
    ]
    mid = task.frames()[-1]
    assert mid.line == program.marker("mid")
    assert all(frame.thread is session.thread for frame in task.frames())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("profile", EVERY_TOKIO)
def test_every_version_tells_what_runs_and_what_is_blocked_on(profile: str, way: Way) -> None:
    with looking_at(build("tasks", profile), way=way) as session:
        task = session.client.running_task
        assert task is not None
        assert (task.name, len(task.frames())) == ("tasks::looks", 2)
        (root,) = (each for each in session.tasks if each.blocked_thread is not None)
        assert (root.name, root.state) == ("tasks::spawn_all", "idle")


def test_no_task_runs_before_the_runtime_does(program: Inferior) -> None:
    with Session(str(program.path)) as session:
        session.breakpoints.add("tasks::main")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        assert session.task_on(session.thread) is None
        assert session.tasks == ()


def test_a_running_task_has_the_frames_of_its_thread(session: Session, program: Inferior) -> None:
    task = session.task_on(session.thread)
    assert task is not None
    called, own = task.frames()
    assert isinstance(own, Frame)
    assert (called.function, own.function) == ("tasks::look", "tasks::looks")
    assert os.path.basename(own.path or "") == "main.rs"
    assert abs(own.line - program.marker("looks")) <= 1  # the call is over in optimised code
    assert session.values.render(called.evaluate("step + 1")) == "43"


def test_the_memory_of_a_running_task_is_not_its_stack(session: Session) -> None:
    """What it holds in memory dates from before the poll: it says that nothing was begun."""
    task = session.task_on(session.thread)
    assert task is not None
    assert [level.state for level in task.stack] == ["not started"]
    assert all(frame.thread is session.thread for frame in task.frames())


def test_selecting_a_running_task_selects_its_thread(session: Session) -> None:
    task = session.task_on(session.thread)
    assert task is not None
    session.client.select_task(task)
    assert session.frame.function == "tasks::look"
    session.finish()
    assert session.client.task is None
    assert session.frame.function == "tasks::looks"


_CONSOLE_IN_A_PROGRAM = """
import io, sys
from crabtrap import Session, Stdio
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.output import Output
with Session(sys.argv[1]) as session:
    stream = io.StringIO()
    console = Console(session, Output(stream, colour=False), stdio=Stdio.pipes())
    for line in ("break norm2", "run", "backtrace", "info threads", "step"):
        assert console.execute(line), stream.getvalue()
    print(sorted(name for name in sys.modules if name.startswith("crabtrap.tasks.task")))
"""


def test_programs_without_a_runtime_do_not_pay_for_tasks() -> None:
    command = [sys.executable, "-c", _CONSOLE_IN_A_PROGRAM, str(build("basics").path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_stop_in_a_task_says_so(program: Inferior) -> None:
    with Session(str(program.path)) as session:
        text = shown(session, "delete 0", "break tasks::look", "run", "next", "next", "next")
        label = next(task.label for task in session.tasks if task.state == "running")
        headline = f'[task {label} "looks"] Breakpoint 1, tasks::look (step=42)'
        assert headline in text
        assert text.count(f'[task {label} "looks"]') == 2  # not again for a step in one function


def test_a_backtrace_marks_where_the_task_ends(session: Session) -> None:
    lines = shown(session, "backtrace").splitlines()
    label = session.client.running_task
    assert label is not None
    assert lines[0].startswith("#0   tasks::look (step=42)")
    assert lines[1].startswith("#1   tasks::looks")
    assert lines[1].endswith(f"(task {label.label})")
    assert "dependency" in lines[2]
    assert "tasks::main" in lines[3]


def test_json_of_stops_and_threads_names_the_task(program: Inferior) -> None:
    with Session(str(program.path)) as session:
        stream = io.StringIO()
        console = Console(session, JsonOutput(stream), stdio=Stdio.pipes())
        for line in ("delete 0", "break tasks::look", "run", "info threads"):
            console.execute(line)
        replies = [json.loads(line) for line in stream.getvalue().splitlines()]
        stop = next(each for each in replies if each.get("event") == "stopped")
        task = session.client.running_task
        assert task is not None
        assert stop["data"]["task"] == task.label
        (thread,) = replies[-1]["data"]["threads"]
        assert thread["task"] == task.label
