"""The guard is killed under an attached program, which goes on as if it had never been there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from crabtrap import Repair, Session, repair
from crabtrap.engine.machine import Detached
from crabtrap.errors import ConnectionLost
from crabtrap.events import Notice
from tests.support.guard_death import SCRIPTS, State, debugging, journals
from tests.support.inferiors import build
from tests.support.needs import OWN_PIDS
from tests.support.survivor import Survivor, survivor
from tests.support.traces import children_of, debug_registers_in_use, is_text_intact, tracer_of

# What is found in a program that was running, where nobody has repaired it at once.
LEFT: dict[State, str] = {
    "running, cold traps": "traps",
    "running, watchpoint": "watched",
    "in a call": "calls",
}


def check_whole(program: Survivor) -> None:
    """The program is as it was, and does right whatever it is asked to do."""
    assert program.is_alive
    assert tracer_of(program.pid) == 0
    assert is_text_intact(program.pid)
    assert not debug_registers_in_use(program.pid)
    assert program.end().is_right


@pytest.mark.parametrize("state", [state for state in SCRIPTS if state != "running, hot trap"])
def test_the_warden_repairs_at_once(state: State) -> None:
    with survivor() as program, debugging(program, state) as debugger:
        debugger.kill_guard()
        check_whole(program)
        debugger.finish()


@pytest.mark.parametrize("state", LEFT)
def test_what_the_warden_could_not_do_is_repaired_later(state: State) -> None:
    with survivor() as program:
        with debugging(program, state) as debugger:
            debugger.kill_guard_and_warden()
        assert not is_text_intact(program.pid) or debug_registers_in_use(program.pid)
        assert len(journals(program.pid)) == 1
        (found,) = repair(program.pid)
        assert found.outcome == "repaired"
        assert getattr(found, LEFT[state]) > 0
        assert not journals(program.pid)
        assert repair(program.pid) == (Repair(program.pid, "clean"),)
        check_whole(program)


def test_no_watchpoint_is_armed_at_a_stop() -> None:
    with survivor() as program:
        with debugging(program, "stopped at a watchpoint") as debugger:
            debugger.kill_guard_and_warden()
        # Every thread writes the cell, and nobody has repaired anything.
        assert program.end().is_right


def test_code_of_no_file_needs_the_journal_and_other_code_does_not() -> None:
    with survivor() as program:
        with debugging(program, "running, cold traps") as debugger:
            debugger.kill_guard_and_warden()
        (journal,) = journals(program.pid)
        journal.rename(journal.with_suffix(".away"))
        (found,) = repair(program.pid)
        assert found.outcome == "repaired"
        assert is_text_intact(program.pid)
        journal.with_suffix(".away").rename(journal)
        (found,) = repair(program.pid)
        assert found.traps == 1
        check_whole(program)


def test_a_deleted_program_is_compared_with_its_file_all_the_same(tmp_path: Path) -> None:
    copy = shutil.copy(build("survivor").path, tmp_path / "gone")
    with survivor(path=Path(copy)) as program:
        os.unlink(copy)
        with debugging(program, "running, cold traps") as debugger:
            debugger.kill_guard_and_warden()
        (journal,) = journals(program.pid)
        journal.rename(journal.with_suffix(".away"))
        assert not is_text_intact(program.pid)
        (found,) = repair(program.pid)
        assert (found.outcome, found.unknown) == ("repaired", ())
        assert found.traps >= 1
        journal.with_suffix(".away").rename(journal)
        repair(program.pid)
        check_whole(program)


@pytest.mark.parametrize("state", ["running, cold traps", "stopped at a breakpoint"])
def test_whole_process_groups_that_are_killed_take_no_program_with_them(state: State) -> None:
    """The guard is in none of its front end, nor is the warden in one of theirs."""
    with survivor() as program, debugging(program, state) as debugger:
        debugger.kill_groups()
        check_whole(program)


IN_A_CONTAINER = """
import sys
from crabtrap import repair
from tests.support.guard_death import debugging
from tests.support.survivor import survivor
with survivor() as program:
    with debugging(program, sys.argv[1]) as debugger:
        getattr(debugger, sys.argv[2])()
    print(program.pid, flush=True)
    if sys.stdin.readline() == "repair\\n":
        (found,) = repair()
        print(found.outcome)
    ending = program.end()
    print(ending.is_right, ending.signals, flush=True)
"""


@dataclass(frozen=True, slots=True)
class Contained:
    """A ``survivor`` in a PID namespace, whose guard there was killed.

    Attributes:
        pid: Its number out here.
        container: The process that started it, told what to do with it and says how it ends.
    """

    pid: int
    container: subprocess.Popen[str]

    def end(self, command: str = "") -> str:
        output, _ = self.container.communicate(command + "\n", timeout=20)
        return output


@contextmanager
def contained(state: State, kill: str) -> Generator[Contained]:
    container = subprocess.Popen(
        ["unshare", *OWN_PIDS, sys.executable, "-c", IN_A_CONTAINER, state, kill],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert container.stdout is not None
    try:
        number = container.stdout.readline().rstrip("\n")
        (first,) = children_of(container.pid)
        (pid,) = (pid for pid in children_of(first) if numbers_of(pid)[-1] == number)
        yield Contained(pid, container)
    finally:
        container.kill()
        container.communicate()


def numbers_of(pid: int) -> list[str]:
    """The numbers of a process in its PID namespaces, its own last."""
    status = Path(f"/proc/{pid}/status").read_text()
    return status.partition("NSpid:")[2].partition("\n")[0].split()


@pytest.mark.needs("PID namespaces")
def test_journals_of_another_pid_namespace_are_found_in_it() -> None:
    with contained("running, cold traps", "kill_guard_and_warden") as program:
        # Its numbers mean other processes here, or none.
        assert repair() == ()
        assert program.end("repair") == "repaired\nTrue 0\n"


@pytest.mark.needs("PID namespaces")
@pytest.mark.parametrize(
    ("state", "found", "signals"),
    [
        ("running, cold traps", {"traps": 3}, 0),
        ("running, watchpoint", {"watched": 5}, 0),
        ("in a call", {"calls": 1}, 0),
        ("blocked in a slot", {"moved": 1, "slots": 1}, 0),
        ("stopped at a signal", {"signals": 1}, 1),
    ],
)
def test_a_program_in_a_pid_namespace_is_repaired_from_outside(
    state: State, found: dict[str, int], signals: int
) -> None:
    with contained(state, "kill_guard_and_warden") as program:
        (repaired,) = repair(program.pid)
        assert (repaired.pid, repaired.outcome) == (program.pid, "repaired")
        assert {name: getattr(repaired, name) for name in found} == found
        assert is_text_intact(program.pid)
        assert not debug_registers_in_use(program.pid)
        assert repair(program.pid) == (Repair(program.pid, "clean"),)
        assert program.end() == f"True {signals}\n"


@pytest.mark.needs("PID namespaces")
def test_attaching_from_outside_finds_the_program_whole() -> None:
    with contained("in a call", "kill_guard_and_warden") as program:
        with Session(None) as session:
            session.attach(program.pid)
            assert is_text_intact(program.pid)
            session.detach()
        assert program.end() == "True 0\n"


@pytest.mark.needs("PID namespaces")
def test_what_a_warden_in_a_pid_namespace_has_done_is_told_outside() -> None:
    with contained("stopped at a watchpoint", "kill_guard") as program:
        (repaired,) = repair(program.pid)
        assert repaired == Repair(program.pid, "repaired", by_warden=True, watched=5)
        assert repair(program.pid) == (Repair(program.pid, "clean"),)
        assert program.end() == "True 0\n"


def test_a_signal_that_was_taken_is_given_back() -> None:
    with survivor() as program, debugging(program, "stopped at a signal") as debugger:
        debugger.kill_guard()
        assert program.end().signals == 1
        debugger.finish()


def test_the_user_is_told() -> None:
    with survivor() as program, debugging(program, "running, cold traps") as debugger:
        debugger.kill_guard()
        said = debugger.finish()
        # Two breakpoints, and the loader's: they wait for libraries.
        assert f"process {program.pid} was repaired: 3 traps lifted" in said
        assert "the guard was killed by signal 9" in said
        check_whole(program)


def test_a_guard_killed_at_a_stop_is_noticed_by_the_next_verb() -> None:
    with survivor() as program, Session(None) as session:
        notices: list[str] = []
        session.attach(program.pid)
        session.subscribe(lambda event: isinstance(event, Notice) and notices.append(event.text))
        session.breakpoints.add("survivor::hot")
        session.continue_()
        os.kill(tracer_of(program.pid), signal.SIGKILL)
        with pytest.raises(ConnectionLost):
            session.continue_()
        assert session.state == Detached(program.pid, lost=True)
        assert len(notices) == 1
        check_whole(program)


def test_what_the_warden_has_done_is_told_once() -> None:
    with survivor() as program, debugging(program, "stopped at a watchpoint") as debugger:
        debugger.kill_guard()
        (found,) = repair(program.pid)
        assert found == Repair(program.pid, "repaired", by_warden=True, watched=5)
        assert not journals(program.pid)
        assert repair(program.pid) == (Repair(program.pid, "clean"),)
        check_whole(program)
        debugger.finish()


def test_another_session_repairs_before_it_begins() -> None:
    with survivor() as program, survivor() as other:
        with debugging(program, "running, watchpoint") as debugger:
            debugger.kill_guard_and_warden()
        notices: list[str] = []
        with Session(None) as session:
            session.subscribe(
                lambda event: isinstance(event, Notice) and notices.append(event.text)
            )
            session.attach(other.pid)
            session.detach()
        assert [text for text in notices if f"process {program.pid} was repaired" in text]
        check_whole(program)
        check_whole(other)


def test_attaching_again_finds_the_program_whole() -> None:
    with survivor() as program:
        with debugging(program, "in a call") as debugger:
            debugger.kill_guard_and_warden()
        with debugging(program, "stopped at a breakpoint") as debugger:
            assert is_text_intact(program.pid)
        check_whole_soon(program)


def check_whole_soon(program: Survivor) -> None:
    """As ``check_whole``, once a guard that has lost its front end has let go."""
    while guard := tracer_of(program.pid):
        os.waitid(os.P_PIDFD, os.pidfd_open(guard), os.WEXITED | os.WNOWAIT)
    check_whole(program)


def test_a_thread_that_blocks_in_a_relocated_instruction_is_moved_back() -> None:
    with survivor() as program:
        with debugging(program, "blocked in a slot") as debugger:
            debugger.kill_guard_and_warden()
        (found,) = repair(program.pid)
        assert (found.moved, found.slots) == (1, 1)
        check_whole(program)


def test_a_program_that_is_being_debugged_is_refused() -> None:
    with survivor() as program, Session(None) as session:
        session.attach(program.pid)
        (found,) = repair(program.pid)
        assert found.outcome == "refused"
        assert f"is being debugged by crabtrap-guard (pid {tracer_of(program.pid)})" in found.reason
        assert session.is_stopped


def test_there_is_a_journal_only_as_long_as_something_is_in_the_program() -> None:
    with survivor() as program, Session(None) as session:
        session.attach(program.pid)
        session.breakpoints.add("survivor::hot")
        assert not journals(program.pid)
        session.continue_()
        (journal,) = journals(program.pid)
        assert journal.stat().st_mode & 0o777 == 0o600
        assert journal.parent.stat().st_mode & 0o777 == 0o700
        session.detach()
        assert not journals(program.pid)
        check_whole(program)


def test_a_launched_program_has_no_journal() -> None:
    with survivor() as program, Session(f"/proc/{program.pid}/exe") as session:
        session.breakpoints.add("survivor::hot")
        session.launch()
        session.continue_()
        assert not journals(session.process.pid)


def test_journals_of_other_boots_and_of_the_dead_are_swept() -> None:
    with survivor() as program:
        with debugging(program, "running, cold traps") as debugger:
            debugger.kill_guard_and_warden()
        (journal,) = journals(program.pid)
    folder: Path = journal.parent
    (folder / "01234567-89ab-cdef-0123-456789abcdef-1-1-1").touch(0o600)
    assert repair() == ()
    assert list(folder.iterdir()) == []
