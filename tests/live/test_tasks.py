"""Tasks of tokio: each is found, where it waits, and with which locals."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from crabtrap import Await, Session, Task
from crabtrap.errors import StaleError, StateError
from tests.support.inferiors import EVERY_TOKIO, USUAL_PROFILES, Inferior, build
from tests.support.looking import WAYS, looking_at


@pytest.fixture(params=EVERY_TOKIO, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("tasks", request.param)


@pytest.fixture(scope="module", params=WAYS)
def session(program: Inferior, request: pytest.FixtureRequest) -> Iterator[Session]:
    """Stopped in a task, all others being where they will stay; only looked at."""
    with looking_at(program, way=request.param) as session:
        yield session


def find(session: Session, root: str) -> list[Task]:
    return [task for task in session.tasks if task.root == root]


def place(level: Await) -> tuple[str, str, int]:
    return level.name, os.path.basename(level.path or ""), level.line


def held(session: Session, level: Await) -> dict[str, str]:
    """What is kept, but for the compiler's temporaries."""
    return {
        each.name: session.values.render(each.value)
        for each in level.variables
        if each.kind != "temporary"
    }


def test_a_suspended_task_is_its_functions_with_their_locals(session: Session, program: Inferior):
    (task,) = find(session, "tasks::mid")
    assert task.state == "idle"
    mid, leaf, sleep = task.stack
    assert place(mid) == ("tasks::mid", "main.rs", program.marker("mid"))
    assert held(session, mid) == {"s": '"ab"', "t": "7"}
    assert place(leaf) == ("tasks::leaf", "main.rs", program.marker("leaf"))
    assert held(session, leaf) == {"k": "10", "n": "5"}
    assert sleep.name == "Sleep"
    assert not sleep.is_coroutine
    assert sleep.children == ()


def test_boxed_futures_and_recursion_are_looked_through(session: Session, program: Inferior):
    block = "tasks::recurse::{async_block#0}"
    tasks = [task for task in session.tasks if task.stack and task.stack[0].name == block]
    (task,) = tasks
    *levels, leaf, sleep = task.stack
    assert [held(session, each)["n"] for each in levels] == ["3", "2", "1", "0"]
    lines = [program.marker("recursion")] * 3 + [program.marker("deepest")]
    assert [place(each) for each in levels] == [(block, "main.rs", line) for line in lines]
    assert (leaf.name, sleep.name) == ("tasks::leaf", "Sleep")


def test_a_future_too_large_for_a_task_is_as_any_other(session: Session, program: Inferior):
    large = next(t.stack for t in session.tasks if t.stack and t.stack[0].name == "tasks::large")
    assert place(large[0])[2] == program.marker("large")
    assert held(session, large[0])["seed"] == "9"


def test_branches_of_a_macro_are_its_children(session: Session):
    (task,) = find(session, "tasks::waits::selects")
    polled = task.stack[-1]
    assert [(label, each.name) for label, each in polled.children] == [
        ("0", "tasks::leaf"),
        ("1", "Pending<()>"),
        ("2", "tasks::leaf"),
    ]
    numbers = [held(session, each)["n"] for _, each in polled.children if each.is_coroutine]
    assert numbers == ["1", "2"]


def test_tasks_are_those_of_a_stopped_program(program: Inferior):
    with Session(str(program.path)) as session, pytest.raises(StateError):
        _ = session.tasks


def test_a_task_that_waits_for_a_lock_ends_in_acquiring_it(session: Session, program: Inferior):
    waiting = find(session, "tasks::waits::waits")
    assert len(waiting) == 2
    for task in waiting:
        assert place(task.stack[0])[2] == program.marker("waits", "waits.rs")
        assert task.stack[-1].name == "Acquire"
    (holder,) = find(session, "tasks::waits::holds")
    assert held(session, holder.stack[0])["guard"] == "MutexGuard(1)"


def test_a_task_has_run_waits_to_run_or_runs(session: Session):
    (ended,) = find(session, "tasks::ended")
    assert (ended.state, ended.awaits) == ("complete", None)
    assert ended.output is not None
    assert session.values.render(ended.output) == "Ok(5)"
    (queued,) = find(session, "tasks::leaf")
    assert queued.state == "queued"
    (only,) = queued.stack
    assert only.state == "not started"
    assert held(session, only) == {"n": "1"}
    (running,) = find(session, "tasks::looks")
    assert running.state == "running"


def test_every_task_is_found_once_with_its_number(session: Session):
    numbers = [task.number for task in session.tasks if task.number is not None]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 9 + 5 + 2  # kept, of the other file, and those of the end


@pytest.mark.parametrize("profile", USUAL_PROFILES)
def test_tasks_are_those_of_the_present_stop(profile: str):
    with looking_at(build("tasks", profile)) as session:
        (task,) = find(session, "tasks::mid")
        session.step_instruction()
        (again,) = find(session, "tasks::mid")
        assert again is not task
        with pytest.raises(StaleError):
            session.values.render(task.stack[0].variables[0].value)


@pytest.mark.parametrize("profile", ["line-tables", "line-tables-o"])
def test_tasks_that_cannot_be_found_for_lack_of_types_are_no_silence(profile: str):
    with looking_at(build("tasks", profile)) as session:
        assert [task for task in session.tasks if task.kind is not None] == []
        (problem,) = session.task_problems
        assert problem.startswith("tasks of tokio in tasks cannot be found")


@pytest.mark.parametrize("profile", ["debuglink", "split-unpacked", "split-packed", "v0"])
def test_debug_information_may_be_in_another_file(profile: str):
    program = build("tasks", profile)
    with looking_at(program) as session:
        (task,) = find(session, "tasks::mid")
        assert [place(level)[2] for level in task.stack[:2]] == [
            program.marker("mid"),
            program.marker("leaf"),
        ]
        assert held(session, task.stack[0]) == {"s": '"ab"', "t": "7"}
        assert session.task_problems == ()


def test_where_all_tasks_are_found_there_is_no_problem(session: Session):
    assert session.task_problems == ()
