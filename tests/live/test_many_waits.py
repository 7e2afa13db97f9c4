"""Waits of many tasks: those of who waits for nobody are not looked at one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crabtrap import Session, Wait, waits_of_user_code
from tests.support.inferiors import USUAL_PROFILES, Inferior, build
from tests.support.looking import looking_at

COUNT = 2000


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("waiting", request.param)


@pytest.fixture(params=("many", "time", "locks", "channels"), scope="module")
def session(request: pytest.FixtureRequest, program: Inferior) -> Iterator[Session]:
    with looking_at(program, request.param, str(COUNT)) as session:
        yield session


def told(wait: Wait) -> tuple[object, str, str]:
    return wait.who, wait.kind, wait.text


def test_what_is_left_out_is_for_nobody(session: Session):
    few = [told(wait) for wait in session.waits_for_somebody]
    everything = session.waits
    expected = waits_of_user_code(everything)
    assert few == [told(wait) for wait in expected if wait.is_for_somebody]
    assert session.wait_count == len(everything)


def test_deadlocks_among_many_are_found(program: Inferior):
    with looking_at(program, "many", str(COUNT)) as session:
        (own,) = (each for each in session.diagnoses if each.kind == "self-deadlock")
        assert [link.who for link in own.links] == [
            task for task in session.tasks if task.root == "waiting::locks::itself"
        ]
