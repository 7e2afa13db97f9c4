"""A server of axum: its requests by the user's own functions, and who waits for whom."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from crabtrap import Session, Stdio, Task, waits_of_user_code
from tests.support.inferiors import USUAL_PROFILES, Inferior, build


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("web", request.param)


@pytest.fixture(scope="module")
def session(program: Inferior) -> Generator[Session]:
    """Stopped when all requests have begun; only looked at."""
    with Session(str(program.path)) as session:
        session.breakpoints.add("web::all_began")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        yield session


@pytest.fixture(scope="module")
def requests(session: Session) -> list[Task]:
    return [task for task in session.tasks if task.name == "web::order"]


def test_a_connection_has_the_name_of_its_handler(requests: list[Task]):
    assert len(requests) == 3
    assert all("axum" in task.root for task in requests)


def test_the_frames_of_the_user_have_their_lines_and_values(
    requests: list[Task], program: Inferior
):
    searching, *queued = sorted(requests, key=lambda task: len(own_functions(task)), reverse=True)
    assert own_functions(searching) == [
        ("web::search", program.marker("search")),
        ("web::order", program.marker("found")),
    ]
    for task in queued:
        assert own_functions(task) == [("web::order", program.marker("lock"))]
    items = [own_frames(task)[-1].evaluate("item").integer() for task in requests]
    assert sorted(items) == [7, 8, 9]
    shelf = own_frames(searching)[-1].evaluate("shelf[1]")
    assert shelf.integer() == 9


def test_the_lock_has_its_holder_and_its_queue(requests: list[Task], program: Inferior):
    waits = [wait for task in requests for wait in waits_of_user_code(task.waits)]
    locks = [wait for wait in waits if wait.kind == "lock"]
    assert sorted(wait.place.number for wait in locks if wait.place is not None) == [1, 2]
    (sleep,) = (wait for wait in waits if wait.kind == "sleep")
    for wait in locks:
        (holder,) = wait.holders
        assert (holder.who, holder.name, holder.line) == (
            sleep.who,
            "shelf",
            program.marker("found"),
        )


def test_what_the_library_waits_for_comes_last(requests: list[Task]):
    """Beside each request axum waits for the server's end."""
    for task in requests:
        (own,) = waits_of_user_code(task.waits)
        assert own in task.waits
        assert len(task.waits) > 1


def own_frames(task: Task):
    return [frame for frame in task.frames() if frame.is_user]


def own_functions(task: Task) -> list[tuple[str | None, int]]:
    return [(frame.function, frame.line) for frame in own_frames(task)]
