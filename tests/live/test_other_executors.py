"""Tasks of other runtimes than tokio, by what is described of them as data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crabtrap import Session, Task
from tests.support.inferiors import USUAL_PROFILES, Inferior, build
from tests.support.looking import WAYS, looking_at


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("executors", request.param)


@pytest.fixture(scope="module", params=WAYS)
def session(program: Inferior, request: pytest.FixtureRequest) -> Iterator[Session]:
    """Stopped when all tasks wait; only looked at."""
    with looking_at(program, way=request.param) as session:
        yield session


def of_runtime(session: Session, runtime: str) -> dict[str, Task]:
    found = [task for task in session.tasks if task.runtime == runtime]
    return {task.root: task for task in found}


def stack(session: Session, task: Task) -> list[tuple[str, int, dict[str, str]]]:
    """The async functions of a task with their lines and locals."""
    return [
        (
            level.name.removeprefix("executors::"),
            level.line,
            {one.name: session.values.render(one.value) for one in level.variables},
        )
        for level in task.stack
        if level.is_coroutine
    ]


def test_tasks_of_async_executor_are_found_with_their_stacks(session: Session, program: Inferior):
    tasks = of_runtime(session, "async-task")
    assert {root.removeprefix("executors::"): task.state for root, task in tasks.items()} == {
        "outer": "idle",
        "large": "idle",
        "ended": "complete",
        "inner": "queued",
    }
    assert stack(session, tasks["executors::outer"]) == [
        ("outer", program.marker("outer"), {"name": '"hello"', "v": "[1, 2]"}),
        ("inner", program.marker("inner"), {"k": "10"}),
        ("parked", program.marker("parked"), {}),
    ]
    large = stack(session, tasks["executors::large"])
    assert [name for name, _, _ in large] == ["large", "inner", "parked"]
    assert large[0][1] == program.marker("large")


def test_what_a_task_of_async_executor_has_returned_is_known(session: Session):
    tasks = of_runtime(session, "async-task")
    output = tasks["executors::ended"].output
    assert output is not None
    assert session.values.render(output) == "Ok(5)"
    assert tasks["executors::outer"].output is None


def test_tasks_of_a_local_pool_are_found_by_their_wakers(session: Session, program: Inferior):
    (task,) = of_runtime(session, "LocalPool").values()
    assert task.state == "idle"
    block, *levels = stack(session, task)
    assert block[:2] == ("main::{async_block#0}", program.marker("local"))
    assert levels == [
        ("outer", program.marker("outer"), {"name": '"local"', "v": "[3]"}),
        ("inner", program.marker("inner"), {"k": "5"}),
        ("parked", program.marker("parked"), {}),
    ]


def test_tasks_of_an_executor_that_nobody_knows_are_found_by_their_wakers(
    session: Session, program: Inferior
):
    tasks = [task for task in session.tasks if task.runtime == "std::task::Wake"]
    stacks = [stack(session, task) for task in tasks]
    assert sorted(found[0][2]["name"] for found in stacks) == ['"one"', '"two"']
    for task, found in zip(tasks, stacks, strict=True):
        assert (task.state, task.root) == ("idle", "executors::outer")
        assert [(name, line) for name, line, _ in found] == [
            (name, program.marker(name)) for name in ("outer", "inner", "parked")
        ]


def test_every_task_is_found_once(session: Session):
    assert len({task.address for task in session.tasks}) == len(session.tasks) == 4 + 1 + 2


def test_a_task_that_runs_is_not_told_as_it_was_before(program: Inferior):
    """Its waker is where it was, and what it keeps in memory dates from its last poll."""
    with looking_at(program) as session:
        session.breakpoints.add(f"main.rs:{program.marker('registers')}")
        session.continue_()
        states = {
            session.values.render(task.stack[0].variables[0].value): task
            for task in session.tasks
            if task.runtime == "std::task::Wake"
        }
        assert sorted(task.state for task in states.values()) == ["idle", "running"]
        (running,) = (task for task in states.values() if task.state == "running")
        assert running.thread is session.thread
        names = [(frame.function or "").rpartition("::")[2] for frame in running.frames()]
        assert names[-2:] == ["inner", "outer"]
