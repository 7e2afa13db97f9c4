"""A key-value server on tokio and tokio-util: who waits for what, and what it keeps."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from crabtrap import Session, Task
from tests.support.inferiors import USUAL_PROFILES, Inferior, build
from tests.support.looking import WAYS, begun


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("kv", request.param)


@pytest.fixture(params=WAYS, scope="module")
def session(program: Inferior, request: pytest.FixtureRequest) -> Generator[Session]:
    """Stopped when all clients have asked; only looked at."""
    with begun(program, way=request.param) as session:
        line = program.marker("all_wait", "clients.rs")
        session.breakpoints.add(f"clients.rs:{line}")
        session.continue_()
        yield session


def connections(session: Session) -> list[Task]:
    return [task for task in session.tasks if "accept" in task.root]


def innermost(task: Task) -> tuple[str, int]:
    """The function of the program that a task waits in, and where."""
    frame = next(frame for frame in task.frames() if frame.is_user)
    return (frame.function or "").rpartition("::")[2], frame.line


def test_connections_are_at_what_they_wait_for(session: Session, program: Inferior):
    news = ("subscribe", program.marker("news", "connection.rs"))
    command = ("next", program.marker("next", "connection.rs"))
    found = connections(session)
    assert sorted(map(innermost, found)) == sorted([command, news, news])
    ports = {wait.descriptor.text for task in found for wait in task.waits if wait.descriptor}
    assert len(ports) == 3
    assert all(text.startswith("tcp 127.0.0.1:") for text in ports)


def test_no_place_is_free_and_who_has_them_is_told_once_each(session: Session, program: Inferior):
    (root,) = (task for task in session.tasks if task.blocked_thread is not None)
    (wait,) = (wait for wait in root.waits if wait.kind == "acquire")
    assert wait.where is not None
    assert wait.where.line == program.marker("place")
    assert wait.detail == "needs 1, missing 1, available 0"
    guards = [(each.who, each.name, each.certain) for each in wait.holders if each.role == "guard"]
    assert guards == [(task, "_kept", True) for task in connections(session)]


def test_variables_of_the_program_are_shown_without_those_of_macros(session: Session):
    subscriber = next(task for task in connections(session) if innermost(task)[0] == "subscribe")
    frame = next(frame for frame in subscriber.frames() if frame.is_user)
    assert [each.name for each in frame.locals()] == ["news"]
    assert session.values.render(frame.evaluate("channel")) == '"news"'
    visitors = frame.evaluate('self.store.shared.state.data.value.values["visitors"]')
    assert session.values.render(visitors) == 'b"42"'


def test_a_task_that_waits_for_time_or_word_tells_both(session: Session, program: Inferior):
    (purge,) = (task for task in session.tasks if task.root == "kv::store::purge")
    assert innermost(purge) == ("purge", program.marker("purge", "store.rs"))
    sleep, notify = purge.waits
    assert sleep.timer is not None
    assert sleep.timer.left is not None
    assert 500 < sleep.timer.left <= 600
    assert notify.kind == "notify"


def test_nobody_is_stuck(session: Session):
    assert session.diagnoses == ()
