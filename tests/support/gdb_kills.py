"""Programs that are killed within the commands of a stock gdb that our guard serves.

gdb words a request that has failed in its own ways; what it owes to the guard is that each
command comes to an end, and that the program's own end is not told twice.  It is told never
where gdb gives up because it cannot read registers of what is gone.  Each program
has a gdb of its own: one whose program is killed while it is stepped over a breakpoint runs no
other (13.1, under gdbserver as well).
"""

from __future__ import annotations

import os
import random
import re
import select
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.support.backends import guard_path
from tests.support.inferiors import Inferior
from tests.support.killing import HANGING, Killer

COMMANDS = (
    "next",
    "step",
    "stepi 20",
    "nexti 3",
    "finish",
    "until",
    "advance attachme::tick",
    "continue",
    "print *count",
    "x/900xg $sp",
    "disassemble",
    "thread apply all bt",
    "info threads",
    "info registers",
    "set var *checksum = 1",
    "set $rax = 1",
    "watch *count",
    "break attachme::expected_checksum",
    "catch syscall",
    "call attachme::expected_checksum(9)",
    "info sharedlibrary",
    "detach",
    "kill",
)
_LEAVING = ("detach", "kill")
_SECONDS = 10.0
_MARK = "-- answered --"
_END = "Program terminated with signal SIGKILL"


class Gdb:
    """A stock gdb with a guard of its own at the other end of a pipe."""

    def __init__(self, program: Inferior) -> None:
        """Start it, with a breakpoint in the program's work."""
        self._process = subprocess.Popen(
            ["gdb", "-nx", "-q", str(program.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"DEBUGINFOD_URLS": ""},
        )
        for setting in ("confirm off", "pagination off", "sysroot /", "breakpoint pending off"):
            self.ask(f"set {setting}")
        self.ask(f"target extended-remote | {guard_path()} --stdio")
        self.ask(f"set remote exec-file {program.path}")
        self.ask("set args 2 > /dev/null")

    def ask(self, command: str) -> str:
        """Give it a command, and return all that it says to that.

        Raises:
            TimeoutError: It does not come back.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\necho {_MARK}\\n\n".encode())
        self._process.stdin.flush()
        descriptor, said = self._process.stdout.fileno(), b""
        deadline = time.monotonic() + _SECONDS
        while _MARK.encode() not in said:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError(f"{command}: {said.decode('utf-8', 'replace')}")
            data = os.read(descriptor, 1 << 16)
            if not data:
                raise AssertionError(f"gdb has ended: {said.decode('utf-8', 'replace')}")
            said += data
        return said.decode("utf-8", "replace")

    def start(self) -> int:
        """Run the program to a stop in its work; returns its pid."""
        self.ask("break attachme::tick")
        said = self.ask("run")
        assert "Breakpoint" in said, said
        found = re.search(r"process (\d+)", self.ask("info inferiors"))
        assert found is not None
        return int(found[1])

    def close(self) -> None:
        """End it, and its guard with it."""
        self._process.communicate(b"kill\nquit\n", timeout=_SECONDS)


@dataclass(slots=True)
class GdbAssault:
    """Kills one program again and again within gdb's commands, at random moments.

    Attributes:
        program: ``attachme``.
        killer: Sends the signal.
        random: Chooses the moments.
        outcomes: How often the end was told by the command, by ``continue`` after it, or never.
        faults: What must not be.
    """

    program: Inferior
    killer: Killer
    random: random.Random
    outcomes: Counter[str] = field(default_factory=Counter[str])
    faults: list[str] = field(default_factory=list[str])

    def trial(self, command: str) -> None:
        """Kill the program once within a command."""
        gdb = Gdb(self.program)
        try:
            self._kill_within(gdb, command)
        except TimeoutError as error:
            self.faults.append(f"hangs: {error}")
        finally:
            gdb.close()

    def _kill_within(self, gdb: Gdb, command: str) -> None:
        self.killer.arm(gdb.start())
        delay = self.random.uniform(0, 0.02)
        self.killer.fire(delay)
        began = time.perf_counter()
        said = gdb.ask(command)
        seconds = time.perf_counter() - began - delay
        self.killer.finish()
        if seconds > HANGING:
            self.faults.append(f"{command}: took {seconds:.1f} s: {said}")
        if command in _LEAVING:
            return
        told = said.count(_END)
        gdb.ask("delete")
        more = gdb.ask("continue").count(_END)
        self.outcomes["at once" if told else "by continue" if more else "never"] += 1
        if told + more > 1:
            self.faults.append(f"{command}: told {told + more} times: {said}")
