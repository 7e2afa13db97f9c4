"""Runtimes, what their threads do, and the futures that threads are blocked on."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from crabtrap import Session, Stdio, Task
from tests.support.console_texts import shown
from tests.support.inferiors import USUAL_PROFILES, Inferior, build
from tests.support.looking import WAYS, looking_at


@pytest.fixture(params=USUAL_PROFILES)
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("runtimes", request.param)


@pytest.fixture(params=WAYS)
def session(program: Inferior, request: pytest.FixtureRequest) -> Iterator[Session]:
    """Stopped in a task, while everything else waits where it will stay."""
    with looking_at(program, way=request.param) as session:
        yield session


def roots(session: Session) -> dict[str, Task]:
    """By the name of the thread that is blocked."""
    return {
        task.blocked_thread.name: task for task in session.tasks if task.blocked_thread is not None
    }


def test_what_threads_are_blocked_on_is_a_task(session: Session, program: Inferior) -> None:
    found = roots(session)
    assert {name: (task.name, task.state) for name, task in found.items()} == {
        "runtimes": ("runtimes::main_root", "idle"),
        "single": ("runtimes::single_root", "idle"),
        "local": ("runtimes::local_root", "idle"),
    }
    lines = {
        name: [frame.line for frame in task.frames() if frame.is_user]
        for name, task in found.items()
    }
    assert lines == {
        "runtimes": [program.marker("main_root")],
        "single": [program.marker("single")],
        "local": [program.marker("waits"), program.marker("local")],
    }
    assert [task.label for task in found.values()] == ["block_on#1", "block_on#2", "block_on#3"]


def test_a_root_is_looked_at_as_a_task(session: Session) -> None:
    found = roots(session)
    session.client.select_task(found["local"].label)
    assert session.values.render(session.evaluate("twice + n")) == "63"
    own = [frame for frame in found["single"].frames() if frame.is_user]
    assert session.values.render(own[0].evaluate("name.len() as u32 + seed")) == "16"


def test_a_root_waits_for_the_task_that_it_joins(session: Session) -> None:
    (wait,) = roots(session)["runtimes"].waits
    (joined,) = wait.joined
    running = session.client.running_task
    assert running is not None
    assert joined.number == running.number


def test_a_root_that_is_polled_runs(program: Inferior) -> None:
    with Session(str(program.path)) as session:
        session.breakpoints.add("runtimes::single_root")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        task = session.client.running_task
        assert task is not None
        assert (task.name, task.state) == ("runtimes::single_root", "running")
        assert task.thread is session.thread
        (own,) = task.frames()
        assert own.function == "runtimes::single_root"
        (again,) = (each for each in session.tasks if each.thread is session.thread)
        assert again.label == task.label


def test_a_task_of_a_root_is_not_the_root() -> None:
    program = build("tasks")
    with looking_at(program) as session:
        (root,) = (task for task in session.tasks if task.blocked_thread is not None)
        assert (root.name, root.state) == ("tasks::spawn_all", "idle")
        assert root.blocked_thread is session.thread
        running = session.client.running_task
        assert running is not None
        assert running.name == "tasks::looks"


def test_what_threads_do_for_their_runtimes(session: Session) -> None:
    works = [(thread.name, session.work_of(thread)) for thread in session.threads]
    kinds = sorted((name, work.kind) for name, work in works)
    assert kinds == [
        ("idle", "idle worker"),
        ("local", "block_on"),
        ("many", "idle worker"),
        ("many", "idle worker"),
        ("many", "task"),
        ("many", "task"),
        ("runtimes", "block_on"),
        ("single", "block_on"),
    ]
    tasks = {work.task.name for _, work in works if work.kind == "task" and work.task}
    assert tasks == {"runtimes::looks", "runtimes::blocks"}


def test_how_a_worker_was_started_is_no_task(session: Session) -> None:
    assert not [task for task in session.tasks if "launch" in task.root]


def test_runtimes_have_flavors_workers_and_tasks(session: Session) -> None:
    found = {
        (one.flavor, one.worker_count, len(one.workers), len(one.tasks)) for one in session.runtimes
    }
    assert found == {
        ("MultiThread", 3, 3, 4),
        ("MultiThread", 1, 1, 0),
        ("CurrentThread", None, 0, 1),
        ("CurrentThread", None, 0, 0),
        ("LocalSet", None, 0, 1),
    }
    (busy,) = (one for one in session.runtimes if one.worker_count == 3)
    assert busy.blocking_threads == 4  # its workers, and one that makes a blocking call
    assert (busy.idle_blocking_threads, busy.blocking_queue) == (0, 0)


def test_there_are_none_in_a_program_without_them() -> None:
    with Session(str(build("basics").path)) as session:
        session.breakpoints.add("norm2")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        assert session.runtimes == ()
        assert session.work_of(session.thread).kind == ""
        assert session.client.running_task is None


def test_the_console_says_what_each_thread_does(session: Session) -> None:
    text = shown(session, "info threads")
    running = session.client.running_task
    assert running is not None
    assert f'[runs task {running.label} "looks"]' in text
    assert text.count("[idle worker]") == 3
    assert '[blocked on block_on#1 "main_root"]' in text


def test_the_console_lists_runtimes(session: Session) -> None:
    rows = shown(session, "runtimes").splitlines()
    assert len(rows) == 5
    busy = next(row for row in rows if "3 workers" in row)
    assert "tokio multi thread" in busy
    assert "4 tasks: 3 idle, 1 running" in busy
    assert "1 blocking thread" in busy


def test_a_stop_names_task_and_thread(program: Inferior) -> None:
    with Session(str(program.path)) as session:
        text = shown(session, "break runtimes::look", "run")
        task, thread = session.client.running_task, session.thread
        assert task is not None
        assert f'[task {task.label} "looks" on thread {thread.index}] Breakpoint 1' in text
        assert os.path.basename(session.frame.path or "") == "main.rs"


def test_a_root_is_selected_in_the_console(session: Session) -> None:
    text = shown(session, "task block_on#3", "info locals")
    assert "block_on#3 runtimes::local_root, idle, thread 4 is blocked on it" in text
    assert "twice = 42" in text


@pytest.mark.parametrize("profile", ["tokio-1.20", "tokio-1.20-o", "debug"])
def test_a_thread_that_only_waits_runs_no_task(profile: str) -> None:
    """Even where what is left on its stack looks as if: the oldest tokio notes nothing."""
    with looking_at(build("runtimes", profile)) as session:
        main = next(each for each in session.threads if each.tid == session.process.pid)
        work = session.work_of(main)
        assert work.task is not None
        assert (work.kind, work.task.name) == ("block_on", "runtimes::main_root")
