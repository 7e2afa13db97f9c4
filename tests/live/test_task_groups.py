"""Groups of tasks: found by comparing memory, the same as by decoding every task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from crabtrap import Await, Session, Stdio
from tests.support.inferiors import USUAL_PROFILES, Inferior, build

COUNT = 2000


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("many_tasks", request.param)


@pytest.fixture(scope="module")
def session(program: Inferior) -> Iterator[Session]:
    """Stopped when all tasks wait; only looked at."""
    with Session(str(program.path)) as session:
        session.breakpoints.add("many_tasks::look")
        session.launch((str(COUNT),), stdio=Stdio.pipes())
        session.continue_()
        yield session


def places(awaits: Await | None) -> tuple[tuple[str, int], ...]:
    return tuple((each.name, each.line) for each in awaits.levels()) if awaits is not None else ()


def test_groups_are_those_that_decoding_every_task_gives(session: Session, program: Inferior):
    tasks = [task for task in session.tasks if task.root == "many_tasks::top"]
    by_decoding = Counter(places(task.awaits) for task in tasks)
    groups = session.group_tasks(tasks)
    assert {places(group.sample.awaits): len(group.tasks) for group in groups} == by_decoding
    assert sorted(by_decoding.values()) == [2, 8, 10, 1980]
    lines = [line for _, line in places(groups[0].sample.awaits)]
    assert lines[:3] == [program.marker(name) for name in ("top", "mid", "leaf")]


def test_every_task_of_a_group_waits_where_its_sample_does(session: Session):
    groups = session.group_tasks()
    assert sum(len(group.tasks) for group in groups) == len(session.tasks)
    for group in groups:
        assert {places(task.awaits) for task in group.tasks} == {places(group.sample.awaits)}
