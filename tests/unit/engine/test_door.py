"""The one-thread rule, for everything that a session gives out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crabtrap import Session
from crabtrap.engine.door import Door, through_door
from crabtrap.errors import CancelledError, WrongThreadError

OPEN_TO_ALL = {"post", "interrupt", "cancel", "stop_serving", "door"}
"""What may be used from any thread."""
PLAIN_DATA = {"name", "history", "syntax", "substitutes", "options", "signals"}
"""Attributes that are data, and no doors to anything."""
SPECIAL = ("__getitem__", "__iter__", "__len__", "__contains__", "__setitem__", "__delitem__")


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(None) as made:
        yield made


def parts_of(session: Session) -> dict[str, object]:
    """A session and all public objects it consists of, found by looking."""
    found: dict[str, object] = {"Session": session}
    waiting: list[object] = [session]
    while waiting:
        for name, value in vars(waiting.pop()).items():
            kind = type(value).__name__
            if not name.startswith("_") and hasattr(type(value), "door") and kind not in found:
                found[kind] = value
                waiting.append(value)
    return found


def elsewhere(function: Callable[[], object]) -> BaseException | None:
    """What a call raises in another thread."""
    raised: list[BaseException] = []

    def call() -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    return raised[0] if raised else None


def doors(part: object) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every way into an object: reading a property, setting it, calling a method."""
    for name in dir(type(part)):
        member = getattr(type(part), name)
        if (name.startswith("_") and name not in SPECIAL) or name in OPEN_TO_ALL:
            continue
        if isinstance(member, property):
            yield name, lambda name=name: getattr(part, name)
            if member.fset is not None:
                yield f"{name} =", lambda name=name: setattr(part, name, None)
        elif callable(member):
            # Refused before anybody looks at the arguments.
            yield name, lambda name=name: getattr(part, name)()
    for name, value in vars(part).items():
        if not name.startswith("_") and callable(value):
            yield name, lambda value=value: value()


PARTS = (
    "Session",
    "Client",
    "Breakpoints",
    "ProgramMemory",
    "Registers",
    "Sources",
    "Code",
    "Presentation",
    "RuleFiles",
)


def test_all_parts_of_a_session_are_found(session: Session) -> None:
    assert sorted(parts_of(session)) == sorted(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_every_method_and_property_refuses_another_thread(session: Session, part: str) -> None:
    ways = list(doors(parts_of(session)[part]))
    assert ways
    let_in = [name for name, way in ways if not isinstance(elsewhere(way), WrongThreadError)]
    assert let_in == []


def test_what_is_no_door_is_known(session: Session) -> None:
    for part in parts_of(session).values():
        for name, value in vars(part).items():
            if not name.startswith("_") and not callable(value):
                assert hasattr(type(value), "door") or name in PLAIN_DATA, name


def test_what_is_open_to_all_lets_everybody_in(session: Session) -> None:
    futures: list[Any] = []
    assert elsewhere(lambda: futures.append(session.post(lambda: 1))) is None
    assert elsewhere(session.interrupt) is None
    assert elsewhere(session.cancel) is None
    assert elsewhere(lambda: session.door) is None
    assert elsewhere(session.stop_serving) is None
    session.serve(0.1)
    assert futures[0].result(0) == 1


def test_threads_frames_and_values_come_to_the_door_with_every_look(session: Session) -> None:
    from crabtrap.engine.inspect.epoch import EpochClock

    clock = EpochClock(Door())
    assert isinstance(elsewhere(lambda: clock.check(0, "frame")), WrongThreadError)
    clock.check(0, "frame")


# -- cancelling ------------------------------------------------------------------------------


def test_what_is_under_way_is_cancelled_once() -> None:
    door = Door()
    assert not door.cancel()
    door.check()
    with door.cancellable("testing"):
        assert door.cancel()
        with pytest.raises(CancelledError):
            door.check()
        door.check()


def test_a_cancel_that_came_too_late_cancels_nothing_else() -> None:
    door = Door()
    with door.cancellable("testing"):
        assert door.cancel()
    door.check()
    with door.cancellable("testing"):
        door.check()


def test_a_running_program_is_not_cancelled() -> None:
    door = Door()
    with door.cancellable("testing"):
        under_way = door.switch(under_way=False)
        assert not door.cancel()
        door.check()
        door.switch(under_way=under_way)
        assert door.cancel()


def test_only_public_members_are_guarded() -> None:
    @through_door("free")
    class Thing:
        def __init__(self) -> None:
            self.door = Door()

        def free(self) -> int:
            return 1

        def guarded(self) -> int:
            """Kept."""
            return self._inner()

        def _inner(self) -> int:
            return 2

        @property
        def value(self) -> int:
            return 3

        def __len__(self) -> int:
            return 4

    thing = Thing()
    assert (thing.free(), thing.guarded(), thing.value, len(thing)) == (1, 2, 3, 4)
    assert Thing.guarded.__doc__ == "Kept."
    assert elsewhere(thing.free) is None
    assert elsewhere(thing._inner) is None
    for way in (thing.guarded, lambda: thing.value, lambda: len(thing)):
        assert isinstance(elsewhere(way), WrongThreadError)
