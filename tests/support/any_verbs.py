"""All verbs in any order on several programs, and what must be true whatever was done.

The model is small: a program has ended, or it stands at a stop. After every verb the session says
which, a stopped program's code is that of its file, and nothing but a ``CrabtrapError`` was raised.
At the end of each example no child, no descriptor and no traced process is left.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from crabtrap import Session
from crabtrap.engine.machine import Ended, NotStarted, Stopped
from crabtrap.errors import CrabtrapError
from crabtrap.events import Event, Exited, StopEvent
from crabtrap.target.stdio import Stdio
from tests.support.elf import read_sections
from tests.support.inferiors import build
from tests.support.killing import VERBS
from tests.support.process_resources import (
    Resources,
    await_indexing,
    child_pids,
    count_resources,
    describe_children,
    ends_soon,
)

PROGRAMS: dict[str, tuple[tuple[str, ...], str]] = {
    "basics": ((), "norm2"),
    "threads": (("4", "50"), "hot"),
    "stepping": ((), "fibonacci"),
    "panics": ((), "main"),
    "signals": (("usr1",), "main"),
    "forks": ((), "main"),
}
"""Arguments of each program, and a function that it calls."""

_SECONDS = 10.0
_ALLOCATED_GROWTH = 4 << 20
"""Bytes that may be held in addition after the first examples: every one takes some megabytes."""
_RESIDENT_GROWTH = 64 << 20
"""Bytes of the second half's peak beyond the first's: the allocator keeps what is free, now more
of it and now less."""


def _timed(verb: Callable[..., StopEvent]) -> Callable[[], StopEvent]:
    return lambda: verb(timeout=_SECONDS)


def verbs_of(session: Session, function: str) -> dict[str, Callable[[], object]]:
    """All verbs, each without arguments; those that run the program have a limit."""
    points = session.breakpoints
    running = {
        name: _timed(verb)
        for name, verb in (
            ("continue", session.continue_), ("step", session.step), ("next", session.next),
            ("stepi", session.step_instruction), ("nexti", session.next_instruction),
            ("finish", session.finish),
        )
    }  # fmt: skip
    looking = (
        "bt", "disassemble", "locals", "mappings", "modules", "print", "registers", "select",
        "threads", "x",
    )  # fmt: skip
    return {
        **running,
        **{name: partial(VERBS[name], session) for name in looking},
        "break": lambda: points.add(function),
        "tbreak": lambda: points.add("main", temporary=True),
        "condition": lambda: points.add(function, condition="1 == 2"),
        "watch": lambda: points.watch("$sp as *const u64 as u64"),
        "catch": lambda: points.catch("signal"),
        "delete": lambda: [points.remove(each.number) for each in list(points)],
        "disable": lambda: [points.enable(each.number, False) for each in points],
        "ignore": lambda: [points.set_ignore(each.number, 2) for each in points],
        "up": lambda: session.select_frame(1),
        "write": lambda: session.registers.write("rax", session.registers.read("rax")),
        "interrupt": session.interrupt,
        "kill": session.kill,
        "restart": session.restart,
    }


class AnyVerbs(RuleBasedStateMachine):
    """One program and one session."""

    tally: ClassVar[Counter[str]] = Counter()

    @initialize(program=st.sampled_from(sorted(PROGRAMS)))
    def launch(self, program: str) -> None:
        """Start a program, stopped in a function of its own."""
        arguments, function = PROGRAMS[program]
        self.inferior = build(program)
        self.text = next(s for s in read_sections(self.inferior.path) if s.name == ".text")
        self.session = Session(str(self.inferior.path))
        self.ends = 0
        self.session.subscribe(self._note)
        self.session.launch(arguments, stdio=Stdio.pipes())
        self.verbs = verbs_of(self.session, function)

    def _note(self, event: Event) -> None:
        if isinstance(event, StopEvent):
            self.ends += any(isinstance(each, Exited) for each in event.reasons)

    @precondition(lambda self: hasattr(self, "session"))
    @rule(number=st.integers(0, 1 << 16))
    def do(self, number: int) -> None:
        """Carry out any verb."""
        names = sorted(self.verbs)
        name = names[number % len(names)]
        begin, before = time.monotonic(), self.ends
        try:
            self.verbs[name]()
        except CrabtrapError:
            self.tally[f"{name} refused"] += 1
        self.tally[name] += 1
        assert time.monotonic() - begin < 3 * _SECONDS, f"{name} took too long"
        assert self.ends - before <= 1, "the end was reported twice"

    @invariant()
    def the_code_is_that_of_the_file(self) -> None:
        """At a stop no trap byte is in the program."""
        session = getattr(self, "session", None)
        if session is None or not isinstance(session.state, Stopped):
            return
        main = session.code.modules.main
        assert main is not None
        pid = session.process.pid
        size = min(self.text.size, 1 << 16)
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(self.text.address + main.bias)
            found = memory.read(size)
        data = self.inferior.path.read_bytes()
        assert found == data[self.text.offset : self.text.offset + size], "the code was changed"

    def teardown(self) -> None:
        """End the session."""
        session = getattr(self, "session", None)
        if session is not None:
            assert isinstance(session.state, Stopped | Ended | NotStarted) or session.has_program
            session.close()


def run(seconds: float) -> tuple[Counter[str], Resources, Resources]:
    """Run examples for so long; return what was done, and what this process held before and after.

    Raises:
        AssertionError: Something was left behind.
    """
    AnyVerbs.tally = Counter()
    options = settings(
        max_examples=5, stateful_step_count=30, deadline=None, database=None,
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
    )  # fmt: skip
    run_machine(AnyVerbs, settings=options)
    _settle()
    first = last = count_resources()
    begin = time.monotonic()
    peaks = [first.memory, first.memory]
    while (spent := time.monotonic() - begin) < seconds:
        run_machine(AnyVerbs, settings=options)
        _settle()
        last = count_resources()
        half = int(spent * 2 > seconds)
        peaks[half] = max(peaks[half], last.memory)
        assert last.descriptors <= first.descriptors, "descriptors are left open"
        assert last.children <= first.children, describe_children()
        assert last.allocated <= first.allocated + _ALLOCATED_GROWTH, (first, last)
    assert peaks[1] <= peaks[0] + _RESIDENT_GROWTH, peaks
    return AnyVerbs.tally, first, last


def _settle() -> None:
    """Wait for what may go on a little longer than its session.

    Children of programs are let go, and become ours where their parents end first.  What an error
    has left in a circle with its traceback is Python's to find, which takes it some examples.
    """
    await_indexing()
    gc.collect()
    for pid in child_pids():
        ends_soon(pid)
