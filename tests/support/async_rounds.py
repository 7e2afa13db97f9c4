"""Stepping one task of the program ``async_steps`` while others run the same functions."""

from __future__ import annotations

from collections.abc import Callable

from crabtrap import Session
from crabtrap.events import StepDone
from tests.support.inferiors import Inferior

Rounds = Callable[[Session, Inferior, int], int]
"""Steps a task for some rounds, as many as it has at most 300; says how often it was moved."""

STEPPED = 100
"""Id of the task that is stepped."""
_LINES = (
    "first_await",
    "after_first",
    "second_await",
    "yield",
    "after_yield",
    "text_await",
    "ready_await",
    "end_of_round",
)
_MARKS = {"first_await": 1, "second_await": 2, "text_await": 3}
"""Marks in a round once the task has come to a line, where the line before it was one."""


class WrongStopError(AssertionError):
    """A step has stopped elsewhere, or in another task."""


def enter_task(session: Session) -> None:
    """Run to the first line of a round of the stepped task."""
    condition = f"id == {STEPPED} && place == 1"
    session.breakpoints.add("async_steps::mark", condition=condition, temporary=True)
    session.continue_()
    session.finish()


def step_rounds(session: Session, inferior: Inferior, rounds: int) -> int:
    """Step a task from line to line for some rounds, as many as it has at most 300.

    The program itself says which task is on the thread, and how far the stepped one is.

    Returns:
        How often the task was on another thread after a step.

    Raises:
        WrongStopError: A step was wrong.
    """
    lines = {name: inferior.marker(name) for name in (*_LINES, "round")}
    done = _marks(session) - 1
    moves, thread = 0, session.thread.tid
    for number in range(rounds):
        for name in _LINES if number == 0 else ("round", *_LINES):
            if (number, name) != (0, "first_await") or session.frame.line != lines[name]:
                event = session.next(timeout=20)
                moves, thread = moves + (event.thread != thread), event.thread
                # The head of the loop, on the way to its body.
                while session.frame.line not in lines.values() and name == "round":
                    session.next(timeout=20)
            if session.frame.line != lines[name]:
                raise WrongStopError(f"round {number}: at {session.frame.line}, not at {name}")
            if name in _MARKS:
                _check_task(session, done + number * len(_MARKS) + _MARKS[name])
    return moves


def finish_rounds(session: Session, inferior: Inferior, rounds: int) -> int:
    """Enter and finish ``child``, which the task calls twice a round, with its id and the next.

    Returns:
        How often it has returned on another thread than it was entered on.

    Raises:
        WrongStopError: It has returned another value, or elsewhere.
    """
    expected = (("first_await", STEPPED), ("second_await", STEPPED + 1))
    lines = {name: inferior.marker(name) for name, _ in expected}
    task = session.task_on(session.thread)
    assert task is not None
    session.breakpoints.add("async_steps::child", task=task.label)
    moves = 0
    for number in range(rounds):
        for name, argument in expected:
            thread = session.continue_(timeout=20).thread
            event = session.finish(timeout=20)
            moves += event.thread != thread
            done = StepDone("finish", str(argument * 10), "u32")
            if event.reasons != (done,) or session.frame.line != lines[name]:
                raise WrongStopError(f"round {number}: {event} at {session.frame.line}")
    return moves


def enter_rounds(session: Session, inferior: Inferior, rounds: int) -> int:
    """Step into whatever a line awaits, and finish that, in code that is not optimised.

    Returns:
        How often the task was on another thread after a step.

    Raises:
        WrongStopError: A step has led elsewhere, or into the function that another task called.
    """
    expected = (
        ("first_await", "child", STEPPED),
        ("second_await", "child", STEPPED + 1),
        ("text_await", "text", STEPPED),
        ("ready_await", "at_once", STEPPED),
    )
    lines = {name: inferior.marker(name) for name, _, _ in expected}
    moves = 0
    for number in range(rounds):
        for name, function, argument in expected:
            moves += _go_to_line(session, lines[name])
            event = session.step(timeout=20)
            entered = (session.frame.function, session.frame["id"].integer())
            if entered != (f"async_steps::{function}", argument):
                raise WrongStopError(f"round {number}: {event} in {entered}, not {function}")
            session.finish(timeout=20)
            if session.frame.line != lines[name]:
                raise WrongStopError(f"round {number}: back at {session.frame.line}, not {name}")
    return moves


def arrive_rounds(session: Session, inferior: Inferior, rounds: int) -> int:
    """Stop where the task awaits, each time that it gets there and never when it is polled again.

    An optimiser may have one instruction for several ways to one line; then some are passed by.

    Returns:
        How often it was on another thread than before.

    Raises:
        WrongStopError: It was another task, or the same arrival.
    """
    task = session.task_on(session.thread)
    assert task is not None
    line = inferior.marker("child_sleep")
    session.breakpoints.add(f"main.rs:{line}", task=task.label)
    done, marks_a_round = _marks(session), len(_MARKS)
    is_exact = is_plain(inferior)
    moves, thread, last = 0, session.thread.tid, 0
    for number in range(2 * rounds):
        event = session.continue_(timeout=20)
        moves, thread = moves + (event.thread != thread), event.thread or 0
        if session.frame.line != line:
            raise WrongStopError(f"arrival {number}: {event} at {session.frame.line}")
        round_, second = divmod(number, 2)
        marks = done + round_ * marks_a_round + second
        _check_task(session, marks if is_exact else max(marks, _marks(session)))
        if number and _marks(session) == last:
            raise WrongStopError(f"arrival {number}: it has been here since")
        last = _marks(session)
    return moves


def is_plain(inferior: Inferior) -> bool:
    """Whether a program is not optimised."""
    return not inferior.profile.endswith(("-o", "release-debug"))


def _go_to_line(session: Session, line: int) -> int:
    """Step over lines to one of the same function; say how often that changed the thread."""
    moves, thread = 0, session.thread.tid
    while session.frame.line != line:
        event = session.next(timeout=20)
        moves, thread = moves + (event.thread != thread), event.thread or 0
    return moves


def _marks(session: Session) -> int:
    """How often the stepped task has come by a mark."""
    return session.evaluate(f"MARKS[{STEPPED // 100}].v.value").integer()


def _check_task(session: Session, marks: int) -> None:
    here = session.evaluate("HERE.value").integer()
    found = _marks(session)
    if (here, found) != (STEPPED, marks):
        raise WrongStopError(f"in task {here}, with {found} marks of {marks}")
