"""Programs that are killed at any moment, within any verb, by somebody else.

A trial brings a program to a stop, has a helper process send it SIGKILL after a delay, and
carries out one verb meanwhile.  Whatever the verb was doing: the end must be reported once,
as SIGKILL, nothing may hang, and nothing of the debugger's may be left.
"""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crabtrap import Session
from crabtrap.address import Address
from crabtrap.engine.machine import Detached, Ended
from crabtrap.errors import ProcessGone
from crabtrap.events import Event, Exited, StopEvent
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import Inferior
from tests.support.sessions import Server

SIGKILL = 9
HANGING = 2.0
"""Seconds that a verb may take once the program is killed."""
_RUNNING = 0.01
"""Seconds that the verbs which run the program for ever are given before the kill."""

_KILLER = """
import os, signal, sys, time
for line in sys.stdin.buffer:
    descriptor = os.pidfd_open(int(line))
    os.write(1, b"armed\\n")
    end = float(sys.stdin.buffer.readline()) + time.perf_counter()
    while time.perf_counter() < end:
        pass
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.close(descriptor)
    os.write(1, b"killed\\n")
"""


class Killer:
    """A process of its own that kills programs: no Python lock delays it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _KILLER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def arm(self, pid: int) -> None:
        """Choose the victim."""
        self._write(f"{pid}\n")
        assert self._read() == b"armed\n"

    def fire(self, delay: float) -> None:
        """Have it killed ``delay`` seconds from now."""
        self._write(f"{delay}\n")

    def finish(self) -> None:
        """Wait until the signal was sent."""
        assert self._read() == b"killed\n"

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=10)

    def _write(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def _read(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def starved(pid: int) -> Generator[None]:
    """Give a stopped program next to no time of a processor: killed, it is long in dying."""
    processor = min(os.sched_getaffinity(0))
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        os.sched_setaffinity(busy.pid, {processor})
        for tid in map(int, os.listdir(f"/proc/{pid}/task")):
            os.sched_setaffinity(tid, {processor})
            os.sched_setscheduler(tid, os.SCHED_IDLE, os.sched_param(0))
        yield
    finally:
        busy.kill()
        busy.wait()


Verb = Callable[[Session], object]


def _print(session: Session) -> None:
    for name in ("*count", "*checksum", "TOTAL", "$rip"):
        session.values.render(session.evaluate(name))


def _backtraces(session: Session) -> None:
    for thread in session.threads:
        for frame in thread.frames():
            str(frame.function)


def _locals(session: Session) -> None:
    for frame in session.thread.frames():
        for binding in (*frame.arguments(), *frame.locals()):
            session.values.render(binding.value)


def _interrupt(session: Session) -> None:
    for stoppoint in list(session.breakpoints):
        session.breakpoints.remove(stoppoint.number)
    session.interrupt()
    session.continue_()


def _run_on(session: Session) -> None:
    for stoppoint in list(session.breakpoints):
        session.breakpoints.set_condition(stoppoint.number, "*count == 0xffff_ffff_ffff")
    session.continue_()


def _steps(session: Session) -> object:
    return session.step_instruction(20)


VERBS: dict[str, Verb] = {
    "next": lambda session: session.next(),
    "step": lambda session: session.step(),
    "stepi": _steps,
    "nexti": lambda session: session.next_instruction(3),
    "finish": lambda session: session.finish(),
    "until": lambda session: session.until(),
    "advance": lambda session: session.advance("attachme::tick"),
    "continue": lambda session: session.continue_(),
    "run on": _run_on,
    "interrupt": _interrupt,
    "call": lambda session: session.call("attachme::expected_checksum(9)"),
    "print": _print,
    "x": lambda session: session.memory.read(session.frame.registers()["rsp"] or 0, 9000),
    "disassemble": lambda session: session.memory.disassemble(
        session.thread.pc, Address(session.thread.pc + 60)
    ),
    "bt": _backtraces,
    "locals": _locals,
    "threads": lambda session: [thread.name for thread in session.threads],
    "select": lambda session: session.select_thread(2).frame(0).line,
    "watch": lambda session: session.breakpoints.watch("TOTAL"),
    "break": lambda session: session.breakpoints.add("attachme::expected_checksum"),
    "catch": lambda session: session.breakpoints.catch("syscall"),
    "registers": lambda session: [session.registers.read(n) for n in ("rax", "eflags", "xmm0")],
    "set register": lambda session: session.registers.write("rax", 1),
    "assign": lambda session: session.assign("*checksum", "1"),
    "mappings": lambda session: session.process.mappings,
    "modules": lambda session: session.code.refresh(),
    "detach": lambda session: session.detach(),
    "kill": lambda session: session.kill(),
}
"""What is done while the program is killed, by name."""


@dataclass(slots=True)
class Tally:
    """What came of many trials.

    Attributes:
        trials: How many there were.
        outcomes: How often a verb returned the end, raised it, or came before it.
        faults: What must not be, each with what is needed to try it again.
        slowest: Most seconds that a verb took after the kill.
    """

    trials: int = 0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    faults: list[str] = field(default_factory=list[str])
    slowest: float = 0.0

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.outcomes.items()))
        return f"{self.trials} kills: {counts}; slowest verb {self.slowest:.2f} s"


@dataclass(slots=True)
class Assault:
    """Kills one program again and again within random verbs, at random moments.

    Attributes:
        program: ``attachme``.
        server: What it is debugged under.
        killer: Sends the signal.
        random: Chooses verbs and moments.
        tally: What came of it.
    """

    program: Inferior
    server: Server
    killer: Killer
    random: random.Random
    tally: Tally = field(default_factory=Tally)
    _events: list[Event] = field(default_factory=list[Event])
    _session: Session | None = None
    _descriptors: int = 0
    _durations: dict[str, float] = field(default_factory=dict[str, float])

    def __post_init__(self) -> None:
        """Count what there is before."""
        self._descriptors = descriptors()

    def trial(self, verb: str) -> None:
        """Kill the program once within ``verb``, or shortly before or after it."""
        delay = self.random.uniform(0.0, 1.3) * self._duration(verb)
        faults = self._kill_within(self._stopped(), verb, delay)
        self.tally.trials += 1
        self.tally.faults += [f"{self.server} {verb} {delay * 1e6:.0f} us: {f}" for f in faults]

    def _kill_within(self, session: Session, verb: str, delay: float) -> list[str]:
        self.killer.arm(session.process.pid)
        self.killer.fire(delay)
        faults = self._attempt(session, verb, delay)
        self.killer.finish()
        return faults + self._see_end(session, verb)

    def _duration(self, verb: str) -> float:
        """Return about how long a verb takes if nobody disturbs it."""
        known = self._durations.get(verb)
        if known is None:
            known = _RUNNING
            if verb != "run on":
                session = self._stopped()
                self.killer.arm(session.process.pid)
                start = time.perf_counter()
                VERBS[verb](session)
                known = time.perf_counter() - start
                self.killer.fire(0.0)
                self.killer.finish()
                self._see_end(session, verb)
            self._durations[verb] = known
        return known

    def close(self) -> None:
        """Close the session; what it leaves is a fault."""
        if self._session is not None:
            self._session.close()
            self._session = None
        if left := descriptors() - self._descriptors:
            self.tally.faults.append(f"{left} descriptors left")

    def _stopped(self) -> Session:
        """Start the program, and run it to a stop of one of its three threads."""
        session = self._session
        if session is None:
            session = self._session = Session(str(self.program.path), server=self.server)
            session.subscribe(self._events.append)
        for stoppoint in list(session.breakpoints):
            session.breakpoints.remove(stoppoint.number)
        session.launch(["2"], stdio=Stdio.pipes())
        session.breakpoints.add("attachme::tick")
        session.continue_()
        self._events.clear()
        return session

    def _attempt(self, session: Session, verb: str, delay: float) -> list[str]:
        start = time.perf_counter()
        faults: list[str] = []
        try:
            result = VERBS[verb](session)
            self.tally.outcomes["returned" if is_end(result) else "undisturbed"] += 1
        except ProcessGone as error:
            self.tally.outcomes["raised"] += 1
            if "SIGKILL" not in error.status:
                faults.append(f"raised without the cause: {error}")
            if session.has_program:
                faults.append("raised, and the session does not know of it")
        except Exception as error:
            faults.append(f"raised {error!r}")
        seconds = time.perf_counter() - start - delay
        self.tally.slowest = max(self.tally.slowest, seconds)
        if seconds > HANGING:
            faults.append(f"took {seconds:.1f} s")
        return faults

    def _see_end(self, session: Session, verb: str) -> list[str]:
        """Have the end reported, if it was not yet; once is enough."""
        if verb == "detach" and isinstance(session.state, Detached):
            return []
        faults: list[str] = []
        if session.has_program:
            start = time.perf_counter()
            try:
                event = session.continue_(timeout=10)
                if not is_end(event):
                    faults.append(f"continue stopped with {event.reasons}")
            except Exception as error:
                faults.append(f"continue raised {error!r}")
            if time.perf_counter() - start > HANGING:
                faults.append("continue hung")
        ends = [event for event in self._events if isinstance(event, StopEvent) and is_end(event)]
        if len(ends) != 1:
            faults.append(f"{len(ends)} ends reported")
        if not isinstance(session.state, Ended):
            faults.append(f"{session.state} at the end")
        return faults


def is_end(result: object) -> bool:
    """Whether a verb has returned the end of a killed program."""
    if not isinstance(result, StopEvent):
        return False
    return any(isinstance(why, Exited) and why.signal == SIGKILL for why in result.reasons)


def descriptors() -> int:
    """Count the descriptors of this process."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir())) - 1


def seed() -> int:
    """Return the seed of this run: CRABTRAP_SEED, else a new one."""
    return int(os.environ.get("CRABTRAP_SEED", random.randrange(1 << 32)))
