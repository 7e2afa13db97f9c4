"""Tasks in damaged memory: told as far as they can be, and marked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crabtrap import Session, Task
from crabtrap.tasks.task_places import Place
from tests.support.altered import altered_tasks, flip_and_look
from tests.support.inferiors import USUAL_PROFILES, build
from tests.support.looking import looking_at

SECONDS = 5.0
"""Of processor time that one look at all tasks may take."""


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with looking_at(build("trees", request.param)) as session:
        yield session


def find(tasks: tuple[Task, ...], root: str) -> Task:
    (task,) = [task for task in tasks if task.root == root]
    return task


def changed(session: Session, task: Task, place: Place | None, byte: int) -> Task:
    """The task with another byte at the end of one of its parts."""
    assert place is not None
    at = int(task.address) + place.offset + place.size - 1
    return find(altered_tasks(session, {at: byte}).all, task.root)


def test_tasks_whose_state_makes_no_sense_are_marked(session: Session):
    task = find(session.tasks, "trees::names::unused")
    assert task.kind is not None
    assert (task.doubt, task.state) == ("", "idle")
    state = changed(session, task, task.kind.state, 0x7F)
    assert (state.state, "implausible" in state.doubt) == ("unknown", True)
    stage = changed(session, task, task.kind.stage_tag, 0x7F)
    assert (stage.state, "discriminant" in stage.doubt) == ("unknown", True)
    assert (stage.future, stage.awaits) == (None, None)


def test_a_coroutine_whose_state_makes_no_sense_says_so(session: Session):
    task = find(session.tasks, "trees::names::unused")
    cases = task.stack[0].value.shape.cases
    assert cases is not None
    assert cases.discriminant is not None
    at = int(task.stack[0].value.address or 0) + cases.discriminant.offset
    (level,) = find(altered_tasks(session, {at: 0x77}).all, task.root).stack
    assert (level.state, "discriminant" in level.problem) == ("unknown", True)


def test_flipped_bits_are_survived(session: Session):
    toll = flip_and_look(session, seed=1, rounds=10, flips=20)
    assert toll.marked > 0
    assert toll.slowest < SECONDS
