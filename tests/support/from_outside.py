"""Tasks of a process that goes on: listed by ``crabtrap tasks PID``, as in production."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.inferiors import Inferior, running

_GROUP = re.compile(r"^(\d+) × (\S+), ", re.MULTILINE)
_STOPPED = re.compile(r"The program was stopped for ([\d.]+) s")
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Listed:
    """What was seen of a process.

    Attributes:
        groups: How many tasks each group has, and what they are, in the order shown.
        stopped: Seconds for which the process was stopped.
        resident: Bytes of memory that it had.
    """

    groups: tuple[tuple[int, str], ...]
    stopped: float
    resident: int


def list_from_outside(program: Inferior, tasks: int, mebibytes: int) -> Listed:
    """Start ``many_tasks``, list the groups of its tasks, and see that it goes on untraced.

    Args:
        program: The program, built.
        tasks: How many tasks it is to have.
        mebibytes: Memory that it is to have besides.
    """
    with running(program, str(tasks), str(mebibytes), timeout=_SECONDS) as process:
        command = [sys.executable, "-m", "crabtrap", "tasks", "--group", str(process.pid)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        status = _status(process.pid)
        assert process.process.poll() is None
    assert status["TracerPid"] == "0"
    assert status["State"][0] in "RS", "it runs, or waits by itself"
    groups = tuple((int(count), name) for count, name in _GROUP.findall(done.stdout))
    (stopped,) = _STOPPED.findall(done.stdout)
    return Listed(groups, float(stopped), int(status["VmRSS"].split()[0]) << 10)


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
