"""What is too much to be looked at: it is told that there is more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crabtrap import Session
from crabtrap.tasks.scan import find_places
from crabtrap.tasks.task import KnownOfTasks, Tasks, kinds_of_tasks
from tests.support.inferiors import USUAL_PROFILES, build
from tests.support.looking import looking_at


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with looking_at(build("observed", request.param), "timers", "1000000") as session:
        yield session


def test_more_places_than_are_looked_at_are_told(session: Session):
    assert session.task_problems == ()
    process, known = session.process, KnownOfTasks()
    known.update(process)
    places = find_places(process, kinds_of_tasks(known), most=2)
    (problem,) = Tasks(process, known=known, places=places).problems
    assert "the others are not looked at" in problem


def test_a_variable_with_more_futures_than_are_decoded_says_so(session: Session):
    (task,) = (task for task in session.tasks if task.root == "observed::hoards")
    *kept, last = task.held
    assert len(kept) == 256
    assert {future.state for _, _, future in kept} == {"not started"}
    level, name, future = last
    assert (level.name, name, future.state) == ("observed::hoards", "kept", "unknown")
    assert future.problem == "only the first 256 are shown"
