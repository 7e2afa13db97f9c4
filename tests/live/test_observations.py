"""What is told of tasks by having looked at them before, and what is not."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from crabtrap import Session, Stdio, Task, events
from tests.support.inferiors import USUAL_PROFILES, Inferior, build


@pytest.fixture(params=USUAL_PROFILES)
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("observed", request.param)


@pytest.fixture
def session(program: Inferior) -> Iterator[Session]:
    with Session(str(program.path)) as session:
        session.breakpoints.add("observed::look")
        yield session


def launch(session: Session, *arguments: str) -> None:
    session.launch(arguments, stdio=Stdio.pipes())
    session.continue_()


def by_root(session: Session) -> dict[str, Task]:
    return {task.root.removeprefix("observed::"): task for task in session.tasks}


def seen(session: Session) -> dict[str, list[float | None]]:
    return {name: [wait.seen_for for wait in task.waits] for name, task in by_root(session).items()}


def test_a_wait_that_was_seen_before_has_lasted_since(session: Session):
    launch(session)
    first = session.process.seen_at
    assert all(each is None for waits in seen(session).values() for each in waits)
    session.continue_()
    elapsed = session.process.seen_at - first
    found = seen(session)
    for name in ("sleeps", "joins", "receives"):
        assert found[name] == [pytest.approx(elapsed)], name
    assert f"for at least {elapsed:.1f} s" in by_root(session)["sleeps"].waits[0].text


def test_what_may_have_begun_anew_has_no_age(session: Session):
    launch(session)
    seen(session)
    session.continue_()
    found = seen(session)
    assert set(found["locks"]) == {None}, "one lock is as the next"
    assert set(found["retries"]) <= {None}, "its deadline is another"


def test_a_new_run_knows_nothing_of_the_last(session: Session):
    launch(session)
    seen(session)
    session.kill()
    launch(session)
    assert all(each is None for waits in seen(session).values() for each in waits)


def test_a_worker_that_computes_is_told_when_it_is_seen_again(session: Session):
    launch(session)
    assert [each for each in session.diagnoses if each.kind == "busy worker"] == []
    session.continue_()
    (found,) = (each for each in session.diagnoses if each.kind == "busy worker")
    (link,) = found.links
    task = by_root(session)["computes"]
    assert link.who is task
    assert task.thread is not None
    assert found.detail.startswith(f"thread {task.thread.index} has computed for ")
    assert not found.is_deadlock


def test_timers_that_became_due_meanwhile_are_told_on_the_way(session: Session):
    launch(session, "timers", "4000")
    notices: list[str] = []
    session.subscribe(
        lambda event: notices.append(event.text) if isinstance(event, events.Notice) else None
    )
    timers = [wait.timer for task in session.tasks for wait in task.waits]
    soon = [each.left for each in timers if each is not None and each.left is not None]
    soon = [left for left in soon if left < 60]
    assert len(soon) == 3
    while session.process.seen_at + max(soon) > time.clock_gettime(time.CLOCK_MONOTONIC):
        pass  # time goes on
    session.continue_()
    assert "3 timers of tasks became due while the program was stopped" in notices
