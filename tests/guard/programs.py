"""Programs that run by themselves while guards come and go."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from types import TracebackType

# Counts hits in variable 1 and is false: getv 1, +1, setv 1, pop, 0.
COUNT_IN_ONE = bytes([0x2C, 0, 1, 0x22, 1, 0x02, 0x2D, 0, 1, 0x29, 0x22, 0, 0x27])
FALSE = bytes([0x22, 0, 0x27])


class Running:
    """A program that says "r" when it is ready and goes on until its input ends."""

    def __init__(self, path: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [path, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert self.process.stdout.read(1) == b"r"

    @property
    def pid(self) -> int:
        return self.process.pid

    def finish(self) -> int:
        """End its input and return its exit status."""
        self.process.communicate(b"x", timeout=20)
        return self.process.returncode

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def state_of(pid: int) -> str:
    """The state letter of a process."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def comes_to_state(pid: int, state: str) -> bool:
    """Whether a process gets into a state within a second: a released thread takes a moment."""
    deadline = time.monotonic() + 1
    while state_of(pid) != state:
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True


def tracer_of(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("TracerPid:"):
            return int(line.split()[1])
    raise AssertionError(pid)


def read_memory(pid: int, address: int, size: int) -> bytes:
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        file.seek(address)
        return file.read(size)
