"""What threads wait for, and who holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from crabtrap import Session, Stdio, Task, Thread, Wait
from tests.support.inferiors import Inferior, build

Stop = Callable[[str], Session]


@pytest.fixture(params=("debug", "release-debug"))
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("blocked", request.param)


@pytest.fixture
def stop(program: Inferior) -> Iterator[Stop]:
    """Stop where all other threads are blocked."""
    with Session(str(program.path)) as session:

        def stop(what: str) -> Session:
            session.breakpoints.add("blocked::look")
            session.launch((what,), stdio=Stdio.pipes())
            session.continue_()
            return session

        yield stop


def thread_name(who: object) -> str:
    assert isinstance(who, Thread)
    return who.name


def waits(session: Session) -> dict[str, Wait]:
    return {thread_name(wait.who): wait for wait in session.waits}


def held(wait: Wait) -> list[tuple[str, str, int]]:
    return [(thread_name(each.who), each.name, each.line) for each in wait.holders]


def test_every_thread_is_known_to_wait_for_what_it_is_named_after(stop: Stop):
    found = {name: (wait.kind, wait.what) for name, wait in waits(stop("std")).items()}
    assert found == {
        "dead-1": ("lock", "Mutex"),
        "dead-2": ("lock", "Mutex"),
        "behind": ("lock", "Mutex"),
        "joins": ("join", "thread"),
        "matches": ("park", "unpark"),
        "locks": ("lock", "Mutex"),
        "reads": ("park", "unpark"),
        "writes": ("write", "RwLock"),
        "waits": ("notify", "Condvar"),
        "receives": ("receive", "std channel"),
    }


def test_where_a_thread_waits_is_in_the_users_code(stop: Stop, program: Inferior):
    found = waits(stop("std"))
    for name in ("writes", "waits", "receives", "joins"):
        where = found[name].where
        assert where is not None
        assert where.line == program.marker(name, "standard.rs"), name


def test_holders_are_found_by_their_guards(stop: Stop, program: Inferior):
    found = waits(stop("std"))
    dead, reads = (program.marker(name, "standard.rs") for name in ("dead", "reads"))
    assert held(found["dead-1"]) == [("dead-2", "a", dead)]
    assert held(found["dead-2"]) == [("dead-1", "a", dead)]
    assert held(found["writes"]) == [("reads", "r", reads)]


def test_a_guard_without_a_variable_is_guessed_from_the_stack(stop: Stop, program: Inferior):
    (hold,) = waits(stop("std"))["locks"].holders
    assert thread_name(hold.who) == "matches"
    assert (hold.name, hold.certain) == ("", False)
    assert hold.line == program.marker("matches", "standard.rs")


def test_a_channel_is_known_by_its_sender(stop: Stop):
    (hold,) = waits(stop("std"))["receives"].holders
    assert (thread_name(hold.who), hold.name) == ("blocked", "to")


def test_a_join_waits_for_a_thread(stop: Stop):
    (joined,) = waits(stop("std"))["joins"].joined
    assert thread_name(joined) == "dead-1"


@pytest.mark.parametrize(("what", "behind"), [("std", ["behind", "joins"]), ("parking-lot", [])])
def test_two_mutexes_locked_crosswise(stop: Stop, what: str, behind: list[str]):
    (found,) = stop(what).diagnoses
    assert found.kind == "deadlock"
    assert [thread_name(link.who) for link in found.links] == ["dead-1", "dead-2"]
    assert [thread_name(stuck.who) for stuck in found.behind] == behind
    first, second = found.links
    assert second.waits[0].resource == first.holds[0].resource
    assert {link.holds[0].name for link in found.links} == {"a"}


def test_a_thread_and_a_task_that_wait_for_each_other(stop: Stop, program: Inferior):
    diagnoses = {each.kind: each for each in stop("mixed").diagnoses}
    (kept,) = diagnoses["guard kept"].links
    assert isinstance(kept.who, Task)
    assert kept.who.root == "blocked::mixed::keeps"
    assert [hold.name for hold in kept.holds] == ["guard"]
    (worker,) = diagnoses["blocked worker"].links
    assert isinstance(worker.who, Task)
    assert worker.who.root == "blocked::mixed::wants"
    if program.profile == "debug":  # where the sender of a running task is not known optimised
        task, thread = (link.who for link in diagnoses["deadlock"].links)
        assert task is kept.who
        assert thread is worker.who.thread
        (behind,) = diagnoses["deadlock"].behind
        assert behind.who is worker.who
