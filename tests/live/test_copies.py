"""A copy of a program that is looked at while the program runs on."""

from __future__ import annotations

from pathlib import Path

import pytest

from crabtrap import Session, Task, Thread
from crabtrap.errors import UnsupportedError
from tests.support.inferiors import USUAL_PROFILES, Inferior, build, running
from tests.support.looking import looking_at


@pytest.fixture(params=USUAL_PROFILES)
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("waiting", request.param)


def label(who: Task | Thread) -> str:
    return f"thread {who.index}" if isinstance(who, Thread) else who.label


def described(session: Session) -> dict[str, object]:
    """All that is told of tasks and threads, but for times."""
    waits = [
        (
            wait.who.index if isinstance(wait.who, Thread) else wait.who.label,
            wait.kind,
            wait.address,
        )
        for wait in session.waits
    ]
    frames = [
        [(frame.function, frame.line, sorted(frame.variables)) for frame in thread.frames()]
        for thread in session.process.threads
    ]
    tasks = [(task.label, task.name, task.state, str(task.awaits)) for task in session.tasks]
    return {
        "waits": waits,
        "frames": frames,
        "tasks": tasks,
        "diagnoses": [each.kind for each in session.diagnoses],
        "work": [str(session.work_of(thread)) for thread in session.process.threads],
    }


def test_a_copy_says_what_the_program_did(program: Inferior):
    with looking_at(program, "crossed") as session:
        expected = described(session)
        at = session.process.seen_at
        assert session.keep_copy()
        assert described(session) == expected
        assert session.process.seen_at == at


def test_the_program_runs_on_and_the_copy_stays(program: Inferior):
    with running(build("echo", program.profile)) as process, Session(None) as session:
        session.attach(process.pid)
        before = [task.name for task in session.tasks]
        assert session.keep_copy()
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert "TracerPid:\t0\n" in status
        process.process.kill()
        process.process.wait()
        assert [task.name for task in session.tasks] == before
        with pytest.raises(UnsupportedError):
            session.continue_()
        session.detach()
        assert not session.has_program


def test_a_program_with_too_much_memory_stays_stopped(program: Inferior):
    with looking_at(program, "time") as session:
        assert not session.keep_copy(most=1 << 12)
        assert session.is_stopped
        session.continue_(timeout=None)
