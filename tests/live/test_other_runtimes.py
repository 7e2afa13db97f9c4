"""Tasks of smol, async-std, monoio and embassy: where each waits, what for, and who has that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from crabtrap import Session, Task, Wait
from tests.support.inferiors import USUAL_PROFILES, Inferior, build
from tests.support.looking import WAYS, looking_at

Stop = Callable[[str], Session]
DEADLOCKS = {"deadlock", "self-deadlock", "futurelock"}
RUNTIMES = ("smol", "async-std", "monoio", "embassy")


@pytest.fixture(params=USUAL_PROFILES, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("other_runtimes", request.param)


@pytest.fixture(scope="module", params=WAYS)
def stop(program: Inferior, request: pytest.FixtureRequest) -> Iterator[Stop]:
    """Stopped in the last task, all others being where they will stay; only looked at."""
    with ExitStack() as stack:
        sessions = {
            what: stack.enter_context(looking_at(program, what, way=request.param))
            for what in RUNTIMES
        }
        yield sessions.__getitem__


def found(session: Session) -> dict[str, list[Task]]:
    """The tasks of a runtime by the name of their function."""
    tasks: dict[str, list[Task]] = {}
    for task in session.tasks:
        if task.state != "unknown" and task.blocked_thread is None:
            name = task.root.rpartition("::")[2].removesuffix("_task_inner_function")
            tasks.setdefault(name.removeprefix("__"), []).append(task)
    return tasks


def stack(session: Session, program: Inferior, task: Task) -> list[tuple[str, str, dict[str, str]]]:
    """Functions of the program that a task is in, each with its marker and what it keeps."""
    levels: list[tuple[str, str, dict[str, str]]] = []
    for level in task.stack:
        path = level.path or ""
        if level.is_coroutine and "/other_runtimes/" in path:
            source = program.source.with_name(path.rpartition("/")[2])
            line = source.read_text().splitlines()[level.line - 1]
            kept = {one.name: session.values.render(one.value) for one in level.variables}
            name = level.name.rpartition("::")[2].removesuffix("_task_inner_function")
            levels.append((name.removeprefix("__"), line.rpartition("// @")[2], kept))
    return levels


def only_wait(tasks: dict[str, list[Task]], name: str) -> Wait:
    (task,) = tasks[name]
    (wait,) = task.waits
    return wait


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_async_functions_are_frames_with_their_variables(
    stop: Stop, program: Inferior, runtime: str
):
    session = stop(runtime)
    tasks = found(session)["outer"]
    stacks = [stack(session, program, task) for task in tasks]
    for task, levels in zip(tasks, stacks, strict=True):
        assert task.state == "idle"
        assert [(name, marker) for name, marker, _ in levels] == [
            ("outer", "outer"),
            ("inner", "inner"),
        ]
    kept = sorted((outer[2]["name"], inner[2]["k"]) for outer, inner in stacks)
    expected = {"embassy": [('"again"', "15"), ('"hello"', "10")]}
    assert kept == expected.get(runtime, [('"hello"', "10"), ('"joined"', "0")])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_task_that_runs_is_told_with_the_frames_of_its_thread(stop: Stop, runtime: str):
    """Embassy notes nowhere which that is."""
    session = stop(runtime)
    task = session.client.running_task
    assert task is not None
    assert task.state == "running"
    names = [(frame.function or "").rpartition("::")[2] for frame in task.frames()]
    assert names[:2] == ["look", "looks"]
    running = [each for each in session.tasks if each.thread is session.thread]
    assert [each.label for each in running if each.state == "running"] == [task.label]


@pytest.mark.parametrize("runtime", ["smol", "async-std", "monoio"])
def test_a_sleep_has_its_deadline(stop: Stop, runtime: str):
    for task in found(stop(runtime))["outer"]:
        (wait,) = task.waits
        assert wait.kind == "sleep"
        assert wait.timer is not None
        assert wait.timer.left is not None
        assert 950 < wait.timer.left <= 1000


@pytest.mark.parametrize("runtime", ["smol", "async-std", "monoio"])
def test_a_join_leads_to_the_task(stop: Stop, runtime: str):
    tasks = found(stop(runtime))
    (joined,) = only_wait(tasks, "joins").joined
    assert isinstance(joined, Task)
    assert joined.address in {task.address for task in tasks["outer"]}


@pytest.mark.parametrize(
    ("runtime", "waiting", "kind", "what", "holder", "name"),
    [
        ("smol", "waits", "lock", "Mutex", "holds", "guard"),
        ("smol", "reads", "read", "RwLock", "writes", "w"),
        ("smol", "acquires", "acquire", "Semaphore", "keeps", "permit"),
        ("smol", "receives", "receive", "channel", "keeps_sender", "to"),
        ("smol", "sends", "send", "channel", "keeps_receiver", "from"),
        ("async-std", "waits", "lock", "Mutex", "holds", "guard"),
        ("async-std", "receives", "receive", "channel", "keeps_sender", "to"),
        ("embassy", "waits", "lock", "Mutex", "holds", "guard"),
    ],
)
def test_who_can_end_a_wait_is_found_in_variables(
    stop: Stop, runtime: str, waiting: str, kind: str, what: str, holder: str, name: str
):
    tasks = found(stop(runtime))
    wait = only_wait(tasks, waiting)
    assert (wait.kind, wait.what) == (kind, what)
    (task,) = tasks[holder]
    # What a thread has moved away, optimised code does not tell.
    holders = (each for each in wait.holders if isinstance(each.who, Task))
    assert [(each.who, each.name) for each in holders if each.role != "owner"] == [(task, name)]


@pytest.mark.parametrize("waiting", ["receives", "sends", "signalled"])
def test_what_a_static_has_is_waited_for_with_its_address(stop: Stop, waiting: str):
    wait = only_wait(found(stop("embassy")), waiting)
    assert wait.kind in ("receive", "send", "notify")
    assert wait.address


@pytest.mark.parametrize("runtime", ["smol", "async-std", "monoio"])
def test_sockets_have_their_addresses(stop: Stop, runtime: str):
    tasks = found(stop(runtime))
    accepts, reads = (only_wait(tasks, name).descriptor for name in ("accepts", "reads_stream"))
    assert accepts is not None
    assert reads is not None
    assert accepts.text.startswith("tcp listening on 127.0.0.1:")
    assert reads.text.startswith(accepts.text.replace("listening on ", ""))


def test_a_function_on_a_thread_of_its_own_is_awaited_as_a_task(stop: Stop):
    (joined,) = only_wait(found(stop("smol")), "unblocks").joined
    assert isinstance(joined, Task)
    assert joined.state == "running"
    assert joined.thread is not None
    assert joined.thread.name.startswith("blocking-")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_nobody_is_said_to_be_stuck(stop: Stop, runtime: str):
    assert not DEADLOCKS & {each.kind for each in stop(runtime).diagnoses}
