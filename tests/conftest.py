"""Rules for every test: no child is left behind, what is missing is named."""

import contextlib
import ctypes
import os
import select
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.needs import (
    pytest_runtest_makereport,
    pytest_runtest_setup,
    pytest_terminal_summary,
)

__all__ = ["pytest_runtest_makereport", "pytest_runtest_setup", "pytest_terminal_summary"]

# What a shell starts in the background ignores it, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# They assert, and are to say what was there.
pytest.register_assert_rewrite("tests.support.bar", "tests.support.traces")

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 2.0


def pytest_configure() -> None:
    # Programs orphaned by a dying guard become children of the test run, and are noticed.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@pytest.fixture(autouse=True, scope="session")
def own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the journals and sessions of what is killed here from the sessions of others."""
    os.environ.pop("XDG_RUNTIME_DIR", None)
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture(autouse=True)
def no_child_left() -> Generator[None]:
    before = _children()
    yield
    left = [pid for pid in _children() - before if not _ends_soon(pid)]
    names = [f"{pid} ({_command_line(pid)})" for pid in left]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert not names, f"children left running: {', '.join(names)}"


@pytest.fixture(autouse=True)
def no_handler_left() -> Generator[None]:
    yield
    left = signal.signal(signal.SIGINT, signal.default_int_handler)
    assert left is signal.default_int_handler, f"Ctrl-C would call {left}"


def _children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").glob("*/children"):
        # A thread that indexes names may end while we look.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.update(int(pid) for pid in task.read_text().split())
    return found


def _ends_soon(pid: int) -> bool:
    """Reap a child that has ended or is about to: a killed program takes a moment to die."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ended, _, _ = select.select([descriptor], [], [], GRACE_SECONDS)
    finally:
        os.close(descriptor)
    if ended:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            return True
    return bool(ended)


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
