"""What tasks wait for that is no task, lock or channel: signals, programs, descriptors, threads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from crabtrap import Session, Task, Wait
from tests.support.inferiors import USUAL_PROFILES, Inferior, build
from tests.support.looking import looking_at

Stop = Callable[[str], Session]


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("leaves", request.param)


@pytest.fixture(scope="module")
def address(program: Inferior, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a socket will be."""
    return tmp_path_factory.mktemp("leaves") / program.profile


@pytest.fixture(scope="module")
def stop(program: Inferior, address: Path) -> Iterator[Stop]:
    """Stopped in the last task, all others being where they will stay; only looked at."""
    kinds = ("signals", "processes", "pipes", "sockets", "threads", "tokens")
    with ExitStack() as stack:
        sessions = {
            what: stack.enter_context(looking_at(program, what, str(address))) for what in kinds
        }
        yield sessions.__getitem__


def find(session: Session, root: str) -> list[Task]:
    return [task for task in session.tasks if task.root == f"leaves::{root}"]


def wait_of(session: Session, root: str) -> Wait:
    (task,) = find(session, root)
    (wait,) = task.waits
    return wait


def text_of(wait: Wait) -> str:
    assert wait.descriptor is not None
    return wait.descriptor.text


def test_signals_have_their_names(stop: Stop):
    session = stop("signals")
    for root, name in (("interrupted", "SIGINT"), ("hung_up", "SIGHUP")):
        wait = wait_of(session, f"outside::{root}")
        assert (wait.kind, wait.what, wait.detail) == ("signal", "signal", name)
        assert not wait.is_for_somebody


def test_a_program_that_is_waited_for_has_its_number(stop: Stop):
    session = stop("processes")
    wait = wait_of(session, "outside::waits")
    assert (wait.kind, wait.what) == ("process", "process")
    pid = int(wait.detail.removeprefix("pid "))
    status = Path(f"/proc/{pid}/status").read_text()
    assert f"PPid:\t{session.process.pid}" in status


def test_a_pipe_says_who_has_its_other_end(stop: Stop):
    session = stop("processes")
    wait = wait_of(session, "outside::hears")
    assert (wait.kind, wait.what) == ("read", "pipe")
    (other,) = re.findall(r"pipe:\[\d+\], also process (\d+) cat$", text_of(wait))
    assert f"PPid:\t{session.process.pid}" in Path(f"/proc/{other}/status").read_text()
    inside = wait_of(stop("pipes"), "outside::reads_pipe")
    assert inside.what == "pipe"
    assert re.fullmatch(r"pipe:\[\d+\], also fd \d+", text_of(inside))


def test_unix_sockets_have_their_peers(stop: Stop, address: Path):
    session = stop("sockets")
    listens = wait_of(session, "outside::accepts")
    assert (listens.kind, listens.what) == ("read", "socket")
    assert text_of(listens) == f"unix listening on {address}"
    for root, kind in (("reads", "read"), ("writes", "write")):
        wait = wait_of(session, f"outside::{root}")
        assert wait.kind == kind
        assert re.fullmatch(rf"unix to {re.escape(str(address))} of fd \d+", text_of(wait))
    pair = wait_of(session, "outside::receives")
    assert re.fullmatch(r"unix to fd \d+", text_of(pair))


def test_a_descriptor_of_ones_own_is_found_where_it_is_polled(stop: Stop):
    wait = wait_of(stop("pipes"), "outside::is_readable")
    assert (wait.kind, wait.what) == ("read", "socket")
    assert re.fullmatch(r"unix to fd \d+", text_of(wait))


def test_a_blocking_call_is_on_a_thread_or_in_the_queue_for_one(stop: Stop):
    session = stop("threads")
    running = [joined(task) for task in find(session, "threads::joins_running")]
    threads = {call.thread for call in running}
    assert len(threads) == 2
    assert None not in threads
    assert [call.state for call in running] == ["running"] * 2
    queued = [joined(task) for task in find(session, "threads::joins_queued")]
    places = [call.place for call in queued]
    assert [(each.number, each.length) for each in places if each is not None] == [(1, 2), (2, 2)]
    assert all(call.place is None for call in running)


def joined(task: Task) -> Task:
    (wait,) = task.waits
    (found,) = wait.joined
    assert isinstance(found, Task)
    assert found.is_blocking_call
    return found


def test_tokens_are_cancelled_by_who_has_them(stop: Stop):
    session = stop("tokens")
    child = wait_of(session, "tokens::cancelled")
    owned = wait_of(session, "tokens::cancelled_owned")
    (task,) = find(session, "tokens::until_cancelled")
    until, _ = task.waits
    assert {each.kind for each in (child, owned, until)} == {"cancel"}
    assert owned.address == until.address != child.address
    (keeper,) = find(session, "tokens::keeps")
    holds = [hold for hold in owned.holders if hold.who is keeper]
    assert [(hold.name, hold.role) for hold in holds] == [("guard", "token")]
    assert session.diagnoses == ()
