"""Many sessions in one process, one after the other (the bar's test of what is given back)."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Generator

from crabtrap import Session, Stdio
from crabtrap.errors import CrabtrapError
from tests.support.inferiors import Inferior, build, running
from tests.support.process_resources import Resources, await_indexing, count_resources

WARM = 10
"""Sessions after which caches have what they need."""
SLACK = 1 << 20
"""Bytes that may be held then besides: one session takes some megabytes."""
RESIDENT_SLACK = 64 << 20
"""Bytes by which resident memory may differ, of which the allocator keeps what is free."""


@contextlib.contextmanager
def no_collector() -> Generator[None]:
    """Switch Python's cycle collector off: what is given back must not depend on it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _launch(inferior: Inferior) -> None:
    with Session(str(inferior.path)) as session:
        session.breakpoints.add("norm2")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        assert session.values.render(session.evaluate("*self")).startswith("Point")
        assert len(session.thread.frames()) > 1


def _run_to_the_end(inferior: Inferior) -> None:
    with Session(str(inferior.path)) as session:
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        session.interrupt()


def _fail(inferior: Inferior) -> None:
    with Session(str(inferior.path)) as session:
        try:
            session.launch((), directory="/nonexistent", stdio=Stdio.pipes())
        except CrabtrapError:
            return
        raise AssertionError("it was started in a directory that is not there")


def _attach(inferior: Inferior) -> None:
    with running(build("attachme")) as program, Session(None) as session:
        session.attach(program.pid)
        session.thread.frames()


KINDS: tuple[Callable[[Inferior], None], ...] = (_launch, _run_to_the_end, _fail, _attach)


def check_that_sessions_give_back(count: int) -> tuple[Resources, Resources]:
    """Open and close ``count`` sessions of every kind; return what is held early and at the end.

    Raises:
        AssertionError: More is held at the end.
    """
    inferior = build("basics")
    early = None
    for number in range(count):
        KINDS[number % len(KINDS)](inferior)
        if number == WARM:
            await_indexing()
            early = count_resources()
    await_indexing()
    late = count_resources()
    assert early is not None
    assert late.descriptors == early.descriptors
    assert late.files == early.files
    assert late.children == early.children
    assert late.allocated <= early.allocated + SLACK, (early, late)
    assert late.memory <= early.memory + RESIDENT_SLACK, (early, late)
    return early, late
