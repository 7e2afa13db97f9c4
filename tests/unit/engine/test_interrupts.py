"""``SIGINT`` at safe points: when its handler is called, and that its place is given back."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import pytest

from crabtrap.engine.interrupts import Interrupts


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


class Steps:
    """Notes how far a body has come before it was interrupted."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def __call__(self, number: int, *, then: Callable[[], None] = interrupt) -> None:
        self.done.append(number)
        then()

    @contextmanager
    def interrupted(self) -> Generator[None]:
        try:
            yield
        except KeyboardInterrupt:
            self.done.append(0)


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def interrupts(woken: list[str]) -> Interrupts:
    return Interrupts(lambda: woken.append("woken"))


@pytest.fixture(autouse=True)
def handler_is_given_back() -> Generator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) is before


def test_the_handler_is_called_after_the_body(
    interrupts: Interrupts, steps: Steps, woken: list[str]
) -> None:
    with steps.interrupted(), interrupts.deferred():
        steps(1)
        steps(2)
    assert steps.done == [1, 2, 0]
    assert woken == ["woken", "woken"]
    with interrupts.deferred():
        pass  # it was told once


def test_the_handler_is_called_at_a_check(interrupts: Interrupts, steps: Steps) -> None:
    with steps.interrupted(), interrupts.deferred():
        interrupts.check()
        steps(1)
        steps(2, then=interrupts.check)
        steps(3)
    assert steps.done == [1, 2, 0]


def test_an_inner_body_is_a_part_of_the_outer_one(interrupts: Interrupts, steps: Steps) -> None:
    with steps.interrupted(), interrupts.deferred():
        with interrupts.deferred():
            steps(1)
        steps(2)
    assert steps.done == [1, 2, 0]


def test_what_is_allowed_is_interrupted_at_once(interrupts: Interrupts, steps: Steps) -> None:
    with interrupts.deferred():
        with steps.interrupted(), interrupts.allowed():
            steps(1)
            steps(2)
        with steps.interrupted(), interrupts.allowed():
            with interrupts.deferred():
                steps(3)
                steps(4)
            steps(5)
    assert steps.done == [1, 0, 3, 4, 0]


def test_what_came_before_interrupts_what_is_allowed(interrupts: Interrupts, steps: Steps) -> None:
    with steps.interrupted(), interrupts.deferred():
        steps(1)
        with steps.interrupted(), interrupts.allowed():
            steps(2)
        steps(3)  # is deferred again
        steps(4)
    assert steps.done == [1, 0, 3, 4, 0]


def test_any_handler_is_called_in_its_turn(interrupts: Interrupts) -> None:
    heard: list[int] = []

    def listen(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGINT, listen)
    try:
        with interrupts.deferred():
            interrupt()
            assert heard == []
            interrupts.check()
            assert heard == [signal.SIGINT]
            with interrupts.allowed():
                interrupt()
                interrupt()
            assert len(heard) == 3
            interrupt()
        assert len(heard) == 4
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("action", [signal.SIG_IGN, signal.SIG_DFL])
def test_what_is_no_handler_stays(interrupts: Interrupts, action: signal.Handlers) -> None:
    before = signal.signal(signal.SIGINT, action)
    try:
        with interrupts.deferred():
            assert signal.getsignal(signal.SIGINT) is action
    finally:
        signal.signal(signal.SIGINT, before)


def test_two_sessions_hand_it_on(interrupts: Interrupts, steps: Steps) -> None:
    other = Interrupts(lambda: None)
    with steps.interrupted(), interrupts.deferred():
        with other.deferred():
            steps(1)
        steps(2)
    assert steps.done == [1, 2, 0]


def test_other_threads_are_not_concerned(interrupts: Interrupts) -> None:
    seen: list[object] = []

    def enter() -> None:
        with interrupts.deferred():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
