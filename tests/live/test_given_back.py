"""Every session gives back its memory, mappings, descriptors and children."""

from __future__ import annotations

import gc
from collections.abc import Callable
from itertools import pairwise

import pytest

from crabtrap import Session, Stdio
from crabtrap.errors import CrabtrapError, StateError
from tests.support.inferiors import build
from tests.support.many_sessions import check_that_sessions_give_back, no_collector


def test_sessions_give_back_all_they_took() -> None:
    with no_collector():
        check_that_sessions_give_back(50)


def _fail(session: Session) -> None:
    with pytest.raises(CrabtrapError):
        session.evaluate("no_such_thing + 1")


COMING_AND_GOING: dict[str, Callable[[Session], object]] = {
    "break": lambda session: session.breakpoints.remove(
        session.breakpoints.add("attachme::tick", condition="*count == 1").number
    ),
    "watch": lambda session: session.breakpoints.remove(session.breakpoints.watch("TOTAL").number),
    "catch": lambda session: session.breakpoints.remove(
        session.breakpoints.catch("syscall").number
    ),
    "call": lambda session: session.call("attachme::expected_checksum(9)"),
    "next": lambda session: session.next(),
    "finish": lambda session: (session.continue_(), session.finish()),
    "bt": lambda session: [thread.frames() for thread in session.threads],
    "fail": _fail,
}
ROUNDS = 20


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", COMING_AND_GOING)
def test_what_comes_and_goes_within_a_session_leaves_nothing(name: str) -> None:
    with Session(str(build("attachme").path)) as session:
        session.breakpoints.add("attachme::tick")
        session.launch(("2",), stdio=Stdio.pipes())
        session.continue_()
        counts = [_objects_after(COMING_AND_GOING[name], session) for _ in range(5)]
    # Caches and classes that are made once grow once.
    growths = [after - before for before, after in pairwise(counts)]
    assert min(growths) < ROUNDS // 2, growths


def _objects_after(act: Callable[[Session], object], session: Session) -> int:
    for _ in range(ROUNDS):
        act(session)
    gc.collect()
    return len(gc.get_objects())


def test_what_is_kept_of_a_closed_session_says_so() -> None:
    session = Session(str(build("basics").path))
    session.breakpoints.add("norm2")
    session.launch((), stdio=Stdio.pipes())
    session.continue_()
    frame, module = session.frame, next(iter(session.process.modules))
    session.close()
    session.close()
    session.interrupt()
    with pytest.raises(StateError):
        frame.arguments()
    with pytest.raises(StateError, match="was closed"):
        module.symbols_named("main")


def test_interrupting_what_has_ended_changes_nothing() -> None:
    with Session(str(build("exits").path)) as session:
        session.interrupt()
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        session.interrupt()
        assert not session.has_program
        session.restart()
        session.continue_()
        assert not session.has_program
