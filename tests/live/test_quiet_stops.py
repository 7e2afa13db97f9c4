"""At a stop, the kernel has every thread where the user is told it is, and no byte of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from crabtrap import Session
from tests.support.guard_death import SCRIPTS, State, debugging
from tests.support.survivor import survivor
from tests.support.traces import debug_registers_in_use, is_text_intact, tracer_of


def kernel_pcs(pid: int) -> dict[int, int]:
    """Where each thread would go on if its tracer died now."""
    calls = {
        task.name: (task / "syscall").read_text() for task in Path(f"/proc/{pid}/task").iterdir()
    }
    return {int(tid): int(call.split()[-1], 16) for tid, call in calls.items()}


def check_quiet(session: Session) -> None:
    """Nothing but the tracer itself tells the program from one that was never debugged."""
    told = {thread.tid: thread.pc for thread in session.process.threads}
    assert kernel_pcs(session.process.pid) == told
    assert is_text_intact(session.process.pid)


@pytest.mark.parametrize("verb", ["continue_", "next", "step", "finish"])
def test_every_stop_of_an_attached_program_is_quiet(verb: str) -> None:
    with survivor(hertz=500) as program, Session(None) as session:
        session.attach(program.pid)
        check_quiet(session)
        session.breakpoints.add("survivor::hot")
        session.breakpoints.add("survivor::hot", condition="*count % 3 == 0")
        session.continue_()
        for _ in range(10):
            check_quiet(session)
            getattr(session, verb)()
        check_quiet(session)
        session.detach()
        assert tracer_of(program.pid) == 0
        assert program.end().is_right


@pytest.mark.parametrize("state", [state for state in SCRIPTS if state.startswith("stopped")])
def test_a_program_whose_guard_is_killed_at_a_stop_needs_no_repair(state: State) -> None:
    with survivor() as program:
        with debugging(program, state) as debugger:
            debugger.kill_guard_and_warden()
        assert is_text_intact(program.pid)
        assert not debug_registers_in_use(program.pid)
        assert program.end().is_right
