"""The program ``survivor``: it does on command what would kill a program that holds remains."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from tests.support.inferiors import build, wait_ready

_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Ending:
    """The last words of a ``survivor``.

    Attributes:
        has_ended: It has ended by itself, with 0.
        is_right: And every result of its threads is right.
        signals: The SIGUSR1 it has received.
    """

    has_ended: bool
    is_right: bool
    signals: int


@dataclass(slots=True)
class Survivor:
    """A running ``survivor``.

    Attributes:
        process: The program.
        code: Address of code that no file holds.
    """

    process: subprocess.Popen[str]
    code: int
    _ready: int

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        """It has not ended."""
        return self.process.poll() is None

    def tell(self, command: str) -> None:
        """Give it a command, without waiting for what it says."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command: str) -> str:
        """Give it a command and return what it says."""
        self.tell(command)
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def wait_for(self, text: str) -> None:
        """Wait until it says on its ready pipe that it has got somewhere."""
        assert wait_ready(self._ready, _SECONDS) == text

    def end(self) -> Ending:
        """Have it do everything that would kill a program with remains in it, and end."""
        try:
            output, _ = self.process.communicate("cold\njit\nload\nwrite\nend\n", timeout=_SECONDS)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            return Ending(False, False, 0)
        found = re.search(r"count (\d+) total (\d+) intact (\w+) signals (\d+)", output)
        if found is None or self.process.returncode:
            return Ending(False, False, 0)
        did_all = {"cold 42", "jit 42", "loaded true", "written"} <= set(output.splitlines())
        is_right = did_all and found[1] == found[2] and found[3] == "true"
        return Ending(True, is_right, int(found[4]))


@contextlib.contextmanager
def survivor(threads: int = 4, hertz: int = 50, path: Path | None = None) -> Generator[Survivor]:
    """Start a ``survivor``, or a copy of it, wait until it is ready, and kill it afterwards."""
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [path or build("survivor").path, str(threads), str(hertz)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=(writer,),
        env=os.environ | {"CRABTRAP_READY_FD": str(writer)},
    )
    os.close(writer)
    try:
        assert wait_ready(reader, _SECONDS) == "ready"
        assert process.stdout is not None
        code = process.stdout.readline().removeprefix("code ")
        yield Survivor(process, int(code), reader)
    finally:
        os.close(reader)
        if process.poll() is None:
            process.kill()
        with contextlib.suppress(BrokenPipeError):
            process.communicate()
