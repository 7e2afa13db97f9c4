"""Panics are told once, with message, place and the user's frame; on every live back end."""

import pytest

from crabtrap.engine.causes.panics import PanicWatcher
from crabtrap.events import Panicked
from tests.support.backends import Backend
from tests.support.inferiors import Inferior, build
from tests.support.stopped import Stopped


def panics_of(backend: Backend, inferior: Inferior, kind: str) -> list[tuple[Panicked, str]]:
    """Run ``panics KIND`` to its end: every panic told, and the function it was raised in."""
    stopped = Stopped(backend, inferior.path, kind)
    watcher = PanicWatcher()
    locations = watcher.locations(stopped.table)
    stopped.break_at(*(location.address for location in locations), once=False)
    told: list[tuple[Panicked, str]] = []
    while stopped.go().kind == "breakpoint":  # it ends by SIGABRT with panic = "abort"
        step = watcher.observe(stopped.thread)
        if step.stop_at is not None:
            stopped.break_at(step.stop_at)
        if step.panicked is not None:
            frame = stopped.thread.frame(step.panicked.frame)
            assert frame.line == step.panicked.line
            told.append((step.panicked, frame.function or ""))
    return told


CASES = [
    ("caught", "order 2 has amount -7", "panic", "panics::check"),
    ("overflow", "attempt to add with overflow", "overflow", "panics::overflow"),
    ("literal", "just text", "literal", "panics::main"),
    ("hook", "order 4 has amount -1", "panic", "panics::check"),
    (
        "unwind",
        "called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }",
        "unwrap",
        "panics::unwinding",
    ),
    ("payload", None, "payload", "panics::main"),
]


@pytest.mark.parametrize("profile", ["debug", "release-debug", "v0", "panic-abort"])
@pytest.mark.parametrize(("kind", "message", "marker", "function"), CASES)
def test_panic_is_reported_with_message_and_location(
    backend: Backend, profile: str, kind: str, message: str | None, marker: str, function: str
):
    inferior = build("panics", profile)
    told = panics_of(backend, inferior, kind)
    if kind == "overflow" and profile == "release-debug":
        assert told == []  # no overflow checks there
        return
    assert len(told) == 1
    panicked, raised_in = told[0]
    assert panicked.message == message
    assert panicked.path is not None
    assert panicked.path.endswith("panics/src/main.rs")
    assert panicked.line == inferior.marker(marker)
    assert panicked.column is not None
    assert raised_in == function


def test_panic_in_another_thread(guard: Backend):
    inferior = build("panics")
    ((panicked, function),) = panics_of(guard, inferior, "thread")
    assert panicked.message == "nothing there"
    assert panicked.line == inferior.marker("expect")
    assert function == "panics::in_thread::{closure#0}"


def test_index_out_of_bounds_in_inlined_code(backend: Backend):
    inferior = build("panics", "release-debug")
    ((panicked, function),) = panics_of(backend, inferior, "inlined")
    assert panicked.message == "index out of bounds: the len is 3 but the index is 4"
    assert panicked.line == inferior.marker("index")
    assert function == "panics::innermost"


def test_resumed_panic_is_not_reported_twice(backend: Backend):
    told = panics_of(backend, build("panics"), "resume")
    assert [panicked.message for panicked, _ in told] == ["first"]
