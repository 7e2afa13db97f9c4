"""What tasks keep: holders in collections and shared ones, and arguments that are taken apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crabtrap import Session, Task
from tests.support.inferiors import USUAL_PROFILES, build
from tests.support.looking import looking_at


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with looking_at(build("observed", request.param), "kept") as session:
        yield session


def holders(session: Session, kind: str) -> list[tuple[str, str, bool]]:
    (wait,) = (wait for task in session.tasks for wait in task.waits if wait.kind == kind)
    return [
        (hold.who.root, hold.name, hold.certain)
        for hold in wait.holders
        if isinstance(hold.who, Task)
    ]


def test_a_guard_may_be_in_a_vector(session: Session):
    assert holders(session, "lock") == [("observed::keeps_several", "guards", True)]


def test_what_is_shared_is_held_probably(session: Session):
    assert holders(session, "receive") == [("observed::shares_sender", "sender", False)]
    assert session.diagnoses == ()


def test_an_argument_with_a_pattern_is_the_variables_of_that(session: Session):
    (task,) = (task for task in session.tasks if task.root == "observed::takes_apart")
    frame = next(frame for frame in task.frames() if frame.is_user)
    assert frame.arguments() == ()
    assert {one.name: str(one.value) for one in frame.locals()} == {
        "left": "7",
        "right": "right",
    }
