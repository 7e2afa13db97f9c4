"""Every session gives back its memory, mappings, descriptors and children."""

from __future__ import annotations

import pytest

from crabtrap import Session, Stdio
from crabtrap.errors import StateError
from tests.support.inferiors import build
from tests.support.many_sessions import check_that_sessions_give_back, no_collector


def test_sessions_give_back_all_they_took() -> None:
    with no_collector():
        check_that_sessions_give_back(50)


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
