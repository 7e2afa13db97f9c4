"""Programs with tasks, stopped in their function ``look``, when all is where it will stay."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from crabtrap import PANIC_STOP, Session, Stdio
from tests.support.inferiors import Inferior


@contextmanager
def looking_at(program: Inferior, *arguments: str) -> Generator[Session]:
    """A session that is stopped there; tasks that have panicked before are among the others."""
    with Session(str(program.path)) as session:
        session.breakpoints.enable(PANIC_STOP, False)
        session.breakpoints.add(f"{program.path.name}::look")
        session.launch(arguments, stdio=Stdio.pipes())
        session.continue_()
        yield session
