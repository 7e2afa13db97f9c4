"""A program of thousands of threads: how long each thing takes that concerns all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.errors import StillRunningError
from tests.support.survivor import survivor

# Seconds on two quiet cores, for 5,000 threads.
LIMITS = {"attach": 2.0, "list": 1.0, "bt all": 3.0, "stop all": 0.5}
RESIDENT_MEGABYTES = 300


@pytest.mark.timeout(300)
def test_what_concerns_every_thread_is_quick(
    pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    count = int(str(pytestconfig.getoption("--threads")))
    took: dict[str, float] = {}

    @contextmanager
    def timed(what: str) -> Generator[None]:
        began = time.perf_counter()
        yield
        took[what] = time.perf_counter() - began

    before = resident()
    with survivor(threads=count, hertz=1) as program, Session(None) as session:
        with timed("attach"):
            session.attach(program.pid)
        with timed("list"):
            listed = [(each.tid, each.name, each.frame(0).line) for each in session.threads]
        assert len(listed) == count + 1
        with timed("bt all"):
            depths = [len(list(each.frames())) for each in session.threads]
        assert min(depths) > 1
        with pytest.raises(StillRunningError):
            session.continue_(timeout=0.2)
        with timed("stop all"):
            session.interrupt()
            session.wait()
        grown = (resident() - before) / 1e6
        session.detach()
        assert program.end().is_right
    seconds = ", ".join(f"{what} {value:.2f} s" for what, value in took.items())
    report(f"{count} threads: {seconds}; {grown:.0f} MB more resident")
    assert grown < RESIDENT_MEGABYTES
    late = {what: took[what] for what, limit in LIMITS.items() if took[what] > limit}
    if late:
        pytest.xfail(f"slower than on two quiet cores: {late}")


def resident() -> int:
    """Bytes of this process that are in memory."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024
