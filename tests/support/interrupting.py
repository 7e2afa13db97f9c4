"""Ctrl-C at random moments, in the middle of whatever a session does.

The kernel's timer keeps the time, and the handler of its signal sends ``SIGINT``, whose
handler is Python's own.
"""

from __future__ import annotations

import contextlib
import gc
import random
import signal
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import FrameType
from typing import Literal

from crabtrap import Session
from crabtrap.engine.machine import Stopped
from tests.support.inferiors import build, running
from tests.support.process_resources import (
    count_resources,
    describe_children,
    describe_descriptors,
)

LONGEST_SECONDS = 0.008
LONGEST_BEGINNING = 0.08
"""Seconds to the interrupt of a launch or an attach, which take some tens of milliseconds."""
AT_MOST = 3
"""Interrupts of one verb: the later ones meet the recovery from the earlier ones."""


@dataclass(slots=True)
class Interrupter:
    """Interrupts verbs.

    Attributes:
        longest: Seconds to an interrupt at most.
        raised: How many times a verb was interrupted.
    """

    rng: random.Random
    longest: float
    raised: int = 0
    _left: int = 0

    def disturb(self, verb: Callable[[], object]) -> None:
        """Carry out a verb, and interrupt it some milliseconds later, perhaps repeatedly."""

        def begin() -> None:
            self._left = self.rng.randint(1, AT_MOST)
            self._arm()
            verb()

        self._absorb(begin, AT_MOST + 1)

    def _absorb(self, verb: Callable[[], object], depth: int) -> None:
        """Let a verb be interrupted ``depth`` times: an ``except`` can be interrupted as well."""
        try:
            if depth > 1:
                self._absorb(verb, depth - 1)
            else:
                verb()
            self._left = 0
        except KeyboardInterrupt:
            self._left = 0
            self.raised += 1

    def on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        """Send SIGINT, and again a little later."""
        self._left -= 1
        if self._left > 0:
            self._arm()
        if self._left >= 0:
            signal.raise_signal(signal.SIGINT)

    def _arm(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self.rng.uniform(1e-6, self.longest))


@contextlib.contextmanager
def interrupter(seed: int, longest: float = LONGEST_SECONDS) -> Generator[Interrupter]:
    """Interrupts for the time of a test, so many seconds after a verb began at most.

    Raises:
        AssertionError: SIGINT was not left as it was found.
    """
    gc.collect()  # an exception in a finaliser of what others have left would be lost
    made = Interrupter(random.Random(seed), longest)
    before = signal.signal(signal.SIGALRM, made.on_alarm)
    try:
        yield made
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def step_under_interrupts(
    server: Literal["guard", "gdbserver"], seed: int, seconds: float
) -> tuple[int, int]:
    """Attach to a program of two threads and run it by all verbs, which are interrupted.

    Returns:
        How many verbs there were, and how many of them were interrupted.

    Raises:
        AssertionError: A verb has left the session other than stopped, hits were lost or
            counted twice, or the program is damaged.
    """
    inferior = build("attachme")
    with running(inferior, "2") as program, interrupter(seed) as interrupts:
        with Session(None, server=server) as session:
            session.attach(program.pid)
            often = f"main.rs:{inferior.marker('tick_end')}"
            session.breakpoints.add(often, condition="*count % 500 == 0")
            counted = session.breakpoints.add("attachme::tick")
            session.breakpoints.set_ignore(counted.number, 1 << 40)
            session.select_thread(session.process.threads[-1].tid)
            before = _total(session)
            verbs = _drive(session, interrupts, seconds)
            ran = _total(session) - before
            # Each of the two threads may be between its hit and its count.
            assert abs(session.breakpoints[counted.number].hits - ran) <= 2
        program.process.send_signal(signal.SIGTERM)
        output, _ = program.process.communicate(timeout=20)
    assert "intact true" in output
    return verbs, interrupts.raised


def _drive(session: Session, interrupts: Interrupter, seconds: float) -> int:
    verbs: tuple[Callable[[], object], ...] = (
        session.step_instruction,
        session.next,
        session.step,
        session.continue_,
        lambda: len(session.thread.frames()),
        lambda: _total(session),
    )
    done = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        interrupts.disturb(interrupts.rng.choice(verbs))
        assert isinstance(session.state, Stopped), session.state
        done += 1
    return done


def _total(session: Session) -> int:
    """How often the program has counted, by its own account."""
    text = "TOTAL.load(std::sync::atomic::Ordering::Relaxed)"
    return int(session.values.render(session.evaluate(text)))


def begin_under_interrupts(
    begin: Callable[[Session], object], seed: int, rounds: int
) -> tuple[int, int]:
    """Have sessions take up a program, which is interrupted at any moment, and close them.

    Returns:
        How many times a program was had afterwards, and how many times not.

    Raises:
        AssertionError: A session has neither a stopped program nor none, or something was left.
    """
    had = 0
    _take_up(begin, lambda act: act())  # the first time opens what stays open
    before = count_resources()
    with interrupter(seed, LONGEST_BEGINNING) as interrupts:
        for _ in range(rounds):
            had += _take_up(begin, interrupts.disturb)
            now = count_resources()
            assert now.descriptors == before.descriptors, describe_descriptors()
            assert now.children == before.children, describe_children()
    return had, rounds - had


def _take_up(
    begin: Callable[[Session], object], disturb: Callable[[Callable[[], object]], object]
) -> bool:
    with Session(str(build("attachme").path)) as session:
        disturb(lambda: begin(session))
        if not session.has_program:
            return False
        assert isinstance(session.state, Stopped), session.state
        assert session.frame.function
        session.select_thread(session.process.threads[-1].tid)  # the first one waits for others
        session.step_instruction()
        return True
