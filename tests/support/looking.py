"""Programs with tasks, stopped in their function ``look``, when all is where it will stay."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

from crabtrap import PANIC_STOP, Session, Stdio
from tests.support.inferiors import Inferior, running
from tests.support.sessions import Server

Way = Literal["launched", "attached"]
"""How a session has come by its program: attached, its tasks and threads were there before."""
WAYS: tuple[Way, ...] = ("launched", "attached")


@contextmanager
def looking_at(
    program: Inferior, *arguments: str, way: Way = "launched", server: Server = "guard"
) -> Generator[Session]:
    """A session that is stopped there; tasks that have panicked before are among the others."""
    with begun(program, *arguments, way=way, server=server) as session:
        session.breakpoints.enable(PANIC_STOP, False)
        session.breakpoints.add(f"main.rs:{program.marker('look')}")
        session.continue_()
        yield session


@contextmanager
def begun(
    program: Inferior, *arguments: str, way: Way = "launched", server: Server = "guard"
) -> Generator[Session]:
    """A session at the beginning of a program, or attached to where that calls ``ready::stay``.

    There the program goes on as soon as it is resumed.
    """
    if way == "launched":
        with Session(str(program.path), server=server) as session:
            session.launch(arguments, stdio=Stdio.pipes())
            yield session
        return
    with (
        running(program, *arguments) as staying,
        Session(str(program.path), server=server) as session,
    ):
        session.attach(staying.pid)
        staying.let_go()
        yield session
