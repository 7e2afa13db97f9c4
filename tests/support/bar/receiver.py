"""The program ``received``, which counts the signals that it gets."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

from tests.support.inferiors import RunningInferior, build, running

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Report:
    """What the program has received.

    Attributes:
        received: Queued signals.
        disorder: Those of them that were not the next, or did not carry what they were sent with.
        continued: SIGCONT.
        terminated: SIGTERM.
    """

    received: int
    disorder: int
    continued: int
    terminated: int


@dataclass(slots=True)
class Receiver:
    """A running ``received``."""

    program: RunningInferior

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.program.pid

    def queue(self, count: int) -> None:
        """Have it queue signals for itself."""
        self._tell(str(count))

    def await_report(self, is_wanted: Callable[[Report], bool]) -> Report:
        """Return its report once that is as wanted, or the last one when the time is up."""
        deadline = time.monotonic() + _SECONDS
        while True:
            report = self._report()
            if is_wanted(report) or time.monotonic() > deadline:
                return report

    def end(self) -> bool:
        """Have it end; whether all of its work is right."""
        output, _ = self.program.process.communicate("end\n", timeout=_SECONDS)
        return output == "intact true\n" and self.program.process.returncode == 0

    def _report(self) -> Report:
        self._tell("report")
        assert self.program.process.stdout is not None
        line = self.program.process.stdout.readline()
        return Report(*map(int, re.findall(r"\d+", line)))

    def _tell(self, command: str) -> None:
        assert self.program.process.stdin is not None
        self.program.process.stdin.write(command + "\n")
        self.program.process.stdin.flush()


@contextlib.contextmanager
def receiver() -> Generator[Receiver]:
    """Start a ``received``, and kill it afterwards if it still runs."""
    with running(build("received")) as program:
        yield Receiver(program)
