"""Long operations are told of, short ones are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crabtrap.engine import progress
from crabtrap.engine.door import Door
from crabtrap.events import ProgressChanged


class Clock:
    """What ``time.monotonic`` gives to the module under test."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


@pytest.fixture
def told() -> list[ProgressChanged]:
    return []


@pytest.fixture
def door(told: list[ProgressChanged]) -> Iterator[Door]:
    made = Door()
    made.progress.publish = told.append
    yield made
    assert not made.progress.under_way


def test_a_short_operation_is_not_told_of(
    clock: Clock, door: Door, told: list[ProgressChanged]
) -> None:
    with door.cancellable("short"):
        clock.now += progress.TOLD_AFTER / 2
        door.check()
    clock.now += 10
    door.check()
    assert told == []


def test_a_long_operation_is_told_of_until_it_ends(
    clock: Clock, door: Door, told: list[ProgressChanged]
) -> None:
    with door.cancellable("long"):
        clock.now += progress.TOLD_AFTER
        door.advance(1, 4)
        door.advance(2, 4)  # too soon
        clock.now += progress.TOLD_EVERY
        door.check()
    assert told == [
        ProgressChanged(1, "long", 1, 4, ended=False),
        ProgressChanged(1, "long", 2, 4, ended=False),
        ProgressChanged(1, "long", 2, 4, ended=True),
    ]


def test_an_operation_that_raises_has_ended(
    clock: Clock, door: Door, told: list[ProgressChanged]
) -> None:
    def fail() -> None:
        with door.cancellable("long"):
            clock.now += progress.TOLD_AFTER
            door.check()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [each.ended for each in told] == [False, True]


def test_a_part_is_told_of_as_a_part_of_the_whole(
    clock: Clock, door: Door, told: list[ProgressChanged]
) -> None:
    """However often parts begin: what takes long is the whole."""
    with door.cancellable("whole"):
        for _ in range(3):
            with door.progress.during("part"):
                clock.now += progress.TOLD_AFTER / 2
                door.advance(5)
        clock.now += progress.TOLD_EVERY
        door.check()
    assert [(each.operation, each.label, each.done, each.ended) for each in told] == [
        (1, "part", 5, False),
        (1, "part", 5, False),
        (1, "whole", None, False),
        (1, "whole", None, True),
    ]


def test_operations_have_different_numbers(
    clock: Clock, door: Door, told: list[ProgressChanged]
) -> None:
    for _ in range(2):
        with door.cancellable("long"):
            clock.now += progress.TOLD_AFTER
            door.check()
    assert [each.operation for each in told if each.ended] == [1, 2]


def test_a_search_that_does_not_know_how_far_it_is_keeps_what_was_known(
    clock: Clock, door: Door, told: list[ProgressChanged]
) -> None:
    with door.cancellable("long"):
        door.follow(1, 2)
        clock.now += progress.TOLD_AFTER
        door.follow(0, 0)
    assert [(each.done, each.total) for each in told] == [(1, 2), (1, 2)]


def test_an_operation_that_was_never_entered_is_not_under_way(
    clock: Clock, door: Door, told: list[ProgressChanged]
) -> None:
    """As where Ctrl-C comes between the beginning and the body."""
    operation = door.progress.during("lost")
    operation.__enter__()
    del operation
    clock.now += 10
    door.check()
    assert told == []
    door.progress.switch(None)
