"""A task is looked at as a thread is: its frames have places and variables, and evaluate."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from crabtrap import Binding, Session, StackFrame, Stdio, Task
from crabtrap.errors import CrabtrapError, NotFoundError, RangeError, StaleError, StateError
from crabtrap.frontends.console.completion import completions
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.json_lines import JsonOutput
from crabtrap.frontends.console.output import Output
from tests.support.console_texts import shown
from tests.support.inferiors import USUAL_PROFILES, Inferior, build
from tests.support.looking import looking_at


@pytest.fixture(params=USUAL_PROFILES)
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("tasks", request.param)


@pytest.fixture
def session(program: Inferior) -> Iterator[Session]:
    """Stopped in a task, all others being where they will stay."""
    with looking_at(program) as session:
        yield session


def find(session: Session, name: str) -> Task:
    (task,) = (task for task in session.tasks if task.name == name)
    return task


def place(frame: StackFrame) -> tuple[str | None, str, int]:
    return frame.function, os.path.basename(frame.path or ""), frame.line


def texts(session: Session, bindings: tuple[Binding, ...]) -> dict[str, str]:
    return {one.name: session.values.render(one.value) for one in bindings}


def test_frames_are_numbered_from_the_innermost(session: Session, program: Inferior) -> None:
    frames = find(session, "tasks::mid").frames()
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [frame.caller for frame in frames] == [1, 2, None]
    assert [place(frame) for frame in frames] == [
        ("Sleep", "", 0),
        ("tasks::leaf", "main.rs", program.marker("leaf")),
        ("tasks::mid", "main.rs", program.marker("mid")),
    ]
    assert [frame.is_user for frame in frames] == [False, True, True]
    assert [frame.is_innermost for frame in frames] == [True, False, False]
    assert frames[0].folded_reason == "dependency"


def test_arguments_and_variables_are_told_apart(session: Session) -> None:
    _, leaf, mid = find(session, "tasks::mid").frames()
    assert texts(session, leaf.arguments()) == {"n": "5"}
    assert texts(session, leaf.locals()) == {"k": "10"}
    assert texts(session, mid.arguments()) == {"s": '"ab"'}
    assert texts(session, mid.locals()) == {"t": "7"}
    assert list(mid.variables) == ["s", "t"]


def test_expressions_are_evaluated_in_a_frame(session: Session) -> None:
    sleep, leaf, mid = find(session, "tasks::mid").frames()
    assert session.values.render(mid.evaluate("s.len() as u32 + t as u32")) == "9"
    assert mid["s"].type.name == "String"
    assert session.values.render(leaf.evaluate("k * n")) == "50"
    assert sleep.evaluate("self").type.name == "Sleep"
    with pytest.raises(NotFoundError):
        mid.lookup("k")


def test_a_selected_task_is_what_verbs_look_at(session: Session, program: Inferior) -> None:
    thread = session.thread
    client = session.client
    task = client.select_task(find(session, "tasks::mid"))
    assert (client.task, client.stack) == (task, task)
    assert place(client.frame) == ("tasks::leaf", "main.rs", program.marker("leaf"))
    assert session.values.render(session.evaluate("k + n")) == "15"
    session.select_frame(2)
    assert session.values.render(session.evaluate("s")) == '"ab"'
    assert session.thread is thread
    with pytest.raises(RangeError):
        session.select_frame(3)
    session.select_thread(thread.index)
    assert client.task is None
    assert client.frame.function == "tasks::look"


def test_a_variable_of_a_task_is_assigned_to_in_memory(session: Session) -> None:
    session.client.select_task(find(session, "tasks::mid"))
    session.assign("k", "n * 100")
    assert session.values.render(session.evaluate("k")) == "500"
    session.client.select_thread(1)
    session.client.select_task(find(session, "tasks::mid"))
    assert session.values.render(session.evaluate("k")) == "500"


def test_functions_are_called_for_a_task_by_the_thread_that_stopped(session: Session) -> None:
    session.client.select_task(find(session, "tasks::mid"))
    assert session.values.render(session.call("look(k)")) == "()"
    assert session.values.render(session.evaluate("k")) == "10"


def test_what_no_thread_runs_is_not_run(session: Session) -> None:
    session.client.select_task(find(session, "tasks::mid"))
    with pytest.raises(StateError, match="no thread runs this frame"):
        session.until()
    with pytest.raises(CrabtrapError, match="no registers"):
        session.evaluate("$rax")
    with pytest.raises(StateError):
        _ = session.client.pc


def test_a_stop_selects_its_thread(session: Session) -> None:
    task = session.client.select_task(find(session, "tasks::mid"))
    frame = session.frame
    session.step_instruction()
    assert session.client.task is None
    with pytest.raises(StaleError):
        frame.locals()
    with pytest.raises(StaleError):
        task.frames()
    assert find(session, "tasks::mid").address == task.address


def test_branches_are_numbered_before_what_awaits_them(session: Session) -> None:
    frames = find(session, "tasks::waits::selects").frames()
    outermost = frames[-1]
    assert outermost.caller is None
    branches = {frame.branch: frame for frame in frames if frame.branch}
    assert list(branches) == ["0", "1", "2"]
    callers = {frame.caller for frame in branches.values()}
    (poll,) = callers
    assert poll is not None
    assert frames[poll].caller == outermost.index
    numbers = [texts(session, branches[each].arguments())["n"] for each in ("0", "2")]
    assert numbers == ["1", "2"]


def test_a_task_that_has_ended_has_no_frames(session: Session) -> None:
    ended = find(session, "tasks::ended")
    assert ended.frames() == ()
    with pytest.raises(RangeError, match="it is complete"):
        ended.frame(0)


def test_a_task_that_is_not_there_is_not_selected(session: Session) -> None:
    with pytest.raises(NotFoundError, match="task"):
        session.client.select_task(999)


# -- the console ------------------------------------------------------------------------------
def heads(text: str) -> list[str]:
    """The lines that show frames."""
    return [line for line in text.splitlines() if line.startswith("#")]


def described(session: Session, line: str) -> dict[str, Any]:
    stream = io.StringIO()
    console = Console(session, JsonOutput(stream), stdio=Stdio.pipes())
    console.execute(line)
    assert not console.buggy, stream.getvalue()
    return json.loads(stream.getvalue().splitlines()[-1])["data"]


def label(session: Session, name: str) -> str:
    return find(session, name).label


def test_the_table_says_where_each_waits_and_what_for(session: Session, program: Inferior) -> None:
    rows = {row.split()[2]: row.split() for row in shown(session, "tasks").splitlines()}
    number, state, _, where, *what = rows["tasks::mid"]
    assert (number, state, what[0]) == (label(session, "tasks::mid"), "idle", "sleep")
    assert where.endswith(f"main.rs:{program.marker('leaf')}")
    assert rows["tasks::ended"][1:] == ["complete", "tasks::ended"]
    assert len(rows) == len({task.name for task in session.tasks})


def test_tasks_are_filtered(session: Session) -> None:
    def names(line: str) -> list[str]:
        return [row["name"] for row in described(session, line)["tasks"]]

    assert names("tasks -root waits$") == ["tasks::waits::waits"] * 2
    assert names("tasks -wait Mutex -state idle") == ["tasks::waits::waits"] * 2
    assert names("tasks -state running") == ["tasks::looks"]
    assert "No such tasks" in shown(session, "tasks -root nothing")
    assert "states are idle" in shown(session, "tasks -state asleep")
    assert "is no regular expression" in shown(session, "tasks -root (")


def test_tasks_with_the_same_stack_are_one_group(session: Session) -> None:
    first, *others = described(session, "tasks -group")["groups"]
    waiting = [t.label for t in session.tasks if t.name == "tasks::waits::waits"]
    assert (first["count"], first["tasks"]) == (2, waiting)
    assert all(group["count"] == 1 for group in others)
    assert shown(session, "tasks -group").startswith("2 × tasks::waits::waits, idle")


def test_commands_look_at_the_selected_task(session: Session, program: Inferior) -> None:
    task = label(session, "tasks::mid")
    text = shown(session, f"task {task}", "info locals", "up", "print s", "info args", "bt")
    assert f"Task {task} tasks::mid, idle" in text
    assert "sleep(LONG).await; // @leaf" in text
    assert "k = 10" in text
    assert 's = "ab"' in text
    assert f"main.rs:{program.marker('mid')}" in text
    listed = shown(session, f"task {task}", "frame 2", "list")
    assert "leaf(5).await" in listed


def test_labels_and_commands_are_completed(session: Session) -> None:
    console = Console(session, Output(io.StringIO(), colour=False), stdio=Stdio.pipes())

    def offered(text: str) -> list[str]:
        return [word for word, _ in completions(console.context, console.table, text)]

    assert offered("task 1") == [t.label for t in session.tasks if t.label.startswith("1")]
    assert "backtrace" in offered("task 1 ba")


def test_one_command_is_run_for_a_task(session: Session) -> None:
    text = shown(session, f"task {label(session, 'tasks::mid')} print n", "frame")
    assert text.startswith("$1: n = 5\n")
    assert heads(text)[-1].startswith("#0  tasks::look")


def test_a_thread_is_selected_again(session: Session) -> None:
    text = shown(session, f"task {label(session, 'tasks::mid')}", "thread 1", "frame")
    assert heads(text)[-1].startswith("#0  tasks::look")


def test_a_task_stays_selected_when_threads_are_shown(session: Session) -> None:
    lines = (f"task {label(session, 'tasks::mid')}", "thread apply all bt 1", "frame")
    assert heads(shown(session, *lines))[-1].startswith("#1  tasks::leaf")


def test_a_command_that_runs_the_program_leaves_it_where_it_stopped(session: Session) -> None:
    text = shown(session, f"task {label(session, 'tasks::mid')} stepi", "frame", "task")
    assert heads(text)[-1].startswith("#0  ")  # of a thread, as frame 1 of the task would show
    assert "no task is selected" in text


def test_up_and_down_stay_in_their_branch(session: Session) -> None:
    task = find(session, "tasks::waits::selects")
    first = next(frame for frame in task.frames() if frame.branch == "0")
    outermost = task.frames()[-1]
    text = shown(session, f"task {task.label}", f"frame {first.index}", "up", "up", "down")
    assert heads(text)[2].startswith(f"#{outermost.index} ")
    assert "this is the outermost frame of task" in text
