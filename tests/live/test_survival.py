"""Programs outlive us: killed debuggers, many visits, many hits."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.events import Exited, Started
from tests.support.inferiors import Inferior, RunningInferior, build, running
from tests.support.needs import skip_inapplicable
from tests.support.sessions import Debug, kinds

KILLS = 50
CYCLES = 100
END = re.compile(r"count (\d+) total (\d+) intact (true|false)")

# Attaches, sets a breakpoint that is hit all the time and never stops, and runs on.
DEBUGGER = """
import sys
from crabtrap import Session
from crabtrap.events import Resumed
session = Session(None)
session.attach(int(sys.argv[1]))
session.breakpoints.add(sys.argv[2], condition="*count == 0xffff_ffff_ffff")
session.subscribe(lambda event: isinstance(event, Resumed) and print("running", flush=True))
session.continue_()
print("stopped", flush=True)
"""


def end_of(program: RunningInferior) -> tuple[int, int, str]:
    """What an ``attachme`` has counted, twice, and whether its checksums are right."""
    program.process.send_signal(signal.SIGTERM)
    output, _ = program.process.communicate(timeout=20)
    assert program.process.returncode == 0
    found = END.search(output)
    assert found is not None, output
    return int(found[1]), int(found[2]), found[3]


def tracer_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^TracerPid:\t(\d+)$", status, re.MULTILINE)
    assert found is not None
    return int(found[1])


def wait_until_untraced(pid: int, seconds: float = 10.0) -> None:
    """The guard notices that its client is gone, and lets the program go."""
    guard = tracer_of(pid)
    if not guard:
        return
    try:
        descriptor = os.pidfd_open(guard)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)
    assert ended, "the guard did not end"
    assert tracer_of(pid) == 0


def text_of(pid: int, program: Path) -> bool:
    """Whether the program's code in memory is that of its file, byte for byte."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        fields = line.split(maxsplit=5)
        if "x" not in fields[1] or len(fields) < 6 or not fields[5].startswith("/"):
            continue
        start, end = (int(each, 16) for each in fields[0].split("-"))
        with open(f"/proc/{pid}/mem", "rb") as memory, open(fields[5], "rb") as file:
            memory.seek(start)
            file.seek(int(fields[2], 16))
            ours = memory.read(end - start)
            if ours != file.read(end - start).ljust(len(ours), b"\0"):
                return False
    return program.exists()


@pytest.fixture(scope="module")
def attachme() -> Inferior:
    return build("attachme")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_debugger_takes_no_program_with_it(attachme: Inferior) -> None:
    for round_number in range(KILLS):
        with running(attachme, "4") as program:
            debugger = subprocess.Popen(
                [sys.executable, "-c", DEBUGGER, str(program.pid), "attachme::tick"],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert debugger.stdout is not None
            assert debugger.stdout.readline() == "running\n"
            run_a_while(program, 0.002 * (round_number % 10))
            debugger.kill()
            assert debugger.wait() == -signal.SIGKILL
            assert debugger.stdout.read() == "", "it stopped, so nothing was at stake"
            debugger.stdout.close()
            wait_until_untraced(program.pid)
            assert program.process.poll() is None
            assert text_of(program.pid, attachme.path)
            count, total, intact = end_of(program)
            assert (count, intact) == (total, "true")
            assert count > 0


def run_a_while(program: RunningInferior, seconds: float) -> None:
    """Give hits time to happen; the program would have to end to cut this short."""
    with pytest.raises(subprocess.TimeoutExpired):
        program.process.wait(seconds)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_hundred_visits_leave_no_trace(attachme: Inferior) -> None:
    with running(attachme, "4") as program, Session(None) as session:
        for _ in range(CYCLES):
            event = session.attach(program.pid)
            assert event.reasons == (Started(program.pid, attached=True),)
            point = session.breakpoints.add("attachme::tick", ignore=5)
            session.continue_()
            assert session.breakpoints[point.number].hits == 6
            session.breakpoints.remove(point.number)
            session.detach()
            assert tracer_of(program.pid) == 0
            assert text_of(program.pid, attachme.path)
            assert states_of(program.pid) <= {"R", "S"}
        count, total, intact = end_of(program)
        assert (count, intact) == (total, "true")


def states_of(pid: int) -> set[str]:
    """The states of all threads: running, sleeping, stopped, ..."""
    found = set()
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        found.add(stat.read_text().rpartition(") ")[2][0])
    return found


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_not_one_of_64_000_hits_is_lost(debug: Debug) -> None:
    driver = debug("threads")
    if driver.server != "guard":
        skip_inapplicable("gdbserver needs minutes for this")
    points = driver.session.breakpoints
    never = points.add(driver.location("hot"), condition="worker > 1000")
    counted = points.add("threads::hot", condition="round < 1000", ignore=1_000_000)
    driver.launch("64", "1000")
    started = time.monotonic()
    event = driver.session.continue_()
    seconds = time.monotonic() - started
    assert kinds(event) == [Exited]
    assert "calls 64000" in driver.output
    assert points[never.number].hits == 0
    assert points[counted.number].hits == 64_000
    assert seconds < 60
