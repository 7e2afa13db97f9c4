"""Rules for every test: no child is left behind, what is missing is named."""

import ctypes
import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.needs import (
    pytest_runtest_makereport,
    pytest_runtest_setup,
    pytest_terminal_summary,
)
from tests.support.process_resources import child_pids, ends_soon

__all__ = ["pytest_runtest_makereport", "pytest_runtest_setup", "pytest_terminal_summary"]

# What a shell starts in the background ignores it, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# They assert, and are to say what was there.
pytest.register_assert_rewrite("tests.support.bar", "tests.support.traces")

PR_SET_CHILD_SUBREAPER = 36


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
    before = child_pids()
    yield
    left = [pid for pid in child_pids() - before if not ends_soon(pid)]
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


def _command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
