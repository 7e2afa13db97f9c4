"""Signals under a debugger: they come once, in order, with what they carry."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Generator
from threading import Event, Thread

from crabtrap import Session
from crabtrap.errors import StillRunningError
from crabtrap.events import BreakpointHit, SignalReceived, StopEvent
from tests.support.bar.receiver import Receiver, receiver
from tests.support.bar.visits import check_untouched
from tests.support.traces import states_of

_BATCH = 200
_SECONDS = 10.0
_ROUND_SECONDS = 0.1
"""About as long as a visit takes."""
_RUN_SECONDS = 0.02
"""How long a verb waits for a program that a signal has stopped."""

VERBS: tuple[Callable[[Session], StopEvent], ...] = (
    lambda session: session.continue_(timeout=_RUN_SECONDS),
    lambda session: session.next(timeout=_RUN_SECONDS),
    lambda session: session.step(timeout=_RUN_SECONDS),
    lambda session: session.step_instruction(20, timeout=_RUN_SECONDS),
    lambda session: session.finish(timeout=_RUN_SECONDS),
)


def queue_across_everything(count: int, chance: random.Random) -> str:
    """R8: signals queued while a program is attached to, stepped, and detached from."""
    stops = 0
    with receiver() as program, Session(None) as session:
        for sent in range(_BATCH, count + 1, _BATCH):
            program.queue(_BATCH)
            # Half of the time every signal is a stop of its own.
            session.signals.set("SIGRTMIN", stop=chance.random() < 0.5, show=True)
            session.attach(program.pid)
            session.breakpoints.add("received::turn", ignore=chance.randrange(50))
            stops += _run(session, chance, 6)
            session.breakpoints.remove(list(session.breakpoints)[-1].number)
            session.detach()
            report = program.await_report(lambda report, sent=sent: report.received == sent)
            assert (report.received, report.disorder) == (sent, 0)
            check_untouched(program.pid)
        assert program.end()
    return f"{count} signals queued, {stops} of them stops"


def _run(session: Session, chance: random.Random, verbs: int) -> int:
    """Carry out random verbs; returns how many of them a signal has ended."""
    stops = 0
    for _ in range(verbs):
        try:
            event = chance.choice(VERBS)(session)
        except StillRunningError:
            session.interrupt()
            event = session.wait()
        stops += any(isinstance(reason, SignalReceived) for reason in event.reasons)
    return stops


def terminate_at_detach(count: int, chance: random.Random) -> str:
    """R8: a SIGTERM that waits, or was reported, when the program is detached from."""
    with receiver() as program, Session(None) as session:
        for sent in range(1, count + 1):
            session.attach(program.pid)
            session.breakpoints.add("received::turn")
            assert isinstance(session.continue_().reasons[0], BreakpointHit)
            os.kill(program.pid, signal.SIGTERM)
            if sent % 2:
                while not isinstance(session.continue_().reasons[0], SignalReceived):
                    pass
            session.breakpoints.remove(list(session.breakpoints)[-1].number)
            session.detach()
            report = program.await_report(lambda report, sent=sent: report.terminated >= sent)
            assert report.terminated == sent
        assert program.end()
    return f"{count} detached from with a signal to come"


def stop_and_continue(count: int, chance: random.Random) -> str:
    """R9: SIGSTOP and SIGCONT at random moments of attach, step and detach."""
    left_stopped = 0
    with receiver() as program, Session(None) as session:
        for sent in range(1, count + 1):
            is_left_stopped = chance.random() < 0.3
            left_stopped += is_left_stopped
            order = [signal.SIGSTOP, signal.SIGCONT]
            with _sending(program, order[: 1 if is_left_stopped else 2], chance):
                session.attach(program.pid)
                session.breakpoints.add("received::turn", ignore=chance.randrange(50))
                _run(session, chance, 3)
                session.breakpoints.remove(list(session.breakpoints)[-1].number)
                session.detach()
            _check_left(program, sent, is_left_stopped=is_left_stopped)
        assert program.end()
    return f"{count} rounds, {left_stopped} of them left stopped"


@contextlib.contextmanager
def _sending(
    program: Receiver, numbers: list[signal.Signals], chance: random.Random
) -> Generator[None]:
    """Send signals at random moments of what is done within; all are sent at its end."""
    delays = [chance.uniform(0, _ROUND_SECONDS) for _ in numbers]

    def send() -> None:
        never = Event()
        for delay, number in zip(delays, numbers, strict=True):
            never.wait(delay)
            os.kill(program.pid, number)

    sender = Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        sender.join()


def _check_left(program: Receiver, sent: int, *, is_left_stopped: bool) -> None:
    """The program is stopped, or runs, as by signals alone; each SIGCONT was handled once."""
    if is_left_stopped:
        _await_state(program.pid, "T")
        os.kill(program.pid, signal.SIGCONT)
    report = program.await_report(lambda report: report.continued >= sent)
    assert report.continued == sent
    check_untouched(program.pid)


def _await_state(pid: int, state: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while states_of(pid) != {state}:
        assert time.monotonic() < deadline, states_of(pid)
        os.sched_yield()
