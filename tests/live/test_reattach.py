"""A front end dies; the next one goes on with the program where it was."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crabtrap import Session, find_held
from crabtrap.engine.breakpoints.stoppoints import Catchpoint, Watchpoint
from crabtrap.errors import CrabtrapError, NotFoundError
from crabtrap.events import BreakpointHit, Event, Exited, Notice, WatchHit
from tests.support.attachme import end_of
from tests.support.inferiors import build, running
from tests.support.sessions import kinds
from tests.support.traces import (
    debug_registers_in_use,
    is_text_intact,
    tracer_of,
    wait_until_untraced,
)

FRONT_END = """
import sys
from crabtrap import Session, Stdio
seconds, how, what, *commands = sys.argv[1:]
session = Session(what if how == "launch" else None)
session.client.hold_program(int(seconds))
if how == "launch":
    session.launch(stdio=Stdio.inherit().redirect(stdin="/dev/null", stdout="/dev/null"))
else:
    session.attach(int(what))
for command in commands:
    exec(command)
print(session.process.pid, flush=True)
sys.stdin.read()
"""

ONE_OF_TWO = """
import sys
from crabtrap import Session
from crabtrap.errors import CrabtrapError
session = Session(None)
print("ready", flush=True)
sys.stdin.readline()
try:
    session.reattach(int(sys.argv[1]))
except CrabtrapError as error:
    print("lost", type(error).__name__, flush=True)
else:
    print("won", flush=True)
    sys.stdin.readline()
    session.detach()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "crabtrap"


@contextmanager
def front_end(*arguments: str) -> Generator[int]:
    """Run a front end until it has said where its program is; it is dead at the end."""
    command = [sys.executable, "-c", FRONT_END, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL


def left_in_norm2(*commands: str) -> int:
    """A program that a front end launched and left stopped at breakpoint 1."""
    program = build("basics")
    place = f"{program.source.name}:{program.marker('norm2')}"
    stop = (f'session.breakpoints.add("{place}")', "session.continue_()")
    with front_end("30", "launch", str(program.path), *stop, *commands) as pid:
        pass
    return pid


def reattached(pid: int | None = None) -> tuple[Session, list[Event]]:
    session, events = Session(None), list[Event]()
    session.subscribe(events.append)
    session.reattach(pid)
    return session, events


def notices(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def test_an_attached_program_is_where_it_was_with_its_breakpoints() -> None:
    with running(build("attachme"), "1") as program:
        with front_end(
            "30",
            "attach",
            str(program.pid),
            'session.breakpoints.add("attachme::tick", condition="*count > 50", commands=["bt"])',
            'session.breakpoints.add("attachme::tick", ignore=1000000000)',
            'session.breakpoints.add("no::such::function")',
            "session.breakpoints.catch('signal', 'SIGUSR1')",
            "session.breakpoints.catch_panics(uncaught=True, message='no', crate='attachme')",
            "session.breakpoints.stop_at_panics('uncaught')",
            "session.continue_()",
            "session.breakpoints.remove(3)",
        ):
            pass
        session, events = reattached()
        with session:
            assert not notices(events)
            every, first, ignored, caught, panics = session.breakpoints
            assert isinstance(every, Catchpoint)
            assert isinstance(panics, Catchpoint)
            assert (every.enabled, every.chosen, every.uncaught) == (True, True, True)
            assert (panics.uncaught, panics.message, panics.crate) == (True, "no", "attachme")
            assert (first.number, first.condition, first.commands) == (1, "*count > 50", ("bt",))
            assert first.hits == 1
            assert (ignored.number, ignored.ignore) == (2, 1000000000)
            counted = ignored.hits
            assert counted >= 1
            assert caught.number == 4
            assert session.frame.function == "attachme::tick"
            assert is_text_intact(program.pid)
            # The hit at which it stopped is not made a second time.
            value = int(session.evaluate("*count"))
            assert kinds(session.continue_()) == [BreakpointHit]
            assert session.breakpoints[1].hits == 2
            assert session.breakpoints[2].hits > counted
            assert int(session.evaluate("*count")) > value
            added = session.breakpoints.add("attachme::tick")
            assert added.number == 6
        count, total, intact = end_of(program)
        assert (count, intact) == (total, "true")
        assert not find_held()


def test_a_launched_program_goes_on_and_ends_as_it_would_have() -> None:
    session, events = reattached(left_in_norm2())
    with session:
        assert session.launched
        assert not notices(events)
        assert session.breakpoints[1].hits == 1
        session.breakpoints.remove(1)
        event = session.continue_()
        assert kinds(event) == [Exited]


def test_nobody_comes_and_the_program_is_let_go() -> None:
    with running(build("attachme"), "2") as program:
        with front_end(
            "1",
            "attach",
            str(program.pid),
            'session.breakpoints.add("attachme::tick", condition="*count > 50")',
            "session.continue_()",
        ):
            pass
        wait_until_untraced(program.pid)
        (left,) = find_held()
        assert not left.is_held
        session, events = reattached()
        with session:
            assert any("has run meanwhile" in text for text in notices(events))
            assert session.breakpoints[1].hits == 1
            assert kinds(session.continue_()) == [BreakpointHit]
        count, total, intact = end_of(program)
        assert (count, intact) == (total, "true")


RUN_ON = """
from crabtrap.errors import StillRunningError
try:
    session.continue_(timeout=0.05)
except StillRunningError:
    pass
"""


def test_a_program_that_runs_is_let_go_at_once_and_can_be_attached_to_anew() -> None:
    with running(build("attachme"), "2") as program:
        with front_end(
            "30",
            "attach",
            str(program.pid),
            'session.breakpoints.add("attachme::tick", condition="*count == 0xffff_ffff_ffff")',
            'session.breakpoints.watch("attachme::STOP")',
            RUN_ON,
        ):
            pass
        wait_until_untraced(program.pid)
        assert is_text_intact(program.pid)
        assert not debug_registers_in_use(program.pid)
        (left,) = find_held()
        assert not left.is_held
        session, events = reattached(program.pid)
        with session:
            assert any("has run meanwhile" in text for text in notices(events))
            kept = {each.number: type(each).__name__ for each in session.breakpoints}
            assert kept == {0: "Catchpoint", 1: "Breakpoint", 2: "Watchpoint"}
        assert end_of(program)[2] == "true"


def test_a_launched_program_that_runs_ends_with_its_front_end() -> None:
    with front_end("30", "launch", str(build("busy").path), RUN_ON) as pid:
        descriptor = os.pidfd_open(pid)
    try:
        assert select.select([descriptor], [], [], 10)[0]
    finally:
        os.close(descriptor)
    assert not find_held()


def test_a_launched_program_ends_when_nobody_comes() -> None:
    with front_end("1", "launch", str(build("basics").path)) as pid:
        descriptor = os.pidfd_open(pid)
    try:
        assert select.select([descriptor], [], [], 10)[0]
    finally:
        os.close(descriptor)
    assert not find_held()


def test_one_of_two_front_ends_wins() -> None:
    with running(build("attachme"), "2") as program:
        with front_end("30", "attach", str(program.pid)):
            pass
        command = [sys.executable, "-c", ONE_OF_TWO, str(program.pid)]
        rivals = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for each in rivals:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in rivals:
            assert each.stdin is not None
            each.stdin.write("\n")
            each.stdin.flush()
        said = sorted(each.stdout.readline() for each in rivals if each.stdout is not None)
        for each in rivals:
            each.communicate()
        assert said[1] == "won\n"
        assert said[0].startswith("lost ")
        assert [each.returncode for each in rivals] == [0, 0]
        assert tracer_of(program.pid) == 0
        count, total, intact = end_of(program)
        assert (count, intact) == (total, "true")


def test_an_unreadable_file_costs_the_breakpoints_and_not_the_program(folder: Path) -> None:
    with running(build("attachme"), "2") as program:
        with front_end("30", "attach", str(program.pid), 'session.breakpoints.add("tick")'):
            pass
        file = folder / f"{program.pid}.json"
        fields = json.loads(file.read_text())
        file.write_text(json.dumps(fields | {"crabtrap_session": 99}))
        session, events = reattached(program.pid)
        with session:
            (text,) = notices(events)
            assert "version 99" in text
            assert file.with_suffix(".unreadable").exists()
            assert [each.number for each in session.breakpoints] == [0]  # the stop at panics
        assert end_of(program)[2] == "true"


def test_nothing_is_held_where_nobody_asked() -> None:
    with running(build("attachme"), "2") as program:
        with front_end("0", "attach", str(program.pid)):
            pass
        wait_until_untraced(program.pid)
        with Session(None) as session, pytest.raises(NotFoundError):
            session.reattach(program.pid)


def test_a_watched_local_is_watched_on_in_its_own_frame() -> None:
    pid = left_in_norm2(
        "session.select_frame(1)",
        "session.breakpoints.watch('origin.x')",
        "session.select_frame(0)",
        "session.breakpoints.watch('COUNTER')",
    )
    session, events = reattached(pid)
    with session:
        assert not notices(events)
        with pytest.raises(CrabtrapError):
            session.evaluate("origin")
        local, static = session.breakpoints[2], session.breakpoints[3]
        assert isinstance(local, Watchpoint)
        assert isinstance(static, Watchpoint)
        assert local.address == session.evaluate("origin.x", session.thread.frame(1)).address
        session.breakpoints.enable(2, on=False)
        (reason,) = session.continue_().reasons
        assert isinstance(reason, WatchHit)
        assert reason.watchpoint == 3
