"""What tasks of tokio wait for, and who holds it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from crabtrap import Session, Task, Wait
from tests.support.inferiors import EVERY_TOKIO, USUAL_PROFILES, Inferior, build
from tests.support.looking import WAYS, looking_at
from tests.support.needs import skip_inapplicable

Stop = Callable[[str], Session]


@pytest.fixture(params=EVERY_TOKIO, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("waiting", request.param)


@pytest.fixture(scope="module", params=WAYS)
def stop(program: Inferior, request: pytest.FixtureRequest) -> Iterator[Stop]:
    """Stopped in the last task, all others being where they will stay; only looked at."""
    kinds = ["time", "locks", "channels", "joins"]
    if program.profile in USUAL_PROFILES:
        kinds.append("connections")
    with ExitStack() as stack:
        sessions = {
            what: stack.enter_context(looking_at(program, what, way=request.param))
            for what in kinds
        }
        yield sessions.__getitem__


def find(session: Session, root: str) -> list[Task]:
    return [task for task in session.tasks if task.root == f"waiting::{root}"]


def wait_of(task: Task) -> Wait:
    (wait,) = task.waits
    return wait


def held(wait: Wait) -> list[tuple[int | None, str, int, str]]:
    """Who holds what is waited for: task, variable, line, role."""
    return [
        (each.who.number, each.name, each.line, each.role)
        for each in wait.holders
        if isinstance(each.who, Task)
    ]


def test_a_sleep_has_its_deadline(stop: Stop):
    session = stop("time")
    long, short, spawned = (wait_of(task) for task in find(session, "slept"))
    for wait, seconds in ((long, 1000), (short, 100), (spawned, 1000)):
        assert wait.kind == "sleep"
        assert wait.timer is not None
        assert wait.timer.left is not None
        assert seconds - 25 < wait.timer.left <= seconds
        assert wait.timer.since is None, "it is noted nowhere"
        assert wait.timer.text in wait.text


def test_an_interval_is_known_to_wait_since_the_last_tick(stop: Stop):
    (task,) = find(stop("time"), "ticks")
    wait = wait_of(task)
    assert wait.kind == "interval"
    assert wait.timer is not None
    assert wait.timer.since is not None
    assert wait.timer.deadline - wait.timer.since == pytest.approx(500)


def test_a_join_waits_for_a_task(stop: Stop):
    session = stop("time")
    (task,) = find(session, "joins")
    wait = wait_of(task)
    assert wait.kind == "join"
    (joined,) = wait.tasks
    (found,) = [each for each in session.tasks if each.address == joined]
    assert found.root == "waiting::slept"


def test_a_mutex_has_a_queue_and_a_holder(stop: Stop, program: Inferior):
    session = stop("locks")
    holder, _ = find(session, "locks::holds")
    first, second, third = (wait_of(task) for task in find(session, "locks::waits"))
    for wait, number in ((first, 1), (second, 2)):
        assert (wait.kind, wait.what) == ("lock", "Mutex")
        assert wait.place is not None
        assert (wait.place.number, wait.place.length) == (number, 2)
        line = program.marker("holds", "locks.rs")
        assert held(wait) == [(holder.number, "guard", line, "guard")]
    assert first.address == second.address != third.address


def test_a_guard_may_be_a_temporary(stop: Stop, program: Inferior):
    session = stop("locks")
    (holder,) = find(session, "locks::matches")
    (found,) = wait_of(find(session, "locks::waits")[2]).holders
    assert found.who is holder
    assert found.name in {each.name for each in holder.stack[0].variables}
    assert found.line == program.marker("matches", "locks.rs")


def test_readers_and_writers_wait_for_the_writer(stop: Stop, program: Inferior):
    session = stop("locks")
    writer, waiting = find(session, "locks::writes")
    (reader,) = find(session, "locks::reads")
    read, write = wait_of(reader), wait_of(waiting)
    assert (read.kind, write.kind) == ("read", "write")
    assert read.address == write.address
    line = program.marker("writes", "locks.rs")
    assert held(read) == held(write) == [(writer.number, "w", line, "guard")]


def test_a_semaphore_lacks_permits(stop: Stop, program: Inferior):
    session = stop("locks")
    (keeper,) = find(session, "locks::keeps_one")
    (waiting,) = find(session, "locks::wants_three")
    wait = wait_of(waiting)
    assert wait.kind == "acquire"
    assert wait.detail == "needs 3, missing 2, available 0"
    line = program.marker("keeps_one", "locks.rs")
    assert held(wait) == [(keeper.number, "permit", line, "guard")]


def test_a_cell_is_waited_for_while_another_task_computes_it(stop: Stop, program: Inferior):
    session = stop("locks")
    (computes,) = find(session, "locks::computes")
    (waiting,) = find(session, "locks::wants_computed")
    wait = wait_of(waiting)
    assert (wait.kind, wait.what) == ("once", "OnceCell")
    assert [each.who for each in wait.holders] == [computes]


def test_a_barrier_says_how_many_have_come(stop: Stop):
    (task,) = find(stop("locks"), "locks::meets")
    wait = wait_of(task)
    assert (wait.what, wait.detail) == ("Barrier", "1 of 2 have come")


def test_a_select_waits_for_its_branches_that_are_not_disabled(stop: Stop):
    (task,) = find(stop("locks"), "locks::selects")
    assert [wait.kind for wait in task.waits] == ["lock", "sleep"]


def test_channels_know_their_other_side(stop: Stop, program: Inferior):
    session = stop("channels")
    line = program.marker("keeps", "channels.rs")
    keepers = find(session, "channels::keeps")
    roots = ("receives", "sends", "answered", "watches", "hears")
    roles = ("sender", "receiver", "sender", "sender", "sender")
    for keeper, root, role in zip(keepers, roots, roles, strict=True):
        (task,) = find(session, f"channels::{root}")
        assert held(wait_of(task)) == [(keeper.number, "kept", line, role)], root


def test_channels_say_how_full_they_are(stop: Stop):
    session = stop("channels")
    (bounded,) = find(session, "channels::receives")
    assert wait_of(bounded).detail == "to receive, 0 of 4 queued, senders 1"
    (unbounded,) = find(session, "channels::receives_unbounded")
    assert wait_of(unbounded).detail == "to receive, 0 queued, senders 1"
    assert wait_of(unbounded).holders == ()
    assert wait_of(unbounded).total == 1
    (full,) = find(session, "channels::sends")
    assert wait_of(full).kind == "send"


def test_a_notify_may_be_told_by_anybody(stop: Stop):
    (task,) = find(stop("channels"), "channels::notified")
    wait = wait_of(task)
    assert (wait.kind, wait.by) == ("notify", ())


def test_a_join_set_waits_for_any_of_its_tasks(stop: Stop):
    session = stop("joins")
    tasks = find(session, "joins_all")
    if not tasks:
        skip_inapplicable("this version of tokio has no JoinSet")
    (task,) = tasks
    wait = wait_of(task)
    assert (wait.what, wait.detail) == ("JoinSet", "3 tasks, any of which")
    assert list(wait.joined) == find(session, "slept")


def test_a_join_may_be_of_a_function_on_a_thread_of_its_own(stop: Stop):
    (task,) = find(stop("joins"), "joins_blocking")
    (joined,) = wait_of(task).joined
    assert isinstance(joined, Task)
    assert joined.state == "running"
    assert "BlockingTask<" in joined.root


def test_sockets_are_told_by_their_descriptors_and_peers(stop: Stop, program: Inferior):
    if program.profile not in USUAL_PROFILES:
        skip_inapplicable("it is built without sockets")
    session = stop("connections")
    found = {
        task.root.rpartition("::")[2]: wait_of(task)
        for task in session.tasks
        if "::connections::" in task.root
    }
    kinds = {name: wait.kind for name, wait in found.items()}
    reading = ("accepts", "reads", "reads_half", "is_ready", "hears")
    assert kinds == dict.fromkeys(reading, "read") | {"writes": "write"}
    links = {name: socket_of(session, wait) for name, wait in found.items()}
    assert len(set(links.values())) == len(links), "each has a socket of its own"
    port = text_of(found["accepts"]).removeprefix("tcp listening on 127.0.0.1:")
    assert port.isdecimal()
    for name in ("reads", "reads_half", "writes", "is_ready"):
        assert text_of(found[name]).startswith("tcp 127.0.0.1:")
        assert text_of(found[name]).endswith(f" to 127.0.0.1:{port}")
    assert text_of(found["hears"]).startswith("udp bound to 127.0.0.1:")


def text_of(wait: Wait) -> str:
    assert wait.descriptor is not None
    return wait.descriptor.text


def socket_of(session: Session, wait: Wait) -> str:
    """What the kernel has at the descriptor."""
    assert wait.descriptor is not None
    link = os.readlink(f"/proc/{session.process.pid}/fd/{wait.descriptor.fd}")
    assert link.startswith("socket:")
    return link


def test_who_runs_waits_for_nothing(stop: Stop):
    (task,) = find(stop("time"), "looks")
    assert task.state == "running"
    assert task.waits == ()


def test_rules_of_the_user_come_first(stop: Stop, tmp_path: Path):
    session = stop("channels")
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[wait]]\ntype = "tokio::sync::notify::Notified"\nkind = "bell"\nwhat = "bell"\n'
        'on = "notify"\nby = "keeper"\n'
        '[[hold]]\ntype = "alloc::sync::Arc<tokio::sync::notify::Notify>"\nrole = "keeper"\n'
        'on = "self"\n'
    )
    session.values.rules.load(file)
    (task,) = find(session, "channels::notified")
    wait = wait_of(task)
    assert wait.kind == "bell"
    assert [each.name for each in wait.holders] == ["notify"]
    session.values.rules.unload(file)
    (task,) = find(session, "channels::notified")
    assert wait_of(task).kind == "notify"
